import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { LaneAnswer } from "../../../src/core/tasks/lane-answer.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { TestLane } from "../../support/fastcgi-lane.ts";
import { endRecord, FakeFastcgiServer, record } from "../../support/fastcgi-server.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const headers = "Content-Type: application/json\r\n\r\n";

/** A fake server, and a lane to it. */
function pair(options: { maxBytes?: number; supervised?: boolean } = {}) {
  const folder = temporaryFolder();
  const path = join(folder.path, "fastcgi.sock");
  const server = new FakeFastcgiServer(path);
  const clock = new FakeClock();
  const lane = new TestLane({ kind: "unix", path }, clock, {}, options);
  const end = (): void => {
    lane[Symbol.dispose]();
    server[Symbol.dispose]();
    folder[Symbol.dispose]();
  };
  return { server, clock, lane, [Symbol.dispose]: end };
}

/** Has the lane serve one task, so that its connection has been used. */
async function serveOne({ server, lane }: ReturnType<typeof pair>): Promise<void> {
  const answer = lane.run("first");
  (await server.next()).answer(`${headers}1`);
  await answer;
}

/** The same, and then the connection ends. */
async function serveAndClose(it: ReturnType<typeof pair>): Promise<void> {
  const answer = it.lane.run("first");
  const request = await it.server.next();
  const closed = it.server.closed();
  request.answer(`${headers}1`);
  request.hangUp();
  await answer;
  await closed;
}

/** A worker whose used connection ends with the next task on it. */
async function losing(): Promise<ReturnType<typeof pair> & { answer: Promise<LaneAnswer> }> {
  const it = pair({ supervised: true });
  await serveOne(it);
  const answer = it.lane.run(2);
  const request = await it.server.next();
  const closed = it.server.closed();
  request.hangUp();
  await closed;
  return { ...it, answer };
}

