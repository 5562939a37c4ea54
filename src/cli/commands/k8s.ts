import { basename, dirname } from "node:path";
import { kubernetesDocuments, type KubernetesWish, toYaml } from "../../deploy/k8s.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { type DeployArgs, printFor } from "./deploy-file.ts";

export interface KubernetesArgs extends DeployArgs {
  /** `NAME:latest` when absent. */
  readonly image: string | null;
  /** By the folder of the file when absent. */
  readonly name: string | null;
  readonly namespace: string | null;
  /** hpa when absent. */
  readonly scale: string | null;
}

/** What Kubernetes takes as a name; a Deployment's is part of those of its pods, which leaves this much. */
const mostLetters = 40;
const validName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/u;

/** `pm k8s`: the documents of Kubernetes on stdout, what to know about them on stderr. */
export function runKubernetes(args: KubernetesArgs): Promise<Outcome> {
  return Promise.resolve(print(args));
}

function print({ image, name: named, namespace, scale, ...args }: KubernetesArgs): Outcome {
  const how = scale ?? "hpa";
  if (how !== "hpa" && how !== "keda") return wrong(`--scale is hpa or keda, not ${how}`);
  const bad = [named, namespace].find((each) => each !== null && !isName(each));
  if (typeof bad === "string")
    return wrong(`"${bad}" is no name for Kubernetes: write up to ${mostLetters} of a-z, 0-9 and -, a letter first`);
  return printFor(args, (spec, text) => {
    const name = named ?? nameOf(basename(dirname(spec.file)));
    const wish: KubernetesWish = { name, namespace, image: image ?? `${name}:latest`, scale: how };
    const { documents, notes } = kubernetesDocuments(spec, text, wish);
    return { stdout: toYaml({ documents }), notes };
  });
}

const isName = (text: string): boolean => validName.test(text) && text.length <= mostLetters;

function wrong(problem: string): Outcome {
  return outcome(exitCodes.usage, [], [`pm k8s: ${problem}`]);
}

/** A name like that of the folder; `pm` where nothing of it will do. */
function nameOf(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replace(/^[^a-z]+/u, "")
    .slice(0, mostLetters)
    .replace(/-+$/u, "");
  return isName(name) ? name : "pm";
}
