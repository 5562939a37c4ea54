import type { EntriesResult } from "../config/entries.ts";
import type { ReloadOutcome, Requester } from "../core/farm/operations.ts";
import type { FarmSpec, SourceSpec } from "../core/farm/spec.ts";
import type { Accepted } from "../core/source/entries.ts";
import { defineFarm, type FarmDefinition } from "../core/source/farm-definition.ts";
import type { PmEvent } from "../core/farm/events.ts";
import type { Reloader } from "./reloader.ts";
import type { SourceProgram, SourcePorts } from "./source-program.ts";

/** A pm.yaml that can run. */
export interface FarmFile {
  readonly spec: FarmSpec;
  /** Absolute paths of all files it was made of, itself first. */
  readonly files: readonly string[];
  /** Problems that do not keep it from running, a line each. */
  readonly warnings: readonly string[];
  /** Reads what the program of `source` prints. */
  readonly readEntries: (document: string) => EntriesResult;
}

/** Reads the pm.yaml anew, or tells all that is wrong with it, a line each. */
export type LoadFarmFile = () =>
  | { readonly ok: true; readonly file: FarmFile }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What the definitions need of the world. */
export interface DefinitionPorts {
  readonly load: LoadFarmFile;
  readonly openSource: (
    spec: SourceSpec,
    ports: Pick<SourcePorts, "heard" | "failed" | "recovered" | "said">,
  ) => SourceProgram;
  readonly emit: (event: PmEvent) => void;
  readonly epochMs: () => number;
}

/** What is known of the program that names consumers. */
export interface SourceState {
  readonly spec: SourceSpec;
  readonly lastDocumentEpochMs: number | null;
  readonly error: string | null;
}

const nothingAccepted: Accepted = new Map();

/** Which consumers there should be: it keeps what the file and the program say, and hands each change to the reloader, one after the other. */
export class Definitions {
  readonly #ports: DefinitionPorts;
  #file: FarmFile;
  #now: FarmDefinition;
  #reloader: Reloader | null = null;
  #source: SourceProgram | null = null;
  /** What the program has said, not looked into yet. */
  #next: string | null = null;
  #document: string | null = null;
  #documentEpochMs: number | null = null;
  #sourceError: string | null = null;
  #lastReload: { readonly atEpochMs: number; readonly outcome: ReloadOutcome } | null = null;
  /** Changes are carried out one after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** What the program said last could not be carried out, since somebody was restarting workers. */
  #unapplied = false;
  #stopped = false;
  #end: Promise<void> | null = null;

  constructor(file: FarmFile, ports: DefinitionPorts) {
    this.#file = file;
    this.#ports = ports;
    this.#now = defineFarm(file.spec, nothingAccepted, null);
  }

  /** What the farm is to be now. */
  get current(): FarmDefinition {
    return this.#now;
  }

  /** What all this was made of. */
  get files(): readonly string[] {
    return this.#file.files;
  }

  get lastReload(): { readonly atEpochMs: number; readonly outcome: ReloadOutcome } | null {
    return this.#lastReload;
  }

  /** Null when there is no program. */
  get source(): SourceState | null {
    const { source } = this.#file.spec;
    return source === null
      ? null
      : { spec: source, lastDocumentEpochMs: this.#documentEpochMs, error: this.#sourceError };
  }

  /** The farm runs: from now on changes are carried out. */
  start(reloader: Reloader): void {
    this.#reloader = reloader;
    this.#openSource();
  }

  /** Nothing is changed any more. Resolves, as often as it is called, when nothing of the program is left. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#end ??= this.#source?.stop() ?? Promise.resolve();
    return this.#end;
  }

  /** Reads the file anew and asks the program for its newest document. `planOnly` changes nothing. */
  reload(who: Requester, planOnly: boolean): Promise<ReloadOutcome> {
    return planOnly ? this.#reload(who, true) : this.#inTurn((over) => this.#reload(who, false, over));
  }

  /** Somebody has finished what may have been in the way. */
  tryAgain(): void {
    if (!this.#unapplied) return;
    this.#unapplied = false;
    void this.#inTurn((over) => this.#apply(this.#now, over));
  }

  /** One after the other; `run` may let the next one begin before it has come to its end. */
  async #inTurn<T>(run: (over: () => void) => Promise<T>): Promise<T> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    try {
      return await run(resolve);
    } finally {
      resolve();
    }
  }

