import { hostname } from "node:os";
import { readStopGrace } from "../../config/stop-grace.ts";
import { stopBudgetMs } from "../../core/farm/stop-budget.ts";
import { judgeHost } from "../../core/scaling/host-shortage.ts";
import { Output, type OutputNotice } from "../../output/output.ts";
import { spawnChild } from "../../runtime/child-process.ts";
import { openConsumerSources } from "../../runtime/consumer-sources.ts";
import { Definitions, type FarmFile, type LoadFarmFile } from "../../runtime/definitions.ts";
import { EventBus } from "../../runtime/event-bus.ts";
import { createLauncher } from "../../runtime/exec-launch.ts";
import { Guardian } from "../../runtime/guardian.ts";
import { runIdVariable } from "../../runtime/guardian-process.ts";
import { hookRunner } from "../../runtime/hook-run.ts";
import { Hooks } from "../../runtime/hooks.ts";
import type { Host } from "../../runtime/host.ts";
import { Operator } from "../../runtime/operator.ts";
import { Orphans, ownOrphans } from "../../runtime/orphans.ts";
import { Reloader } from "../../runtime/reloader.ts";
import { SourceProgram } from "../../runtime/source-program.ts";
import type { Listen } from "../../runtime/start-watch.ts";
import { Supervisor } from "../../runtime/supervisor.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import type { TaskDesk } from "../../runtime/tasks/task-ports.ts";
import { Trail } from "../../surface/control/event-trail.ts";
import { makeOwnFolder } from "../../surface/control/socket-folder.ts";
import { socketFolders } from "../../surface/control/socket-path.ts";
import { type Cgroups, openCgroups } from "../../system/cgroups.ts";
import { readHost } from "../../system/host-reading.ts";
import { compileLittle } from "../../system/jit.ts";
import { readProcesses } from "../../system/proc-stat.ts";
import { createTaskHost } from "./task-host.ts";

/** What a running farm is made of. */
export interface FarmParts {
  /** How long the platform waits from its stop signal on; infinite where it does not say. */
  readonly graceMs: number;
  readonly bus: EventBus;
  readonly output: Output;
  readonly guardian: Guardian;
  readonly orphans: Orphans;
  readonly cgroups: Cgroups;
  readonly definitions: Definitions;
  readonly supervisor: Supervisor;
  readonly operator: Operator;
  readonly reloader: Reloader;
  readonly hooks: Hooks;
  readonly trail: Trail;
  readonly tasks: TaskDesk;
  /** Fetch no more tasks, and resolve when what came of those under way has been told to their queues. */
  readonly endIntakes: () => Promise<unknown>;
}

/** Who hears what goes wrong in the parts themselves, and of the farm's end. */
export interface FarmEars {
  readonly bug: (error: unknown) => void;
  readonly guardianMissing: (why: string) => void;
  readonly cgroupMissing: (why: string) => void;
  readonly outputNotice: (notice: OutputNotice) => void;
  /** Once, when nothing of the farm is left, with the exit code of pm. */
  readonly done: (exitCode: number) => void;
}

/** Makes the parts and ties them together; nothing is started. */
export function assemble(file: FarmFile, load: LoadFarmFile, ears: FarmEars): FarmParts {
  const runId = crypto.randomUUID();
  const env = { ...environment(), [runIdVariable]: runId };
  const bus = new EventBus();
  const emit: Host["emit"] = (event) => bus.emit(event);
  const listen: Listen = (hear, consumer) => bus.listen(hear, consumer);
  const cgroups = openCgroups(ears.cgroupMissing);
  const launcher = createLauncher(({ name, cgroup }) => (cgroup === null ? null : cgroups.procsFile(name, cgroup)));
  const guardian = new Guardian(runId, ears.guardianMissing, launcher.native);
  const orphans = new Orphans(runId, ownOrphans(systemClock));
  const definitions = new Definitions(file, {
    load,
    emit,
    epochMs: () => Date.now(),
    openSource: (source, hears) =>
      new SourceProgram(source, { ...hears, clock: systemClock, random: Math.random, env, guardian }),
  });
  const { spec } = definitions.current;
  const output = new Output(spec.onSlowSink, ears.bug, ears.outputNotice);
  for (const { name } of spec.consumers) output.addConsumer(name);
  const tasks = createTaskHost(spec.file, emit, () => supervisor);
  const context = { output, guardian, orphans, launcher, env, clock: systemClock, socketFolder };
  const host: Host = {
    clock: systemClock,
    random: Math.random,
    spawn: (request, hear) => spawnChild(request, hear, context),
    memoryBytes: (pid) => readProcesses([pid]).get(pid)?.rssBytes ?? null,
    tasks: tasks.host,
    emit,
  };
  const scaling = {
    openSources: (consumer: Parameters<typeof openConsumerSources>[0]) =>
      openConsumerSources(consumer, { ...env, ...consumer.env }),
    shortages: () => (definitions.current.spec.hostBrake ? judgeHost(readHost()) : []),
  };
  const { graceMs } = readStopGrace(process.env);
  const budgetMs = graceMs === null ? null : stopBudgetMs(graceMs);
  const supervisor = new Supervisor(spec, host, scaling, ears.done, budgetMs);
  const operator = new Operator(supervisor, host, listen);
  const reloader = new Reloader(spec, supervisor, operator, host, listen);
  const hooks = new Hooks({
    clock: systemClock,
    farm: () => definitions.current.spec,
    lastStderr: async (worker, lines) => {
      const query = { consumer: null, slot: null, worker, stream: "stderr", minLevel: null, lines } as const;
      return (await output.recentLines(query)).map(({ text }) => text);
    },
    run: hookRunner({ cwd: process.cwd(), env, host: hostname(), farm: spec.file }),
    emit,
  });
  const trail = new Trail(() => Date.now());
  bus.listen((event) => {
    trail.record(event);
    hooks.listen(event);
    if (event.type === "worker_gone") output.forgetWorker(event.worker);
    if (event.type === "operation_ended") definitions.tryAgain();
    if (event.type !== "shutting_down") return;
    output.stopping();
    compileLittle();
    void definitions.stop(); // its program ends beside the workers
  });
  return {
    graceMs: graceMs ?? Number.POSITIVE_INFINITY,
    bus,
    output,
    guardian,
    orphans,
    cgroups,
    definitions,
    supervisor,
    operator,
    reloader,
    hooks,
    trail,
    tasks: tasks.host.desk,
    endIntakes: tasks.endIntakes,
  };
}

/** The sockets of FastCGI servers have a folder of their own, for what listens beside that of pm is taken for a pm. Null where there is no place. */
function socketFolder(): string | null {
  const uid = process.getuid?.() ?? 0;
  const folder = socketFolders(process.env, uid).find((each) => makeOwnFolder(each, uid));
  return folder === undefined ? null : `${folder}/workers`;
}

function environment(): Record<string, string> {
  const defined = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(defined);
}
