import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSimulate, type SimulateArgs } from "../../../src/cli/commands/simulate.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "pm-simulate-"));
  write("pm.yaml", "consumers: {async: {command: [x], autoscaler: {min: 1, max: 9, strategy: {type: utilization}}}}");
});
afterEach(() => rmSync(cwd, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
const none = { file: null, trace: null, arrivals: null, serviceTime: null, duration: null };
const noFlags = { ...none, seed: null, startTime: null, objective: null, json: false };
const run = (args: Partial<SimulateArgs>) => runSimulate({ ...noFlags, cwd, ...args });
const trace = (text: string, args: Partial<SimulateArgs> = {}) => {
  write("load.ndjson", text);
  return run({ trace: join(cwd, "load.ndjson"), ...args });
};

describe("pm simulate --trace", () => {
  test("prints one line an evaluation, and with --json one document", async () => {
    const sample = '{"t":0,"consumer":"async","busy":0.5}\n{"t":10,"consumer":"async","busy":0.5}\n';
    const lines = [0, 10].map(
      (t) =>
        `{"t":${t},"consumer":"async","current":1,"busy":0.5,"desired":1,"allocated":1,"target":1,"reason":"steady"}`,
    );
    expect(await trace(sample)).toEqual({ exitCode: 0, stdout: `${lines.join("\n")}\n`, stderr: "" });
    expect((await trace(sample, { json: true })).stdout).toBe(`[${lines.join(",")}]\n`);
  });

  test("tells every wrong line with its place, and prints nothing else", async () => {
    const { exitCode, stdout, stderr } = await trace(
      [
        '{"t":0,"consumer":"async","busy":1}',
        "",
        "nonsense",
        "[1]",
        '{"t":1,"consumer":"asinc"}',
        '{"t":-1,"consumer":"async"}',
        '{"consumer":"async"}',
        '{"t":3,"consumer":"async","busy":"2"}',
        '{"t":3,"consumer":"async","queue":-2}',
        '{"t":3,"consumer":"async","throughput":true}',
        '{"t":3,"consumer":"async","bussy":2}',
        '{"t":3,"consumer":"async"}',
        '{"t":2,"consumer":"async"}',
      ].join("\n"),
    );
    expect([exitCode, stdout]).toEqual([1, ""]);
    const place = join(cwd, "load.ndjson");
    const example = 'write a line such as {"t":0,"consumer":"async","busy":3}';
    expect(stderr.trimEnd().split("\n")).toEqual([
      `${place}:3: not a JSON object; ${example}`,
      `${place}:4: not a JSON object; ${example}`,
      `${place}:5: consumer is "asinc"; pm.yaml has async`,
      `${place}:6: t is -1; write the seconds since the beginning, 0 or more`,
      `${place}:7: t is missing; write the seconds since the beginning, 0 or more`,
      `${place}:8: busy is "2"; write the number of busy workers, 0 or more`,
      `${place}:9: queue is -2; write the number of waiting messages, 0 or more`,
      `${place}:10: throughput is true; write messages a second, 0 or more`,
      `${place}:11: unknown member "bussy"; there are t, consumer, busy, queue, throughput`,
      `${place}:13: t is 2 after 3; sort the lines by t`,
    ]);
  });

  test.each([
    ["", /:1: no samples; /u],
    ['{"t":1764000000,"consumer":"async"}', /: t ends at 1764000000, too far from 0 to evaluate; /u],
  ])("refuses %j in one line", async (text, problem) => {
    const { exitCode, stdout, stderr } = await trace(text);
    expect([exitCode, stdout, stderr.split("\n").length]).toEqual([1, "", 2]);
    expect(stderr).toMatch(problem);
  });

  test("says in one line that there is no such file", async () => {
    const { exitCode, stderr } = await run({ trace: join(cwd, "gone") });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^pm simulate: [^\n]*gone cannot be read; [^\n]+\n$/u);
  });
});

describe("pm simulate --arrivals", () => {
  const model = { arrivals: "ramp:1..8/s/10m", serviceTime: "exp:0.5s", duration: "20m" };

  test("shows the rules side by side with charts of load, queue and workers", async () => {
    const { exitCode, stdout, stderr } = await run(model);
    expect([exitCode, stderr]).toEqual([0, ""]);
    const starts = ["this configuration", "seed", "HPA, busy share", "HPA, backlog", "Horizon"];
    for (const start of starts) expect(stdout).toMatch(new RegExp(`^${start} +(yes|no) +[\\d.]+% `, "mu"));
    for (const title of ["load, messages a second", "queue, this configuration", "workers, this configuration"])
      expect(stdout).toContain(`\n${title} (up to `);
    expect(stdout).not.toMatch(/NaN|Infinity|undefined/u);
  });

  test("is the same for a seed, whatever happened before, and another for another seed", async () => {
    const [first, again, other] = [await run(model), await run(model), await run({ ...model, seed: "2" })];
    expect(first.stdout).toBe(again.stdout);
    expect(first.stdout).not.toBe(other.stdout);
  });

  test("gives the numbers as one document with --json", async () => {
    const { stdout } = await run({ ...model, json: true });
    const { seed, seconds, objectiveSeconds, outcomes } = JSON.parse(stdout);
    expect({ seed, seconds, objectiveSeconds }).toEqual({ seed: 1, seconds: 1200, objectiveSeconds: 30 });
    expect(outcomes).toHaveLength(5);
    for (const { waits, workerSeconds, series, unfinished } of outcomes) {
      expect(waits.messages).toBe(outcomes[0].waits.messages);
      expect(workerSeconds).toBeGreaterThan(waits.messages * 0.4);
      expect([series.workers.length, unfinished]).toEqual([72, 0]);
    }
  });

  test.each(["steady", "burst", "ramp", "failures", "day", "lunch"])("knows the load %s", async (arrivals) => {
    const { exitCode, stderr } = await run({ arrivals, duration: "10m" });
    expect([exitCode, stderr]).toEqual([0, ""]);
  });

  test("has nothing to simulate where nothing is scaled", async () => {
    write("pm.yaml", "consumers: {a: {command: [x]}}");
    const { exitCode, stderr } = await run(model);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^pm\.yaml: no consumer has an autoscaler[^\n]+\n$/u);
  });
});

