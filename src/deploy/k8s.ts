import { stringify } from "yaml";
import type { FarmSpec } from "../core/farm/spec.ts";
import { needsOf } from "./farm-needs.ts";
import { configMap, deployment } from "./k8s-deployment.ts";
import { podFile } from "./k8s-pod-file.ts";
import {
  adapterRule,
  horizontalPodAutoscaler,
  type Manifest,
  metadataOf,
  type Names,
  podScaling,
  scaledObject,
} from "./k8s-scaling.ts";

/** What the documents say beside the farm. */
export interface KubernetesWish extends Names {
  readonly image: string;
  /** What changes the number of pods. */
  readonly scale: "hpa" | "keda";
}

/** The documents, each behind the comments that belong to it, and what the user should know, a line each. */
export interface KubernetesDocuments {
  readonly documents: readonly { readonly comments: readonly string[]; readonly manifest: Manifest }[];
  readonly notes: readonly string[];
}

/** A farm for Kubernetes; `text` is its pm.yaml. */
export function kubernetesDocuments(spec: FarmSpec, text: string, wish: KubernetesWish): KubernetesDocuments {
  const needs = needsOf(spec);
  const file = podFile(text, spec.http);
  const scaling = podScaling(spec);
  const isScaled = typeof scaling !== "string";
  const documents = [
    {
      comments: file.changed ? ["http_server is changed so that probes and scrapes reach it."] : [],
      manifest: configMap(wish, file),
    },
    {
      comments: [
        "Memory is that of all workers at max_memory, or at 256Mi where there is none: measure, and set it.",
        "Secrets the file takes from ${VARIABLES} come by envFrom, from a Secret.",
      ],
      manifest: deployment(wish, wish.image, isScaled ? null : 1, { spec, needs, file }),
    },
    { comments: [], manifest: podMonitor(wish) },
    ...(isScaled && wish.scale === "keda" ? [{ comments: [], manifest: scaledObject(wish, scaling) }] : []),
    ...(isScaled && wish.scale === "hpa"
      ? [
          {
            comments: ["The Prometheus adapter needs this rule for it:", ...adapterRule(wish, scaling)],
            manifest: horizontalPodAutoscaler(wish, scaling),
          },
        ]
      : []),
  ];
  const notes = [
    ...(isScaled ? [] : [`the number of pods does not follow the load: ${scaling}`]),
    ...(needs.graceSeconds === null
      ? ["a worker may take for ever to stop, which Kubernetes does not know: pods get an hour"]
      : []),
    ...(needs.changingUser.length === 0
      ? []
      : [
          `the pods run as root, since ${needs.changingUser.join(", ")} has a user or group; remove these keys if it need not`,
        ]),
    ...(file.isBundle
      ? [
          "a file of the Symfony bundle runs in the project around it, which is not at /etc/pm in a pod: give each consumer a cwd",
        ]
      : []),
    ...(spec.cluster === null
      ? []
      : [
          "the nodes of cluster are no pods of a Deployment, which have no names of their own: remove cluster, or run one Deployment a node",
        ]),
  ];
  return { documents, notes };
}

/** The documents as one YAML text. */
export function toYaml({ documents }: Pick<KubernetesDocuments, "documents">): string {
  const texts = documents.map(({ comments, manifest }) => {
    const head = comments.map((line) => `# ${line}\n`).join("");
    return `${head}${stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  });
  return texts.join("---\n");
}

/** Tells the Prometheus operator to scrape the pods. */
function podMonitor(names: Names): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: metadataOf(names),
    spec: {
      selector: { matchLabels: { "app.kubernetes.io/name": names.name } },
      podMetricsEndpoints: [{ port: "http", path: "/metrics", interval: "15s" }],
    },
  };
}
