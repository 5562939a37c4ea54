import type { YamlValue } from "./imported.ts";
import type { ConsumerDraft } from "./draft.ts";
import { plainText, without, type Rule } from "./systemd-service.ts";
import { readTimeSpan } from "./systemd-values.ts";

/** A rule for a value that `read` turns into one of pm; null is lost with a line. */
const value =
  <T>(read: (text: string) => T | null, use: (found: T, consumer: ConsumerDraft) => void): Rule =>
  (entry, service) => {
    const text = plainText(entry, service);
    if (text === null) return;
    const found = read(text.trim());
    if (found === null)
      service.consumer.lose(entry, entry.key, "is no value that pm import can read; set the key by hand");
    else use(found, service.consumer);
  };

const whole = (text: string): number | null => (/^[-+]?\d+$/u.test(text) ? Number(text) : null);
const yes = (text: string): boolean | null =>
  /^(?:1|yes|y|true|t|on)$/iu.test(text) ? true : /^(?:0|no|n|false|f|off)$/iu.test(text) ? false : null;
const bytes = (text: string): YamlValue | null => (/^\d+(?:\.\d+)?[KMGT]?$/u.test(text) ? text : null);

const seconds = (text: string): YamlValue | null => {
  const ms = readTimeSpan(text);
  return ms === null || !Number.isFinite(ms) ? null : Math.ceil(ms / 1000);
};

/** A nice value with a sign, or the number of the kernel. */
const niceLimit = (text: string): number | null => {
  const number = whole(text);
  return number === null || !/^[-+]/u.test(text) ? number : 20 - number;
};

/** `infinity`, one value for both, or `soft:hard`. */
function limit(name: string, read: (text: string) => YamlValue | null): Rule {
  const side = (text: string): YamlValue | null => (text === "infinity" ? "unlimited" : read(text));
  return value(
    (text) => {
      const [soft = "", hard] = text.split(":");
      const [first, second] = [side(soft), hard === undefined ? null : side(hard)];
      if (first === null || (hard !== undefined && second === null)) return null;
      return second === null ? first : { soft: first, hard: second };
    },
    (found, consumer) => consumer.addTo("rlimits", { [name]: found }),
  );
}

/** One limit of the control group; `infinity` is none. */
const group = (name: string, read: (text: string) => YamlValue | null): Rule =>
  value(
    (text) => (text === "infinity" || text === "" ? "infinity" : read(text)),
    (found, consumer) => {
      if (found === "infinity") consumer.takeFrom("cgroup", name);
      else consumer.addTo("cgroup", { [name]: found }, "of all its workers together");
    },
  );

/** The keys of [Service] that set the process up, or limit it. */
export const processRules: Readonly<Record<string, Rule>> = {
  UMask: value(
    (text) => (/^[0-7]{1,4}$/u.test(text) ? text : null),
    (found, consumer) => consumer.set("umask", found),
  ),
  Nice: value(whole, (found, consumer) => consumer.set("nice", found)),
  OOMScoreAdjust: value(whole, (found, consumer) => consumer.set("oom_score_adj", found)),
  NoNewPrivileges: value(yes, (found, consumer) => {
    if (found) consumer.set("no_new_privileges", true);
  }),
  SupplementaryGroups: value(
    (text) => text.split(/\s+/u).filter(Boolean),
    (found, consumer) => {
      const before = consumer.keys.get("groups");
      consumer.set("groups", [...(Array.isArray(before) ? before : []), ...found]);
    },
  ),
  LimitNOFILE: limit("nofile", whole),
  LimitNPROC: limit("nproc", whole),
  LimitCORE: limit("core", bytes),
  LimitAS: limit("as", bytes),
  LimitCPU: limit("cpu", seconds),
  LimitDATA: limit("data", bytes),
  LimitFSIZE: limit("fsize", bytes),
  LimitMEMLOCK: limit("memlock", bytes),
  LimitSTACK: limit("stack", bytes),
  LimitMSGQUEUE: limit("msgqueue", bytes),
  LimitNICE: limit("nice", niceLimit),
  LimitRTPRIO: limit("rtprio", whole),
  LimitSIGPENDING: limit("sigpending", whole),
  MemoryMax: group("memory_max", bytes),
  TasksMax: group("pids_max", whole),
  CPUQuota: group("cpu_max", (text) => {
    const percent = /^(\d+(?:\.\d+)?)%$/u.exec(text)?.[1];
    return percent === undefined ? null : Number(percent) / 100;
  }),
  MemoryLimit: without("was the old name of MemoryMax; write cgroup: {memory_max: …}"),
};
