import { describe, expect, test } from "bun:test";
import { renderClient } from "../../src/clients/client-text.ts";
import { parseWorkerFrame } from "../../src/protocol/worker-frames.ts";
import { missing } from "../support/needs.ts";
import type { Frame } from "../support/worker-peer.ts";
import { type ClientUnderTest, Driver, nullDevice } from "./driver.ts";

const php = { client: "php", interpreter: "php", driver: "driver.php", fileName: "PmClient.php" } as const;
const python = { client: "python", interpreter: "python3", driver: "driver.py", fileName: "pm_client.py" } as const;
const node = { client: "node", interpreter: "node", driver: "driver.mjs", fileName: "pm-client.mjs" } as const;

/** `broken` is a text that is no valid Unicode, as far as the language can hold one. */
const subjects: readonly (ClientUnderTest & { readonly broken: unknown })[] = [
  { ...php, broken: { base64: Buffer.from("App\\\xff\xfeMsg", "latin1").toString("base64") } },
  { ...python, broken: "App\\\ud800Msg" },
  { ...node, broken: "App\\\ud800Msg" },
  { ...node, interpreter: process.execPath, broken: "App\\\ud800Msg" },
];

const any = (): boolean => true;
const ofType = (type: string) => (frame: Frame) => frame["type"] === type;
const ofEvent = (event: string) => (frame: Frame) => frame["event"] === event;

for (const subject of subjects) {
  const reason = missing(subject.interpreter);
  if (reason !== null) console.warn(`skipping the ${subject.client} client: ${reason}`);

  describe.skipIf(reason !== null)(`the ${subject.client} client in ${subject.interpreter.split("/").at(-1)}`, () => {
    test("tells that it is ready, that it advances, and how busy it is", async () => {
      await using driver = new Driver(subject);
      await driver.call("ready");
      await driver.call("progress");
      await driver.call("slots", 2, 10);
      expect(await driver.peer.next(ofType("slots"))).toEqual({ type: "slots", busy: 2, total: 10 });
      expect(driver.peer.frames.slice(0, 2)).toEqual([{ type: "ready" }, { type: "progress" }]);
    });

    test("measures how long messages in flight together took, each by its id", async () => {
      await using driver = new Driver(subject);
      await driver.call("received", "async", "App\\A", "1");
      await driver.call("received", "async", "App\\B", "2");
      await driver.call("handled", "async", "App\\B", "2");
      await driver.call("handled", "async", "App\\A", "1");
      const second = await driver.peer.next(ofEvent("handled"));
      const first = await driver.peer.next(ofEvent("handled"));
      expect(driver.peer.frames[0]).toEqual({
        type: "message",
        event: "received",
        transport: "async",
        class: "App\\A",
        id: "1",
      });
      expect(second).toEqual({ ...first, class: "App\\B", id: "2", duration_seconds: second["duration_seconds"] });
      expect(second["duration_seconds"]).toBeGreaterThan(0);
      expect(first["duration_seconds"]).toBeGreaterThan(Number(second["duration_seconds"]));
    });

    test("needs no id where one message at a time is at work, and takes a duration as given", async () => {
      await using driver = new Driver(subject);
      await driver.call("received", "async", "App\\A");
      await driver.call("failed", "async", "App\\A", "Oops");
      await driver.call("handled", "async", "App\\A", "7", 1.5);
      const failed = await driver.peer.next(ofEvent("failed"));
      expect(failed).toEqual({
        type: "message",
        event: "failed",
        transport: "async",
        class: "App\\A",
        error_class: "Oops",
        duration_seconds: expect.any(Number),
      });
      expect(await driver.peer.next(ofEvent("handled"))).toMatchObject({ id: "7", duration_seconds: 1.5 });
    });

    test("keeps the duration of a failed message that is retried, whichever is told first (seeds 1.10: retried eats duration)", async () => {
      await using driver = new Driver(subject);
      await driver.call("received", "async", "App\\A", "1");
      await driver.call("retried", "async", "App\\A", "1");
      await driver.call("failed", "async", "App\\A", "Oops", "1");
      expect((await driver.peer.next(ofEvent("retried")))["duration_seconds"]).toBeUndefined();
      expect((await driver.peer.next(ofEvent("failed")))["duration_seconds"]).toBeGreaterThan(0);
    });

    test("reports a piece of work from its start to its end, and gives its result", async () => {
      await using driver = new Driver(subject);
      expect(await driver.call("work", "async", "App\\A")).toBe("done");
      const received = await driver.peer.next(ofEvent("received"));
      const handled = await driver.peer.next(ofEvent("handled"));
      expect(handled).toEqual({ ...received, event: "handled", duration_seconds: expect.any(Number) });
      expect(received["id"]).toBeString();
    });

    test("reports work that throws as failed, and lets the error through", async () => {
      await using driver = new Driver(subject);
      expect(await driver.call("fail", "async", "App\\A")).toBe("thrown: no");
      const failed = await driver.peer.next(ofEvent("failed"));
      expect(failed["error_class"]).toEndWith("DomainException");
      expect(failed["duration_seconds"]).toBeGreaterThan(0);
      expect(driver.peer.frames.filter(ofEvent("handled"))).toEqual([]);
    });

    test("asks to stop when it is drained, and not before", async () => {
      await using driver = new Driver(subject);
      expect(await driver.call("shouldStop")).toBe(false);
      driver.peer.send({ type: "unheard_of" });
      driver.peer.send({ type: "drain" });
      expect(await driver.call("untilStop")).toBe(true);
      expect(await driver.call("shouldStop")).toBe(true);
      expect(await driver.finish()).toBe(0);
    });

    test("asks to stop when its manager is gone", async () => {
      await using driver = new Driver(subject);
      await driver.call("ready");
      await driver.peer.next(ofType("ready"));
      driver.peer.hangUp();
      expect(await driver.call("untilStop")).toBe(true);
      expect(await driver.finish()).toBe(0);
    });

    test("takes no harm from reporting to a manager that is gone", async () => {
      await using driver = new Driver(subject);
      await driver.call("ready");
      driver.peer.hangUp();
      await driver.call("burst", 10);
      expect(await driver.call("shouldStop")).toBe(true);
      expect(await driver.finish()).toBe(0);
    });

    test("answers a ping that arrives in pieces", async () => {
      await using driver = new Driver(subject);
      driver.peer.write('{"type":"pi');
      await driver.call("shouldStop");
      driver.peer.write('ng"}\n{"type":"dr');
      await Promise.all([driver.peer.next(ofType("pong")), driver.call("shouldStop")]);
      driver.peer.write('ain"}\n');
      expect(await driver.call("untilStop")).toBe(true);
    });

    test.each([
      ["is not set", ""],
      ["is no number", "3; rm"],
      ["names a descriptor that is not open", "77"],
      ["names what is no socket", nullDevice],
    ])("does nothing at all when PM_IPC_FD %s", async (_, fd) => {
      await using driver = new Driver(subject, { PM_IPC_FD: fd });
      await driver.call("ready");
      await driver.call("burst", 3);
      expect(await driver.call("work", "async", "App\\A")).toBe("done"); // and this is all there is on its stdout
      expect(await driver.call("shouldStop")).toBe(false);
      expect(await driver.finish()).toBe(0);
      await driver.peer.closed;
      expect(driver.peer.frames).toEqual([]);
    });

    test("shortens names without end: the frame stays whole", async () => {
      await using driver = new Driver(subject);
      await driver.call(
        "failed",
        "async",
        `App\\${"é".repeat(100_000)}`,
        "\u0001".repeat(100_000),
        "9".repeat(100_000),
      );
      const frame = await driver.peer.next(any);
      expect(parseWorkerFrame(JSON.stringify(frame))).toMatchObject({ type: "message", event: "failed" });
      expect(String(frame["class"])).toStartWith("App\\éééé");
      expect(JSON.stringify(frame).length).toBeLessThan(8_000);
    });

    test("replaces what is no valid Unicode", async () => {
      await using driver = new Driver(subject);
      await driver.call("received", "async", subject.broken, "1");
      expect((await driver.peer.next(any))["class"]).toMatch(/^App\\[?\uFFFD]+Msg$/);
    });

    test("sends two thousand frames in a burst, all of them whole and in order", async () => {
      await using driver = new Driver(subject);
      const burst = driver.call("burst", 1_000);
      await burst;
      expect(await driver.finish()).toBe(0);
      await driver.peer.closed;
      expect(driver.peer.frames.map((frame) => `${String(frame["event"])} ${String(frame["id"])}`)).toEqual(
        Array.from({ length: 1_000 }, (_, i) => [`received ${i}`, `handled ${i}`]).flat(),
      );
      expect(new Set(driver.peer.frames.map((frame) => Object.keys(frame)[0]))).toEqual(new Set(["type"]));
    });

    test("forgets the oldest of more than 1,024 messages that never end", async () => {
      await using driver = new Driver(subject);
      for (let i = 0; i <= 1_024; i++) await driver.call("received", "async", "App\\A", `n${i}`);
      await driver.call("handled", "async", "App\\A", "n0");
      await driver.call("handled", "async", "App\\A", "n1");
      expect((await driver.peer.next(ofEvent("handled")))["duration_seconds"]).toBeUndefined();
      expect((await driver.peer.next(ofEvent("handled")))["duration_seconds"]).toBeGreaterThan(0);
    });
  });
}

