import type { LogSpec } from "../farm/spec.ts";
import { keyName, type KeyName } from "./json-key.ts";
import { MAX_ESCAPED_BYTES } from "./json-text.ts";

export type StreamName = "stdout" | "stderr";

/** Whose lines they are. */
export interface TagSource {
  readonly workerId: number;
  readonly consumer: string;
  readonly slot: number;
  readonly pid: number;
  readonly stream: StreamName;
  readonly format: LogSpec["format"];
  readonly fields: LogSpec["fields"];
}

/** A member that is added to `extra`. */
export interface TagMember {
  readonly key: KeyName;
  /** The value as JSON. */
  readonly value: Uint8Array;
  /** `"key":value` */
  readonly whole: Uint8Array;
}

/** What is written into the lines of one stream of one process, made ready once. */
export interface Tag {
  readonly format: LogSpec["format"];
  /** `[worker 7 async] ` */
  readonly prefix: Uint8Array;
  readonly members: readonly TagMember[];
  readonly memberOf: ReadonlyMap<string, TagMember>;
  /** `{"worker_id":7,"consumer":"async"}`, the value of an `extra` of our own. */
  readonly extra: Uint8Array;
  /** `,"extra":{…}`, behind the last member of an object without `extra`. */
  readonly extraMember: Uint8Array;
  /** `,"worker_id":7,"consumer":"async"`, behind the last member of an `extra`. */
  readonly moreMembers: Uint8Array;
  /** `","stream":"stdout"`, behind the time of a wrapped line. */
  readonly stream: Uint8Array;
  /** Together the most that a line can grow: to bytes · factor + fixed. */
  readonly growthFactor: number;
  readonly growthBytes: number;
}

const encoder = new TextEncoder();
/** Room for `{"message":"","datetime":"…","stream":"stdout","truncated_bytes":…}` or ` [truncated … bytes]`, and the newline. */
const FRAME_BYTES = 256;
/** An element of a list takes two bytes at least and gains `"index":` of at most 14, for an index below 10^11. */
const LIST_FACTOR = 8;

/** The tag of a process' stream. A field called like one of pm's own members takes its place. */
export function makeTag(source: TagSource): Tag {
  const values = new Map([
    ["worker_id", String(source.workerId)],
    ["consumer", JSON.stringify(source.consumer)],
  ]);
  for (const [name, template] of Object.entries(source.fields)) values.set(name, fieldValue(template, source));
  const members = Array.from(values, ([name, value]) => ({
    key: keyName(name),
    value: encoder.encode(value),
    whole: encoder.encode(`${JSON.stringify(name)}:${value}`),
  }));
  const listed = Array.from(values, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(",");
  const extraMember = encoder.encode(`,"extra":{${listed}}`);
  const prefix = encoder.encode(`[worker ${source.workerId} ${source.consumer}] `);
  return {
    format: source.format,
    prefix,
    members,
    memberOf: new Map(members.map((member) => [member.key.text, member])),
    extra: encoder.encode(`{${listed}}`),
    extraMember,
    moreMembers: encoder.encode(`,${listed}`),
    stream: encoder.encode(`","stream":${JSON.stringify(source.stream)}`),
    growthFactor: source.format === "raw" ? 1 : growthFactor(members),
    growthBytes: FRAME_BYTES + prefix.length + extraMember.length,
  };
}

/** A template that is nothing but a number stays one. */
function fieldValue(template: string, source: TagSource): string {
  if (template === "{worker_id}") return String(source.workerId);
  if (template === "{slot}") return String(source.slot);
  if (template === "{pid}") return String(source.pid);
  const filled = template.replaceAll(/\{(worker_id|consumer|slot|pid|stream)\}/g, (_, name) => {
    if (name === "worker_id") return String(source.workerId);
    if (name === "consumer") return source.consumer;
    if (name === "slot") return String(source.slot);
    return name === "pid" ? String(source.pid) : source.stream;
  });
  return JSON.stringify(filled);
}

/** The worst of escapes, a list made into an object, and `"key":0` replaced by `"key":value` again and again. */
function growthFactor(members: readonly TagMember[]): number {
  const replaced = members.map(({ key, value }) => 1 + Math.ceil(value.length / (key.utf8.length + 4)));
  return Math.max(MAX_ESCAPED_BYTES, LIST_FACTOR, ...replaced);
}
