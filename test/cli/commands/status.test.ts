import { describe, expect, test } from "bun:test";
import { runStatus, type StatusArgs } from "../../../src/cli/commands/status.ts";
import { watch } from "../../../src/cli/status/watch.ts";
import { consumerStatus, FakeControl, FakeStreams, farmStatus } from "../../support/fake-control.ts";

const args: StatusArgs = { consumer: null, json: false, watch: false, cluster: false, all: false };
const where = { socket: null, file: null };
const gone = { status: 0, body: { error: { code: "no_answer", message: "pm went away" } } };

function pm(): {
  control: FakeControl;
  streams: FakeStreams;
  run: (changes?: Partial<StatusArgs>) => ReturnType<typeof runStatus>;
} {
  const control = new FakeControl();
  const streams = new FakeStreams();
  control.answers = { "/v1/status": { status: 200, body: farmStatus() } };
  const run = (changes: Partial<StatusArgs> = {}): ReturnType<typeof runStatus> =>
    runStatus({ ...args, ...changes }, { where, connect: control.connect, streams });
  return { control, streams, run };
}

describe("pm status", () => {
  test("prints the table", async () => {
    const { exitCode, stdout, stderr } = await pm().run();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toStartWith("pm 1.2.3 (pid 100), running for 1m 40s: /srv/pm.yaml\n");
    expect(stdout).toMatch(/^ {2}async:0 +1 +ready +101 /mu);
  });

  test("--json prints the document as it came, members unknown to this version too", async () => {
    const { control, run } = pm();
    const body = { ...farmStatus(), added_later: 1 };
    control.answers = { "/v1/status": { status: 200, body } };
    const { stdout } = await run({ json: true });
    expect(JSON.parse(stdout)).toEqual(body);
    expect(stdout.split("\n")).toHaveLength(2);
  });

  test("asks for one consumer", async () => {
    const { control, run } = pm();
    await run({ consumer: "a&b" });
    expect(control.asked).toEqual([{ path: "/v1/status?consumer=a%26b" }]);
  });

  test("an unknown consumer is a failure", async () => {
    const { control, run } = pm();
    control.answers = { "/v1/status": { status: 404, body: { error: { code: "x", message: "no consumer b" } } } };
    expect(await run({ consumer: "b" })).toEqual({ exitCode: 1, stdout: "", stderr: "pm status: no consumer b\n" });
  });

  test("--cluster shows the owners, or says that there is no cluster", async () => {
    const { control, run } = pm();
    expect((await run({ cluster: true })).stderr).toBe(
      "pm status: this pm is no node of a cluster; see cluster in pm.yaml\n",
    );
    const owners = [{ consumer: "async", node: "b", workers: null }];
    const cluster = { self: "a", nodes: ["a", "b"], by: "rendezvous", share: "consumers" as const, owners };
    control.answers = { "/v1/status": { status: 200, body: farmStatus({ cluster }) } };
    expect((await run({ cluster: true })).stdout).toEndWith("\nCONSUMER  NODE\nasync     b\n");
  });
});

const ofPid = (pid: number): { status: number; body: unknown } => ({ status: 200, body: farmStatus({ pid }) });

describe("pm status --watch", () => {
  test("without a terminal only with --json", async () => {
    expect(await pm().run({ watch: true })).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: "pm status: --watch needs a terminal; add --json for a document a line each second\n",
    });
  });

  test("with --json prints a document a line until pm has gone, which is a good end", async () => {
    const { control, streams } = pm();
    control.answers = { "/v1/status": [ofPid(1), ofPid(2), gone] };
    const connected = await control.connect(where);
    if (!connected.ok) throw new Error("fake");
    const ended = await watch(
      () => connected.client.get("/v1/status"),
      (status) => [JSON.stringify(status)],
      {
        streams,
        frames: false,
        pause: () => Promise.resolve(),
      },
    );
    expect(ended).toEqual({ exitCode: 0, stdout: "", stderr: "pm status: pm has ended\n" });
  });

  test("on a terminal redraws in place and leaves the terminal as it was", async () => {
    const { control, streams } = pm();
    const frames: string[] = [];
    const consumers = Array.from({ length: 20 }, (_, at) => consumerStatus({ consumer: `c${at}` }));
    control.answers = { "/v1/status": { status: 200, body: farmStatus({ consumers }) } };
    const connected = await control.connect(where);
    if (!connected.ok) throw new Error("fake");
    const { controller, err, size, interrupt } = streams;
    const plain = { err, size, interrupt, terminal: true, colour: false };
    const ended = await watch(
      () => connected.client.get("/v1/status"),
      ({ consumers: all }) => all.map(({ consumer }) => consumer),
      {
        streams: { ...plain, out: (text) => frames.push(text) > 0 },
        frames: true,
        // The Ctrl-C of somebody who has seen two frames.
        pause: () => {
          if (frames.length > 2) controller.abort();
          return Promise.resolve();
        },
      },
    );
    expect(ended).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    const rows = [...Array.from({ length: 9 }, (_, at) => `c${at}`), "…"]; // as many as the terminal has
    const frame = `\u001B[H${rows.map((row) => `${row}\u001B[K`).join("\r\n")}\u001B[J`;
    expect(frames).toEqual(["\u001B[?1049h\u001B[?25l\u001B[?7l", frame, frame, "\u001B[?7h\u001B[?25h\u001B[?1049l"]);
  });

  test("stops when nobody reads any more", async () => {
    const { streams, run } = pm();
    streams.readers = 1;
    expect(await run({ watch: true, json: true })).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(JSON.parse(streams.stdout)).toEqual(farmStatus());
  });
});
