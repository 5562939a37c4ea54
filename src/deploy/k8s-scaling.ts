import type { FarmSpec } from "../core/farm/spec.ts";
import { hasSource } from "../core/scaling/sources.ts";
import { most } from "./farm-needs.ts";

/** One document of Kubernetes. */
export type Manifest = Readonly<Record<string, unknown>>;

/** How pods follow what pm wants beyond one of them. */
export interface PodScaling {
  /** PromQL of the series with these matchers: workers wanted by all pods together, with those that there is no room for. */
  readonly query: (matchers: string) => string;
  /** So many of these fit into a pod. */
  readonly workersPerPod: number;
}

/** What the documents are called, and where they are. */
export interface Names {
  readonly name: string;
  /** Null: whichever kubectl is told. */
  readonly namespace: string | null;
}

const mostPods = 10;

/**
 * A pod more is wanted when the autoscaler wants more workers than `total_cap` grants, which is what `autoscaler_unmet_demand` tells.
 * A text says why pods cannot follow that.
 *
 * Workers wanted are what pods run and what they lack, not the lack alone: that is gone as soon as there is a second pod, which would
 * end the second pod. A consumer that goes by a queue is told of the whole queue in every pod, so each asks for all of it and the
 * largest counts; one that goes by its own busy workers asks for its own part, and they add up.
 */
export function podScaling(spec: FarmSpec): PodScaling | string {
  const scaled = spec.consumers.flatMap(({ name, size }) =>
    size.kind === "static" ? [] : [{ name, shared: hasSource(size.scaling.strategy) }],
  );
  if (scaled.length === 0) return "no consumer has an autoscaler, so that pm never wants more than one pod has";
  if (spec.totalCap === null)
    return "there is no total_cap, so that pm never lacks room in its pod; set it to what one pod can run, and autoscaler.max to what all pods may";
  const fixed = spec.consumers.filter(({ size }) => size.kind === "static");
  const workersPerPod = Math.max(1, spec.totalCap - fixed.reduce((sum, consumer) => sum + most(consumer), 0));
  const [own, shared] = [false, true].map((of) => scaled.filter((each) => each.shared === of).map(({ name }) => name));
  const query = (matchers: string): string => {
    const wanted = (consumers: readonly string[]): string => {
      const labels = `{${matchers},consumer=~${JSON.stringify(consumers.map(literal).join("|"))}}`;
      return `autoscaler_target_workers${labels} + autoscaler_unmet_demand${labels}`;
    };
    const sums = [
      own === undefined || own.length === 0 ? "" : `sum(${wanted(own)})`,
      shared === undefined || shared.length === 0 ? "" : `sum(max by (consumer) (${wanted(shared)}))`,
    ];
    return sums.filter((sum) => sum !== "").join(" + ");
  };
  return { query, workersPerPod };
}

/** An autoscaler of Kubernetes itself; the Prometheus adapter answers it by `adapterRule`. */
export function horizontalPodAutoscaler(names: Names, { workersPerPod }: PodScaling): Manifest {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: metadataOf(names),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: names.name },
      minReplicas: 1,
      maxReplicas: mostPods,
      metrics: [
        {
          type: "External",
          external: {
            metric: { name: metricOf(names) },
            target: { type: "AverageValue", averageValue: String(workersPerPod) },
          },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  };
}

/** The rule that the Prometheus adapter needs for it, as lines of its configuration. */
export function adapterRule(names: Names, { query }: PodScaling): readonly string[] {
  return [
    "externalRules:",
    `  - seriesQuery: '{__name__="autoscaler_unmet_demand",namespace!=""}'`,
    "    resources: { overrides: { namespace: { resource: namespace } } }",
    `    name: { as: ${metricOf(names)} }`,
    `    metricsQuery: '${query(`<<.LabelMatchers>>,${podMatcher(names)}`).replaceAll("'", "''")}'`,
  ];
}

/** The same by KEDA, which asks Prometheus itself. */
export function scaledObject(names: Names, { query, workersPerPod }: PodScaling): Manifest {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: metadataOf(names),
    spec: {
      scaleTargetRef: { name: names.name },
      minReplicaCount: 1,
      maxReplicaCount: mostPods,
      advanced: {
        horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } },
      },
      triggers: [
        {
          type: "prometheus",
          metricType: "AverageValue",
          metadata: {
            serverAddress: "http://prometheus-operated.monitoring.svc:9090",
            query: query(`${names.namespace === null ? "" : `namespace="${names.namespace}",`}${podMatcher(names)}`),
            threshold: String(workersPerPod),
          },
        },
      ],
    },
  };
}

/** Name, place and label of a document. */
export function metadataOf({ name, namespace }: Names): Manifest {
  return { name, ...(namespace === null ? {} : { namespace }), labels: { "app.kubernetes.io/name": name } };
}

/** What the adapter calls the answer to the query. */
function metricOf({ name }: Names): string {
  return `${name.replaceAll("-", "_")}_wanted_workers`;
}

/** The pods of the Deployment, as the PodMonitor labels their series. */
function podMatcher({ name }: Names): string {
  return `pod=~"${name}-[a-z0-9]+-[a-z0-9]+"`;
}

/** A text that stands for itself in a regular expression of PromQL. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/gu, String.raw`\$&`);
}
