import { readFileSync } from "node:fs";
import { owned } from "../../src/system/own-children.ts";
import type { Run } from "./run.ts";

/** Where the pm of a run serves HTTP, from its own log. Throws when it has not said so within 10 s. */
export async function httpAddress(run: Run): Promise<string> {
  for (let waited = 0; waited < 10_000; waited += 10) {
    const address = /"address":"(http[^"]+)"/u.exec(readFileSync(run.path("stderr"), "utf8"))?.[1];
    if (address !== undefined) return address;
    await Bun.sleep(10);
  }
  throw new Error("pm named no HTTP address in 10 s");
}

/** Milliseconds each request took, one after the other. Throws at any answer but 200. */
export async function requestTimesMs(url: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const startedMs = performance.now();
    const response = await fetch(url);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** Does something while a process of its own fetches `url` every 10 ms. */
export async function whileFetched<T>(url: string, action: () => T | Promise<T>): Promise<T> {
  const program = `for (;;) { await (await fetch(${JSON.stringify(url)})).arrayBuffer(); await Bun.sleep(10); }`;
  const child = owned(Bun.spawn([process.execPath, "-e", program], { stdio: ["ignore", "ignore", "inherit"] }));
  try {
    await Bun.sleep(200); // until it has begun
    return await action();
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

/** Milliseconds each run of a command took. Throws when one fails. */
export async function commandTimesMs(command: readonly string[], count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at++) {
    const startedMs = performance.now();
    const child = owned(Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"] }));
    if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed`);
    times.push(performance.now() - startedMs);
  }
  return times;
}