describe("a lane to a FastCGI server", () => {
  test("connects when the first task comes, and keeps the connection for the next ones", async () => {
    using it = pair();
    expect(it.server.connections).toBe(0);
    for (const n of [1, 2, 3]) {
      const answer = it.lane.run({ n });
      const request = await it.server.next();
      expect(request).toMatchObject({ body: `{"n":${n}}`, connection: 1, flags: 1 });
      expect(request.params).toMatchObject({ PM_CONSUMER: "thumbs", PM_TASK_ID: String(n) });
      request.answer(`${headers}{"result":${n}}`);
      expect(await answer).toEqual({ ok: true, result: String(n) });
    }
  });

  test("speaks TCP too", async () => {
    using server = new FakeFastcgiServer(null);
    using lane = new TestLane({ kind: "tcp", host: "localhost", port: server.port }, new FakeClock());
    const answer = lane.run("ü");
    const request = await server.next();
    request.answer(`${headers}"${request.body.length}"`);
    expect(await answer).toEqual({ ok: true, result: '"3"' });
  });

  test("hands over one task at a time, the others in order", async () => {
    using it = pair();
    const answers = [1, 2, 3].map((n) => it.lane.run(n));
    for (const n of [1, 2, 3]) {
      const request = await it.server.next();
      expect(request.body).toBe(String(n));
      request.answer(`${headers}${n}`);
    }
    expect(await Promise.all(answers)).toEqual([1, 2, 3].map((n) => ({ ok: true, result: String(n) })));
  });

  test("sends and takes 20 MB, cut into records", async () => {
    using it = pair();
    const text = "ü".repeat(10_000_000);
    const answer = it.lane.run(text);
    const request = await it.server.next();
    expect(request.records[5]).toBeGreaterThan(300);
    expect(request.body === JSON.stringify(text)).toBeTrue();
    request.answer(`${headers}{"result":${request.body}}`);
    const { ok, ...rest } = await answer;
    expect([ok, "result" in rest && rest.result === JSON.stringify(text)]).toEqual([true, true]);
  });

  test("takes an answer that comes byte by byte", async () => {
    using it = pair();
    const answer = it.lane.run(null);
    const request = await it.server.next();
    const bytes = Buffer.concat([record(7, "warn"), record(6, `${headers}"`), record(6, 'ü"'), endRecord()]);
    for (const byte of bytes) {
      request.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect(await answer).toEqual({ ok: true, result: '"ü"' });
  });

  test("refuses an answer that is longer than allowed, and takes the next one", async () => {
    using it = pair({ maxBytes: 1000 });
    for (const length of [1001, 200_000]) {
      const answer = it.lane.run(null);
      (await it.server.next()).answer(`${headers}${"x".repeat(length)}`);
      expect(await answer).toMatchObject({ ok: false, kind: "too_large" });
    }
    const answer = it.lane.run(null);
    (await it.server.next()).answer(`${headers}"${"x".repeat(998)}"`);
    expect(await answer).toMatchObject({ ok: true });
  });

  test("keeps the beginning of a flood on STDERR only", async () => {
    using it = pair();
    const answer = it.lane.run(null);
    const request = await it.server.next();
    for (let n = 0; n < 100; n++) request.write(record(7, "noise ".repeat(1000)));
    request.write(record(7, "PHP Fatal error:  too late to be seen"));
    request.answer(`${headers}1`);
    expect(await answer).toEqual({ ok: true, result: "1" });
  });
});

describe("a server that refuses", () => {
  test.each([
    [1, "refused"],
    [2, "refused"],
    [3, "final"],
  ] as const)("with protocol status %d: the task is %s", async (protocolStatus, kind) => {
    using it = pair();
    const answer = it.lane.run(null);
    (await it.server.next()).answer("", { protocolStatus });
    expect(await answer).toMatchObject({ ok: false, kind });
  });

  test("connections is told with the reason, and tried again with the next task", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "fastcgi.sock");
    using lane = new TestLane({ kind: "unix", path }, new FakeClock());
    const message = `cannot connect to unix:${path}: there is no such socket (ENOENT)`;
    expect(await lane.run(null)).toEqual({ ok: false, kind: "refused", message, details: null });
    using server = new FakeFastcgiServer(path);
    const answer = lane.run(null);
    (await server.next()).answer(`${headers}1`);
    expect(await answer).toMatchObject({ ok: true });
  });

  test.each([
    ["127.0.0.1", "cannot connect to 127.0.0.1:1: nobody listens there, or too many wait to be let in (ECONNREFUSED)"],
    ["::1", "cannot connect to [::1]:1: nobody listens there, or too many wait to be let in (ECONNREFUSED)"],
  ])("TCP connections to %s is told so", async (host, message) => {
    using lane = new TestLane({ kind: "tcp", host, port: 1 }, new FakeClock());
    expect(await lane.run(null)).toMatchObject({ kind: "refused", message });
  });

  test.each([
    [60_000, 5000, "no connection within 5 s"],
    [2000, 2000, "no connection within 2 s"],
  ])("to be reached in time is given up (a deadline of %d ms, after %d)", async (timeoutMs, afterMs, why) => {
    const clock = new FakeClock();
    using lane = new TestLane({ kind: "tcp", host: "192.0.2.1", port: 9000 }, clock); // nobody answers for this network
    const answer = lane.run(null, timeoutMs);
    clock.advance(afterMs - 1);
    clock.advance(1);
    expect(await answer).toMatchObject({ kind: "refused", message: `cannot connect to 192.0.2.1:9000: ${why}` });
  });
});

