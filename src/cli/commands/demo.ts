import { relative } from "node:path";
import { nearest } from "../../config/suggest.ts";
import { isScenarioName, type ScenarioName, scenarios } from "../../demo/load.ts";
import { listenForSignals } from "../../runtime/signals.ts";
import { exitCodes, type Outcome } from "../outcome.ts";

const noEntries = { ok: false, error: "the demo has no source" } as const;

/** Where pm serves health and metrics unless told otherwise. */
const usualPort = 9100;

/** Runs the demo farm under one of its loads until it is told to stop. */
export async function runDemo({ scenario }: { readonly scenario: string | null }): Promise<Outcome> {
  const name = scenario ?? "steady";
  if (isScenarioName(name)) return run(name);
  const known = Object.keys(scenarios);
  const near = nearest(name, known);
  const advice = near === null ? `choose one of ${known.join(", ")}` : `did you mean ${near}?`;
  return { exitCode: exitCodes.usage, stdout: "", stderr: `pm demo: there is no load "${name}"; ${advice}\n` };
}

async function run(name: ScenarioName): Promise<Outcome> {
  const signals = listenForSignals();
  const { Farm } = await import("../farm/farm.ts");
  const { banner } = await import("../../demo/banner.ts");
  const { demoFarm } = await import("../../demo/demo-farm.ts");
  const { feed } = await import("../../demo/feed.ts");
  const { DemoQueue } = await import("../../demo/queue.ts");
  const { serveQueue } = await import("../../demo/queue-server.ts");
  const { Tally } = await import("../../demo/tally.ts");

  const scenario = scenarios[name];
  const queue = new DemoQueue();
  const server = serveQueue(queue);
  const { consumers, ...spec } = demoFarm(server.port, isFree(usualPort) ? usualPort : 0);
  const tally = new Tally(consumers.map((each) => each.name));
  const file = { spec: { ...spec, consumers }, files: [], warnings: [], readEntries: () => noEntries };
  const farm = new Farm(file, () => ({ ok: false, problems: ["the demo has no file that could have changed"] }), null);
  let address = "";
  let stopFeeding: (() => void) | null = null;
  farm.listen((event) => {
    tally.record(event);
    if (event.type === "http_listening") address = event.address;
    if (event.type === "shutting_down") stopFeeding?.();
    if (event.type !== "worker_started" || stopFeeding !== null) return;
    farm.say(banner({ name, scenario, consumers, address, pid: event.pid, program: ownName() }));
    stopFeeding = feed(queue, scenario);
  });

  // A terminal that closes says so by SIGHUP: nobody looks any more.
  const ended = await farm.run({
    obey: (orders) => signals.obey({ ...orders, reload: () => orders.stop("SIGHUP") }),
  });
  server.stop();
  if (typeof ended === "string") return { exitCode: exitCodes.failed, stdout: "", stderr: `pm demo: ${ended}\n` };
  const stderr = `\nWhat the workers did:\n\n${String(tally)}\nNext: pm init writes a pm.yaml to start from.\n`;
  return { exitCode: ended, stdout: "", stderr };
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** How this program is called from where it was started. */
function ownName(): string {
  if (Bun.which("pm") === process.execPath) return "pm";
  const path = relative(process.cwd(), process.execPath);
  return path.startsWith("..") ? process.execPath : path.includes("/") ? path : `./${path}`;
}