describe.each([php, python].filter(({ interpreter }) => missing(interpreter) === null))(
  "the $client client",
  (subject) => {
    test("answers a ping between messages and never within one", async () => {
      await using driver = new Driver(subject);
      await driver.call("received", "async", "App\\A");
      driver.peer.send({ type: "ping" });
      driver.peer.send({ type: "ping" });
      await driver.call("handled", "async", "App\\A");
      await driver.call("progress");
      await driver.call("poll");
      await driver.call("slots", 0, 1);
      await driver.peer.next(ofType("slots"));
      expect(driver.peer.frames.map((frame) => frame["event"] ?? frame["type"])).toEqual([
        "received",
        "handled",
        "progress",
        "pong",
        "pong",
        "slots",
      ]);
    });
  },
);

test.skipIf(missing("php") !== null)("the PHP files hold no syntax younger than PHP 7.4", () => {
  const younger = ["T_MATCH", "T_ATTRIBUTE", "T_NULLSAFE_OBJECT_OPERATOR", "T_ENUM", "T_READONLY"];
  const listTokens =
    'foreach (token_get_all(stream_get_contents(STDIN), TOKEN_PARSE) as $t) { echo is_array($t) ? token_name($t[0]) : $t, "\\n"; }';
  for (const client of ["php", "php-symfony"] as const) {
    const { stdout, exitCode } = Bun.spawnSync(["php", "-r", listTokens], { stdin: Buffer.from(renderClient(client)) });
    expect(exitCode).toBe(0);
    expect(younger.filter((token) => stdout.toString().split("\n").includes(token))).toEqual([]);
  }
});

test.skipIf(missing("python3") !== null)("the Python file holds no syntax younger than Python 3.8", () => {
  const parse = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))";
  expect(Bun.spawnSync(["python3", "-c", parse], { stdin: Buffer.from(renderClient("python")) }).exitCode).toBe(0);
});
