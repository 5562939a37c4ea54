import type { ImportedConsumer, Loss, Place, YamlValue } from "./imported.ts";

/** A consumer in the making. */
export class ConsumerDraft implements ImportedConsumer {
  readonly name: string;
  readonly title: string;
  readonly keys = new Map<string, YamlValue>();
  readonly remarks = new Map<string, string>();
  readonly losses: Loss[] = [];

  constructor(name: string, title: string) {
    this.name = name;
    this.title = title;
  }

  /** Sets a key of the consumer; the last value counts. */
  set(key: string, value: YamlValue, remark?: string): void {
    this.keys.set(key, value);
    if (remark !== undefined) this.remarks.set(key, remark);
  }

  /** Adds variables to `env`; later ones win. */
  addEnv(variables: Readonly<Record<string, string>>): void {
    if (Object.keys(variables).length > 0) this.addTo("env", variables);
  }

  /** Adds members to a key that holds a mapping; later ones win. */
  addTo(key: string, members: Readonly<Record<string, YamlValue>>, remark?: string): void {
    this.set(key, { ...recordOf(this.keys.get(key)), ...members }, remark);
  }

  /** Takes a member out of a mapping, and the key with its last one. */
  takeFrom(key: string, member: string): void {
    const rest = Object.entries(recordOf(this.keys.get(key))).filter(([name]) => name !== member);
    if (rest.length > 0) this.set(key, Object.fromEntries(rest));
    else this.keys.delete(key);
  }

  /** Adds codes to one list of `exit_codes`. */
  addExitCodes(list: "success" | "never_restart", codes: readonly number[]): void {
    const wanted = [...new Set(codes)].filter((code) => code > 0 && code < 256);
    if (wanted.length > 0) this.set("exit_codes", { ...recordOf(this.keys.get("exit_codes")), [list]: wanted });
  }

  lose({ file, line }: Place, key: string, text: string): void {
    this.losses.push({ file, line, key, text });
  }
}

/** What comes out of a file, in the making. */
export class Draft {
  readonly consumers: ConsumerDraft[] = [];
  readonly farm = new Map<string, YamlValue>();
  readonly losses: Loss[] = [];

  /** A new consumer under the name `wanted`, or one like it that pm takes and nobody has yet. */
  add(wanted: string, title: string, at: Place): ConsumerDraft {
    const valid = wanted.trim().replaceAll(/[\s\p{Cc}:]+/gu, "-") || "consumer";
    const taken = new Set(this.consumers.map(({ name }) => name));
    let name = valid;
    for (let count = 2; taken.has(name); count++) name = `${valid}-${count}`;
    const consumer = new ConsumerDraft(name, title);
    this.consumers.push(consumer);
    if (name !== wanted) {
      const why = name === valid ? "pm takes no blank and no colon in a name" : "two consumers cannot have one name";
      consumer.lose(at, JSON.stringify(wanted), `was its name there; ${why}, so it is ${name} here`);
    }
    return consumer;
  }

  lose({ file, line }: Place, key: string, text: string): void {
    this.losses.push({ file, line, key, text });
  }

  /** Tells once for all keys of which the same holds, at the place of the first. */
  loseOnce({ file, line }: Place, key: string, text: string): void {
    const index = this.losses.findIndex((loss) => loss.text === text && loss.file === file);
    const known = this.losses[index];
    if (known === undefined) this.lose({ file, line }, key, text);
    else if (!known.key.split(", ").includes(key)) this.losses[index] = { ...known, key: `${known.key}, ${key}` };
  }
}

function recordOf(value: YamlValue | undefined): Readonly<Record<string, YamlValue>> {
  return typeof value === "object" && !isList(value) ? value : {};
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}