test.each<[string, Partial<SimulateArgs>]>([
  ["give --trace FILE, or --arrivals", {}],
  ["exclude each other", { trace: "x", arrivals: "4/s" }],
  ["--seed belongs to --arrivals", { trace: "x", seed: "1" }],
  ["--arrivals needs --service-time", { arrivals: "4/s" }],
  ["there are the scenarios steady,", { arrivals: "stedy" }],
  ['"4" is no rate', { arrivals: "4", serviceTime: "exp:1s" }],
  ['"exp" is no service time', { arrivals: "4/s", serviceTime: "exp" }],
  ["--seed x: write a whole number", { arrivals: "steady", seed: "x" }],
  ["--duration never: ", { arrivals: "steady", duration: "never" }],
  ["--duration 0: too short", { arrivals: "steady", duration: "0" }],
  ["more than 5000000 messages", { arrivals: "90000/s", serviceTime: "exp:1s" }],
])("says %s and exits 2", async (problem, args) => {
  const { exitCode, stdout, stderr } = await run(args);
  expect([exitCode, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^pm simulate: [^\n]+\n$/u);
  expect(stderr).toContain(problem);
});

test("asks for pm init when there is no file, and tells what is wrong with one", async () => {
  rmSync(join(cwd, "pm.yaml"));
  expect(await run({ arrivals: "steady" })).toMatchObject({
    exitCode: 78,
    stdout: "",
    stderr: expect.stringContaining("pm init"),
  });
  write("pm.yaml", "totl_cap: 1\nconsumers: {a: {command: [x]}}");
  expect(await run({ arrivals: "steady" })).toMatchObject({
    exitCode: 78,
    stderr: expect.stringContaining("totl_cap"),
  });
});
