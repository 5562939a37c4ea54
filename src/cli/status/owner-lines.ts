import type { ClusterStatus } from "../../protocol/control-api.ts";

/** Which node runs each consumer, or how many workers of it, in aligned columns. */
export function ownerLines({ self, nodes, by, share, owners }: ClusterStatus): readonly string[] {
  const width = Math.max("CONSUMER".length, ...owners.map(({ consumer }) => Bun.stringWidth(consumer)));
  const name = (text: string): string => text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  const here = (node: string): string => (node === self ? `${node} (this one)` : node);
  return [
    `node ${self} of ${nodes.join(", ")}: ${share} shared out by ${by}`,
    "",
    `${name("CONSUMER")}  ${share === "workers" ? "WORKERS" : "NODE"}`,
    ...owners.map(({ consumer, node, workers }) => {
      const shares = Object.entries(workers ?? {}).map(([each, count]) => `${here(each)} ${count}`);
      const owner = node === null ? "nobody" : here(node);
      return `${name(consumer)}  ${workers === null ? owner : shares.join(", ")}`;
    }),
  ];
}