describe("a connection that ends", () => {
  test("between two requests is made again", async () => {
    using it = pair();
    const first = it.lane.run(1);
    const request = await it.server.next();
    const closed = it.server.closed();
    request.answer(`${headers}1`);
    request.hangUp();
    await first;
    await closed;
    const second = it.lane.run(2);
    const next = await it.server.next();
    expect(next.connection).toBe(2);
    next.answer(`${headers}2`);
    expect(await second).toEqual({ ok: true, result: "2" });
  });

  test("at once, without a word, after it had served before may not have brought the task: it is sent again, once", async () => {
    using it = pair();
    await serveOne(it);
    const answer = it.lane.run(2);
    (await it.server.next()).hangUp();
    const again = await it.server.next();
    expect(again).toMatchObject({ connection: 2, body: "2" });
    again.hangUp();
    expect(await answer).toMatchObject({ ok: false, kind: "failed" });
    expect(it.server.connections).toBe(2);
  });

  describe("so at a worker", () => {
    test("has its task refused when the process has ended of its own free will", async () => {
      using it = await losing();
      expect(Bun.peek.status(it.answer)).toBe("pending");
      it.lane.lane.ended(true);
      expect(await it.answer).toMatchObject({ kind: "refused" });
    });

    test("leaves its task to whoever answers for a process that has crashed", async () => {
      using it = await losing();
      it.lane.lane.ended(false);
      it.clock.advance(10_000);
      expect(Bun.peek.status(it.answer)).toBe("pending");
    });

    test("has its task refused after a moment when the process goes on", async () => {
      using it = await losing();
      it.clock.advance(250);
      expect(await it.answer).toMatchObject({ kind: "refused", message: "the server closed the connection" });
    });
  });

  test.each<[string, (it: ReturnType<typeof pair>) => Promise<void>, boolean, number, boolean]>([
    ["of its own free will may not have seen the task", serveOne, true, 1000, true],
    ["of its own free will after a while has seen it", serveOne, true, 1001, false],
    ["of its own free will at its first task has seen it", async () => {}, true, 0, false],
    ["by a crash has seen it", serveOne, false, 0, false],
    ["of its own free will may not have seen the task, on a new connection either", serveAndClose, true, 1000, true],
  ])("because its process has ended, as is heard first, %s", async (_, before, isWanted, afterMs, isRefused) => {
    using it = pair({ supervised: true });
    await before(it);
    const answer = it.lane.run(2);
    await it.server.next();
    it.clock.advance(afterMs);
    it.lane.lane.ended(isWanted);
    expect(Bun.peek(answer)).toEqual(isRefused ? expect.objectContaining({ kind: "refused" }) : answer);
    expect(it.lane.lane.send(9, "1", 1000)).toBeFalse();
  });

  test.each<[string, (it: ReturnType<typeof pair>) => Promise<void>, Buffer, number, string]>([
    ["the first time", async () => {}, Buffer.alloc(0), 0, "the server closed the connection without an answer"],
    ["after a while", serveOne, Buffer.alloc(0), 101, "the server closed the connection without an answer"],
    ["within its answer", serveOne, record(7, "oh"), 0, "the server closed the connection within its answer"],
    ["before the end", serveOne, record(6, `${headers}1`), 0, "the server closed the connection within its answer"],
  ])("%s has failed the task", async (_, before, bytes, afterMs, message) => {
    using it = pair();
    await before(it);
    const answer = it.lane.run(2);
    const request = await it.server.next();
    it.clock.advance(afterMs);
    request.write(bytes);
    request.hangUp();
    expect(await answer).toMatchObject({ ok: false, kind: "failed", message });
  });

  test("of a worker leaves it a moment to be known as ended, so that the loss is told and not this", async () => {
    using it = pair({ supervised: true });
    const answer = it.lane.run(1);
    const request = await it.server.next();
    const closed = it.server.closed();
    request.hangUp();
    await closed;
    it.clock.advance(249);
    expect(Bun.peek.status(answer)).toBe("pending");
    it.clock.advance(1);
    expect(await answer).toMatchObject({
      kind: "failed",
      message: "the server closed the connection without an answer",
    });
  });

  test("with a lane that is closed is answered by nobody here", async () => {
    using it = pair({ supervised: true });
    const answer = it.lane.run(1);
    const request = await it.server.next();
    const closed = it.server.closed();
    it.lane.lane.close();
    await closed;
    request.hangUp();
    it.clock.advance(10_000);
    expect(Bun.peek.status(answer)).toBe("pending");
    expect(it.lane.lane.send(9, "1", 1000)).toBeFalse();
  });

  test("busy, to a server that others use, makes room for them after a while; a worker's is kept", async () => {
    for (const supervised of [false, true]) {
      using it = pair({ supervised });
      for (const n of [1, 2, 3]) {
        const answer = it.lane.run(n);
        const request = await it.server.next();
        expect(request.connection).toBe(supervised || n < 3 ? 1 : 2);
        it.clock.advance(50);
        request.answer(`${headers}${n}`);
        await answer;
      }
    }
  });

  test("idle, to a server that others use, is closed by us; a worker's is kept", async () => {
    using shared = pair();
    await serveOne(shared);
    const closed = shared.server.closed();
    shared.clock.advance(100);
    await closed;

    using own = pair({ supervised: true });
    await serveOne(own);
    own.clock.advance(1_000_000);
    const answer = own.lane.run(2);
    const request = await own.server.next();
    expect(request.connection).toBe(1);
    request.answer(`${headers}2`);
    await answer;
  });
});

