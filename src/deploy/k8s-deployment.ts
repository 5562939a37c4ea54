import { createHash } from "node:crypto";
import type { ConsumerSpec, FarmSpec } from "../core/farm/spec.ts";
import { type FarmNeeds, most } from "./farm-needs.ts";
import type { PodFile } from "./k8s-pod-file.ts";
import { type Manifest, metadataOf, type Names } from "./k8s-scaling.ts";

/** Kubernetes cannot wait for ever. */
const longestGraceSeconds = 3_600;
/** Of the grace, for the preStop hook, which comes before the stop signal. */
const preStopSeconds = 2;
/** What a worker takes whose consumer has no max_memory, and pm itself. */
const [workerBytes, ownBytes] = [256 * 2 ** 20, 128 * 2 ** 20];
const nobody = 65_534;
const filePath = "/etc/pm/pm.yaml";

/** The file of the farm, for the pods to read. */
export function configMap(names: Names, file: PodFile): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metadataOf(names), data: { "pm.yaml": file.text } };
}

/** What runs the pods. `replicas` null leaves their number to an autoscaler. */
export function deployment(
  names: Names,
  image: string,
  replicas: number | null,
  { spec, needs, file }: { readonly spec: FarmSpec; readonly needs: FarmNeeds; readonly file: PodFile },
): Manifest {
  const labels = { "app.kubernetes.io/name": names.name };
  const asRoot = needs.changingUser.length > 0;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadataOf(names),
    spec: {
      ...(replicas === null ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: {
          labels,
          // A changed file makes new pods.
          annotations: { "pm/file": createHash("sha256").update(file.text).digest("hex").slice(0, 16) },
        },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: (needs.graceSeconds ?? longestGraceSeconds) + preStopSeconds,
          securityContext: {
            ...(asRoot ? {} : { runAsNonRoot: true, runAsUser: nobody, runAsGroup: nobody }),
            seccompProfile: { type: "RuntimeDefault" },
          },
          containers: [container(image, asRoot, spec, needs, file.port)],
          volumes: [
            { name: "file", configMap: { name: names.name } },
            { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
          ],
        },
      },
    },
  };
}

function container(image: string, asRoot: boolean, spec: FarmSpec, needs: FarmNeeds, port: number): Manifest {
  const drop = asRoot ? {} : { capabilities: { drop: ["ALL"] } };
  return {
    name: "pm",
    image,
    command: ["/pm", "serve", filePath],
    env: [{ name: "PM_STOP_GRACE", value: `${needs.graceSeconds ?? longestGraceSeconds}s` }],
    ports: [{ name: "http", containerPort: port }],
    livenessProbe: { ...probe("/livez"), failureThreshold: 6 },
    readinessProbe: probe("/readyz"),
    ...(spec.control === null ? {} : { lifecycle: { preStop: { exec: { command: preStop } } } }),
    resources: resourcesOf(spec, needs),
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, ...drop },
    volumeMounts: [
      // By its subPath it is a plain file. Else it is a link that changes under pm with the ConfigMap, and its socket is named by where that leads.
      { name: "file", mountPath: filePath, subPath: "pm.yaml", readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

const probe = (path: string): Manifest => ({ httpGet: { path, port: "http" }, periodSeconds: 5, timeoutSeconds: 3 });

/** Begins the stop and keeps who wanted it for pm's log; the stop signal, which follows, then says nothing new. */
const preStop = ["/pm", "shutdown", "--no-wait", "--reason", "Kubernetes ends the pod", "--file", filePath];

/** Enough memory for all workers at their limit; a tenth of a processor for each of those there always are, and no limit on that. */
function resourcesOf({ consumers, totalCap }: FarmSpec, { leastWorkers }: FarmNeeds): Manifest {
  const bytes = consumers.flatMap((consumer) => Array.from({ length: most(consumer) }, () => bytesOf(consumer)));
  const largest = bytes.toSorted((a, b) => b - a).slice(0, totalCap ?? bytes.length);
  const memory = `${Math.ceil(largest.reduce((sum, each) => sum + each, ownBytes) / 2 ** 20)}Mi`;
  return { requests: { cpu: `${100 * (leastWorkers + 1)}m`, memory }, limits: { memory } };
}

function bytesOf({ recycle }: ConsumerSpec): number {
  return recycle.maxMemoryBytes ?? workerBytes;
}
