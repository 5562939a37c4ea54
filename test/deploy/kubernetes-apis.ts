/** The models of each kind, which carry the schema of its API. */
const models: Readonly<Record<string, string>> = {
  ConfigMap: "kubernetes-models/v1/ConfigMap",
  Deployment: "kubernetes-models/apps/v1/Deployment",
  HorizontalPodAutoscaler: "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler",
  PodMonitor: "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor",
  ScaledObject: "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
};

/** Why documents cannot be held against the APIs; null when they can. */
export async function missingApis(): Promise<string | null> {
  try {
    for (const kind of Object.keys(models)) await modelOf(kind);
    return null;
  } catch (error) {
    return String(error);
  }
}

/** What the API of its kind has against a document, or null. */
export async function apiProblems(document: Readonly<Record<string, unknown>>): Promise<string | null> {
  const Model = await modelOf(String(document["kind"]));
  const model: unknown = Reflect.construct(Model, [document]);
  if (typeof model !== "object" || model === null || !("validate" in model) || typeof model.validate !== "function")
    return "the model knows no validate()";
  try {
    model.validate();
    return null;
  } catch (error) {
    return String(error);
  }
}

async function modelOf(kind: string): Promise<Function> {
  const module: unknown = await import(models[kind] ?? "");
  const model: unknown = typeof module === "object" && module !== null ? Reflect.get(module, kind) : null;
  if (typeof model !== "function") throw new Error(`there is no model of ${kind}`);
  return model;
}