  async #reload(who: Requester, planOnly: boolean, over = (): void => {}): Promise<ReloadOutcome> {
    const loaded = this.#ports.load();
    if (!loaded.ok) {
      const message = "the file is invalid; nothing has changed";
      const outcome: ReloadOutcome = { result: "rejected", message, problems: loaded.problems, plan: null };
      return planOnly ? outcome : this.#tell(who, outcome);
    }
    const next = this.#redefine(loaded.file);
    const { warnings } = loaded.file;
    if (planOnly || this.#reloader === null) {
      const plan = this.#reloader?.plan(next.spec) ?? null;
      return { result: "planned", message: "nothing was changed", problems: warnings, plan };
    }
    const taken = Promise.withResolvers<boolean>();
    const reloading = this.#reloader.apply(next.spec, who, warnings, "whole", () => taken.resolve(true));
    const holds = await Promise.race([taken.promise, reloading.then(({ result }) => result === "done")]);
    if (holds) await this.#take(loaded.file, next);
    over();
    const outcome = await reloading;
    this.#lastReload = { atEpochMs: this.#ports.epochMs(), outcome };
    return outcome;
  }

  /** This file holds now. */
  async #take(file: FarmFile, definition: FarmDefinition): Promise<void> {
    const sourceBefore = this.#file.spec.source;
    this.#file = file;
    this.#now = definition;
    if (JSON.stringify(sourceBefore) === JSON.stringify(file.spec.source)) this.#source?.refresh();
    else await this.#reopenSource();
  }

  /** The file with what its program has said so far; without it when there is no program any more. */
  #redefine(file: FarmFile): FarmDefinition {
    if (file.spec.source === null) return defineFarm(file.spec, nothingAccepted, null);
    const entries = this.#document === null ? null : file.readEntries(this.#document);
    return defineFarm(file.spec, this.#now.accepted, entries?.ok === true ? entries : null);
  }

  #tell(who: Requester, outcome: ReloadOutcome): ReloadOutcome {
    this.#lastReload = { atEpochMs: this.#ports.epochMs(), outcome };
    this.#ports.emit({ type: "reloaded", who, outcome });
    return outcome;
  }

  #openSource(): void {
    const { source } = this.#file.spec;
    if (source === null || this.#stopped) return;
    this.#source = this.#ports.openSource(source, {
      heard: (document) => {
        const waits = this.#next !== null;
        this.#next = document; // one that was not carried out yet is passed over
        if (!waits) void this.#inTurn((over) => this.#takeNext(over));
      },
      failed: (error) => this.#failed(error),
      recovered: () => {
        this.#sourceError = null;
        this.#ports.emit({ type: "source_recovered" });
      },
      said: (line) => {
        this.#ports.emit({ type: "notice", level: "info", message: "Source said.", context: { line } });
      },
    });
    this.#source.start();
  }

  async #reopenSource(): Promise<void> {
    await this.#source?.stop();
    this.#source = null;
    this.#document = null;
    this.#documentEpochMs = null;
    this.#sourceError = null;
    this.#openSource();
  }

  #failed(error: string): void {
    this.#sourceError = error;
    this.#ports.emit({ type: "source_failed", error });
  }

  async #takeNext(over: () => void): Promise<void> {
    const document = this.#next;
    this.#next = null;
    if (this.#stopped || this.#reloader === null || document === null) return;
    const entries = this.#file.readEntries(document);
    if (!entries.ok) {
      this.#failed(entries.error);
      return;
    }
    if (this.#sourceError !== null) {
      this.#sourceError = null;
      this.#ports.emit({ type: "source_recovered" });
    }
    this.#document = document;
    this.#documentEpochMs = this.#ports.epochMs();
    const known = new Map(this.#now.rejected.map(({ consumer, error }) => [consumer, error]));
    const next = defineFarm(this.#file.spec, this.#now.accepted, entries);
    for (const rejection of next.rejected) {
      if (known.get(rejection.consumer) !== rejection.error) this.#ports.emit({ type: "entry_rejected", ...rejection });
    }
    this.#now = next;
    await this.#apply(next, over);
  }

  async #apply({ spec }: FarmDefinition, over: () => void): Promise<void> {
    const outcome = await this.#reloader?.apply(spec, { by: "source", reason: null }, [], "each", over);
    if (outcome?.result === "conflict") this.#unapplied = true;
  }
}
