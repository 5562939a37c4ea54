import type { ConsumerChange, ReloadPlan } from "./reload-plan.ts";
import { sameValue } from "./same-value.ts";
import type { ConsumerSpec, FarmSpec, SizeSpec } from "./spec.ts";
import type { TasksSpec } from "./tasks-spec.ts";

/** Members of a consumer that its running processes were started with: another value means another process. */
const needsRestart = ["command", "preset", "cwd", "env", "uid", "gid", "process", "cgroup", "logs"] as const;
/** Members that hold for running processes at once. */
const inPlace = [
  "transports",
  "stopSignal",
  "stopTimeoutMs",
  "restart",
  "recycle",
  "liveness",
  "ready",
  "hooks",
  "origin",
] as const;
/** The same of `tasks`: what a worker was told when it was started, and who the workers are. */
const tasksNeedRestart: ReadonlySet<string> = new Set(["protocol", "concurrency"]);

/** Members by the names of the file, where these are not just spelt another way. */
const fileNames: Readonly<Record<string, string>> = {
  uid: "user",
  gid: "group",
  userGroups: "groups",
  origin: "source",
  maxBytes: "max_size",
  policy: "restart",
  successCodes: "exit_codes.success",
  neverRestartCodes: "exit_codes.never_restart",
};

/** Farm-wide members that change at once, and those that only another start of pm can change; by the names of the file. */
const farmInPlace = {
  shutdownTimeoutMs: "shutdown_timeout",
  totalCap: "total_cap",
  autoscalerIntervalMs: "autoscaler_interval_sec",
  hostBrake: "host_brake",
  hooks: "hooks",
  source: "source",
  cluster: "cluster",
  reloadOnChange: "reload_on_change",
} as const;
const farmAtStart = {
  http: "http_server",
  messageMetrics: "metrics",
  onSlowSink: "logs.on_slow_sink",
  control: "control",
  taskServer: "task_server",
} as const;

/** What it takes to get from one farm to the other. Compares by content; the order of consumers means nothing. */
export function planReload(before: FarmSpec, after: FarmSpec): ReloadPlan {
  const had = new Map(before.consumers.map((consumer) => [consumer.name, consumer]));
  const has = new Set(after.consumers.map(({ name }) => name));
  const changes = after.consumers.flatMap((consumer) => change(had.get(consumer.name) ?? null, consumer) ?? []);
  const removed = before.consumers.filter(({ name }) => !has.has(name)).map(removal);
  return {
    consumers: [...changes, ...removed],
    farmKeys: differing(before, after, farmInPlace),
    needsNewStart: differing(before, after, farmAtStart),
  };
}

/** True when there is nothing to do. */
export function isEmpty({ consumers, farmKeys, needsNewStart }: ReloadPlan): boolean {
  return consumers.length + farmKeys.length + needsNewStart.length === 0;
}

function removal({ name, size }: ConsumerSpec): ConsumerChange {
  return { consumer: name, kind: "removed", keys: [], sizeBefore: describeSize(size), sizeAfter: null };
}

function change(before: ConsumerSpec | null, after: ConsumerSpec): ConsumerChange | null {
  const { name: consumer } = after;
  const sizeAfter = describeSize(after.size);
  if (before === null) return { consumer, kind: "added", keys: [], sizeBefore: null, sizeAfter };
  const grown = mtimeGrew(before.mtime, after.mtime) ? ["mtime"] : [];
  const tasks = changedTasks(before.tasks, after.tasks);
  const processKeys = [
    ...needsRestart.flatMap((key) => differences(key, before[key], after[key])),
    ...tasks.restart,
    ...grown,
  ];
  const otherKeys = [...inPlace.flatMap((key) => differences(key, before[key], after[key])), ...tasks.inPlace];
  const sizes = { sizeBefore: describeSize(before.size), sizeAfter };
  const resized = !sameValue(before.size, after.size);
  const keys = [...processKeys, ...otherKeys, ...(resized ? [sizeKey(before.size, after.size)] : [])];
  if (processKeys.length > 0) return { consumer, kind: "restart", keys, ...sizes };
  if (otherKeys.length > 0) return { consumer, kind: "adjusted", keys, ...sizes };
  return resized ? { consumer, kind: "resized", keys, ...sizes } : null;
}

/** The names of what differs: those of the members, where there are names to tell. */
function differences(key: string, before: unknown, after: unknown): string[] {
  if (sameValue(before, after)) return [];
  if (key === "env") return changedMembers(before, after).map((name) => `env.${name}`);
  if (key === "restart" || key === "recycle" || key === "process")
    return changedMembers(before, after).map(inFileStyle);
  if (key === "liveness" || key === "logs")
    return changedMembers(before, after).map((member) => `${key}.${inFileStyle(member)}`);
  return [inFileStyle(key)];
}

/** Tasks that come or go concern the processes, too. */
function changedTasks(before: TasksSpec | null, after: TasksSpec | null): Record<"restart" | "inPlace", string[]> {
  if (before === null || after === null) return { restart: before === after ? [] : ["tasks"], inPlace: [] };
  const { fastcgi: had, ...own } = before;
  const { fastcgi: has, ...newOwn } = after;
  const changed = changedMembers(own, newOwn);
  const ofFastcgi = had === null || has === null ? [] : changedMembers(had, has);
  const others = [...changed.filter((member) => !tasksNeedRestart.has(member)), ...ofFastcgi];
  return {
    restart: changed.filter((member) => tasksNeedRestart.has(member)).map(taskKey),
    inPlace: others.map(taskKey),
  };
}

const taskKey = (member: string): string => `tasks.${inFileStyle(member)}`;

function changedMembers(before: unknown, after: unknown): string[] {
  const [had, has] = [membersOf(before), membersOf(after)];
  const names = new Set([...had.keys(), ...has.keys()]);
  return [...names].filter((name) => !sameValue(had.get(name), has.get(name)));
}

function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
}

/** `backoffBaseMs` is `backoff_base` in the file. */
function inFileStyle(member: string): string {
  const snake = member.replace(/(?:Ms|Bytes)$/u, "").replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
  return fileNames[member] ?? snake;
}

function sizeKey(before: SizeSpec, after: SizeSpec): string {
  return before.kind === "static" && after.kind === "static" ? "processes" : "autoscaler";
}

function describeSize(size: SizeSpec): string {
  return size.kind === "static" ? String(size.processes) : `${size.min}..${size.max}`;
}

function differing(
  before: FarmSpec,
  after: FarmSpec,
  keys: Readonly<Partial<Record<keyof FarmSpec, string>>>,
): string[] {
  return Object.entries(keys).flatMap(([key, name]) => {
    const had = Object.entries(before).find(([each]) => each === key)?.[1];
    const has = Object.entries(after).find(([each]) => each === key)?.[1];
    return sameValue(had, has) ? [] : [name];
  });
}

/** A first `mtime` is no growth, and neither is a lost one. */
function mtimeGrew(before: number | null, after: number | null): boolean {
  return before !== null && after !== null && after > before;
}