describe("a server that does not keep to FastCGI", () => {
  test.each<[string, Buffer, string]>([
    ["sends garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "version 72 instead of 1"],
    ["answers another request", record(6, "x", { id: 2 }), "a record of request 2"],
    ["answers twice", Buffer.concat([endRecord(), endRecord()]), "more than one answer"],
  ])("because it %s fails the task, and loses the connection", async (_, bytes, problem) => {
    using it = pair();
    await serveOne(it);
    const closed = it.server.closed();
    const answer = it.lane.run(2);
    (await it.server.next()).write(bytes);
    expect(await answer).toMatchObject({ kind: "failed", message: expect.stringContaining(problem) });
    expect(it.lane.problems).toEqual([`broken: ${problem}`]);
    await closed;
    const next = it.lane.run(3);
    const request = await it.server.next();
    expect(request.connection).toBe(2);
    request.answer(`${headers}3`);
    expect(await next).toEqual({ ok: true, result: "3" });
  });

  test("because it speaks unasked loses the connection", async () => {
    using it = pair();
    const first = it.lane.run(1);
    const request = await it.server.next();
    request.answer(`${headers}1`);
    await first;
    const closed = it.server.closed();
    request.write(record(6, "x"));
    await closed;
    expect(it.lane.problems).toEqual(["broken: an answer to no request"]);
  });

  test("because it answers before it has read the request gets the next one on a fresh connection", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "fastcgi.sock");
    let opened = 0;
    const answer = Buffer.concat([record(6, `${headers}1`), endRecord()]);
    const open = (socket: Bun.Socket): void => {
      opened++;
      socket.pause();
      socket.write(answer);
    };
    const server = Bun.listen({ unix: path, socket: { open, data() {} } });
    using lane = new TestLane({ kind: "unix", path }, new FakeClock());
    expect(await lane.run("x".repeat(5_000_000))).toEqual({ ok: true, result: "1" });
    expect(await lane.run("x".repeat(5_000_000))).toEqual({ ok: true, result: "1" });
    expect(opened).toBe(2);
    server.stop(true);
  });
});

describe("a task that is called off", () => {
  test("is aborted, and its end heard", async () => {
    using it = pair();
    const answer = it.lane.run(1);
    const request = await it.server.next();
    const aborted = it.server.aborted();
    it.lane.lane.cancel(1);
    await aborted;
    request.answer("", { applicationStatus: 1 });
    expect(await answer).toMatchObject({ ok: false, kind: "failed" });
    const next = it.lane.run(2);
    const second = await it.server.next();
    expect(second.connection).toBe(2); // the abort may have been left unread
    second.answer(`${headers}2`);
    expect(await next).toEqual({ ok: true, result: "2" });
  });

  test("and does not end is left alone after half a second where others use the server too", async () => {
    using it = pair();
    const answer = it.lane.run(1);
    await it.server.next();
    const aborted = it.server.aborted();
    it.lane.lane.cancel(1);
    await aborted;
    const closed = it.server.closed();
    it.clock.advance(499);
    expect(Bun.peek.status(answer)).toBe("pending");
    it.clock.advance(1);
    expect(await answer).toMatchObject({ ok: false, kind: "failed", message: "called off" });
    await closed;
  });

  test("and does not end in a worker is left to whoever replaces it", async () => {
    using it = pair({ supervised: true });
    const answer = it.lane.run(1);
    await it.server.next();
    const aborted = it.server.aborted();
    it.lane.lane.cancel(1);
    await aborted;
    it.clock.advance(60_000);
    expect(Bun.peek.status(answer)).toBe("pending");
  });

  test("while its server reads no further is given up at once where others use it too, and left to its replacement in a worker", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "fastcgi.sock");
    let heard = Promise.withResolvers<void>();
    const data = (socket: Bun.Socket): void => {
      socket.pause();
      heard.resolve();
    };
    const server = Bun.listen({ unix: path, socket: { data } });
    for (const supervised of [false, true]) {
      heard = Promise.withResolvers();
      const clock = new FakeClock();
      using lane = new TestLane({ kind: "unix", path }, clock, {}, { supervised });
      const answer = lane.run("x".repeat(5_000_000));
      await heard.promise;
      lane.lane.cancel(1);
      clock.advance(60_000);
      expect(Bun.peek.status(answer)).toBe(supervised ? "pending" : "fulfilled");
    }
    server.stop(true);
  });

  test("before it began is answered at once, and disturbs no other", async () => {
    using it = pair();
    const first = it.lane.run(1);
    const second = it.lane.run(2);
    it.lane.lane.cancel(2);
    expect(await second).toMatchObject({ kind: "refused" });
    (await it.server.next()).answer(`${headers}1`);
    expect(await first).toEqual({ ok: true, result: "1" });
    it.lane.lane.cancel(1);
    expect(it.server.aborts).toEqual([]);
  });

  test("while it is being connected is answered at once", async () => {
    using it = pair();
    const answer = it.lane.run(1);
    it.lane.lane.cancel(1);
    expect(await answer).toMatchObject({ ok: false, message: "called off" });
    const next = it.lane.run(2);
    const request = await it.server.next();
    expect(request.body).toBe("2");
    request.answer(`${headers}2`);
    expect(await next).toEqual({ ok: true, result: "2" });
  });
});
