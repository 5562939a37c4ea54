import { stringify } from "yaml";
import { isSecretName, mask, maskText, maskWebhook, maskWords } from "./mask.ts";

/** A whole configuration in the names and notations of pm.yaml, every default filled in. */
export interface EffectiveConfig {
  /** Objects, lists and scalars; not masked. */
  readonly tree: unknown;
  /** Values that must not be shown. */
  readonly secrets: ReadonlySet<string>;
}

/** Text of a pm.yaml that means the same as the one it came from; when anything was masked, its first line says so. */
export function renderEffective({ tree, secrets }: EffectiveConfig): string {
  const shown = maskTree(tree, [], secrets);
  const text = stringify(shown, { lineWidth: 0 });
  const isMasked = text !== stringify(tree, { lineWidth: 0 });
  return isMasked ? `# Secrets are shown as ${mask}: this is for reading, not for running.\n${text}` : text;
}

/** Every other header may hold a secret. */
const plainHeaders = /^(accept(-\w+)?|content-type|user-agent|host)$/iu;

function maskTree(value: unknown, path: readonly string[], secrets: ReadonlySet<string>): unknown {
  const name = path.at(-1) ?? "";
  const inEnvironment = (path.at(-2) === "env" && path.length === 4) || (path.at(-2) === "params" && path.length === 5);
  const inHooks = path[0] === "hooks" || path[2] === "hooks";
  const mayHoldHeaders = inHooks || path[2] === "autoscaler";
  const isHeader = mayHoldHeaders && path.at(-2) === "headers" && !plainHeaders.test(name);
  if (typeof value === "string") {
    if (isHeader || (path[0] === "task_server" && name === "token")) return mask;
    if (inHooks && name === "webhook") return maskWebhook(value);
    if (inEnvironment && isSecretName(name)) return value === "" ? value : mask;
    return maskText(value, secrets);
  }
  if (Array.isArray(value)) {
    const isWords = value.every((each) => typeof each === "string");
    return isWords ? maskWords(value, secrets) : value.map((each) => maskTree(each, path, secrets));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, maskTree(each, [...path, key], secrets)]));
}
