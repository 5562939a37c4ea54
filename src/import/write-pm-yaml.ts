import { Document, isCollection, isPair, isScalar, YAMLMap, type Pair } from "yaml";
import { consumerKeys } from "../config/consumer-keys.ts";
import { formatLoss, type Imported, type ImportedConsumer, type YamlValue } from "./imported.ts";
import { yamlText } from "./marks.ts";

/** Blocks read better than one line for these. */
const inBlocks = new Set([
  "env",
  "autoscaler",
  "consume_args",
  "metrics",
  "messages",
  "http_server",
  "strategy",
  "damping",
]);

/** The pm.yaml of what came out of `file`: what was lost stands as a comment at the consumer that lost it. */
export function writePmYaml(imported: Imported, file: string): string {
  const document = new Document();
  const root = new YAMLMap();
  document.contents = root;
  const add = (map: YAMLMap, key: string, value: YamlValue): Pair => {
    const pair = document.createPair(key, withTexts(value));
    if (!inBlocks.has(key) && isCollection(pair.value)) pair.value.flow = true;
    map.items.push(pair);
    return pair;
  };
  for (const [key, value] of imported.farm) add(root, key, value);
  const consumers = new YAMLMap();
  for (const consumer of imported.consumers) {
    const keys = new YAMLMap();
    for (const [key, value] of inOrder(consumer)) {
      const { value: node } = add(keys, key, value);
      const remark = consumer.remarks.get(key);
      if (remark !== undefined && (isScalar(node) || isCollection(node))) node.comment = ` ${remark}`;
    }
    const pair = document.createPair(consumer.name, keys);
    comment(pair, [consumer.title, ...consumer.losses.map((loss) => remarkOf(loss, file))], consumers.items.length > 0);
    consumers.items.push(pair);
  }
  const pair = document.createPair("consumers", consumers);
  if (imported.farm.size > 0) comment(pair, [], true);
  root.items.push(pair);
  document.commentBefore = commentText([
    `Made by \`pm import\` from ${file}. Look through it, then run \`pm check\`; paths are relative to this file.`,
    ...(imported.losses.length === 0 ? [] : ["Without an equal here, and true of the whole:"]),
    ...imported.losses.map((loss) => `- ${remarkOf(loss, file)}`),
  ]);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const remarkOf = (loss: Imported["losses"][number], file: string): string =>
  formatLoss(loss.file === file ? { ...loss, file: "line" } : loss).replace(/^line:/u, "line ");

/** Above the key of a pair, after an empty line or not. */
function comment(pair: Pair, lines: readonly string[], spaceBefore: boolean): void {
  if (!isPair(pair) || !isScalar(pair.key)) return;
  if (lines.length > 0) pair.key.commentBefore = commentText(lines);
  pair.key.spaceBefore = spaceBefore;
}

const commentText = (lines: readonly string[]): string =>
  lines.map((line) => ` ${line.replaceAll(/\p{Cc}+/gu, " ")}`).join("\n");

/** The keys in the order in which the README tells them. */
function inOrder({ keys }: ImportedConsumer): [string, YamlValue][] {
  const order = Object.keys(consumerKeys);
  return [...keys].toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}

function withTexts(value: YamlValue): unknown {
  if (typeof value === "string") return yamlText(value);
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((each: YamlValue) => withTexts(each));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTexts(each)]));
}
