import { beforeEach, describe, expect, test } from "bun:test";
import { type DemoMessage, messageAt, scenarios } from "../../src/demo/load.ts";
import { QueueClient } from "../../src/demo/queue-client.ts";
import { serveQueue } from "../../src/demo/queue-server.ts";
import { DemoQueue, QueueSession } from "../../src/demo/queue.ts";

const never = new AbortController().signal;
const message = (id: number, transport: string): DemoMessage => ({ ...messageAt(scenarios.steady, 0), id, transport });

/** A worker at the queue, and the messages it was sent, as `id/attempt`. */
class Peer {
  readonly got: string[] = [];
  readonly session: QueueSession;

  constructor(queue: DemoQueue) {
    this.session = new QueueSession(queue, (line) => {
      const { id, attempt }: DemoMessage = JSON.parse(line);
      this.got.push(`${id}/${attempt}`);
    });
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) this.session.hear(`${line}\n`);
  }
}

let queue = new DemoQueue();
let one = new Peer(queue);
let two = new Peer(queue);
beforeEach(() => {
  queue = new DemoQueue();
  one = new Peer(queue);
  two = new Peer(queue);
});

describe("the queue", () => {
  test("hands messages out in their order, one to a worker", () => {
    for (const id of [1, 2, 3]) queue.put(message(id, "mails"));
    one.say("take mails");
    two.say("take mails");
    one.say("done", "take mails");
    expect([one.got, two.got]).toEqual([["1/1", "3/1"], ["2/1"]]);
  });

  test("gives a new message to the worker that has waited longest", () => {
    one.say("take mails");
    two.say("take mails");
    queue.put(message(1, "mails"));
    queue.put(message(2, "mails"));
    expect([one.got, two.got]).toEqual([["1/1"], ["2/1"]]);
  });

  test("gives a worker its own transports only, the first one first", () => {
    queue.put(message(1, "mails"));
    queue.put(message(2, "previews"));
    queue.put(message(3, "thumbnails"));
    one.say("take thumbnails previews", "done", "take thumbnails previews", "done", "take thumbnails previews");
    queue.put(message(4, "mails"));
    expect(one.got).toEqual(["3/1", "2/1"]);
  });

  test("delivers a message again behind the others when its worker asks for that", () => {
    queue.put(message(1, "mails"));
    one.say("take mails");
    queue.put(message(2, "mails"));
    one.say("again", "take mails", "done", "take mails");
    expect(one.got).toEqual(["1/1", "2/1", "1/2"]);
  });

  test("delivers the message of a lost worker again, before the others", () => {
    queue.put(message(1, "mails"));
    queue.put(message(2, "mails"));
    one.say("take mails");
    one.session.leave();
    two.say("take mails");
    expect(two.got).toEqual(["1/2"]);
  });

  test("does not deliver again what was done, nor to a worker that left while it waited", () => {
    queue.put(message(1, "mails"));
    one.say("take mails", "done", "take mails");
    one.session.leave();
    queue.put(message(2, "mails"));
    two.say("take mails");
    expect([one.got, two.got]).toEqual([["1/1"], ["2/1"]]);
  });

  test("understands lines however they arrive", () => {
    queue.put(message(1, "mails"));
    queue.put(message(2, "mails"));
    one.session.hear("take ma");
    one.session.hear("ils\ndone\ntake mails\n");
    expect(one.got).toEqual(["1/1", "2/1"]);
  });

  test("keeps the newest messages when nobody takes them", () => {
    for (let id = 1; id <= 1100; id++) queue.put(message(id, "mails"));
    one.say("take mails");
    expect(one.got).toEqual(["101/1"]);
  });
});

describe("over a socket", () => {
  test("a worker takes, finishes and repeats messages", async () => {
    const server = serveQueue(queue);
    const client = await QueueClient.connect(server.port);
    const taken = client.take(["mails"], never);
    queue.put(message(1, "mails"));
    expect((await taken)?.id).toBe(1);
    client.again();
    expect((await client.take(["mails"], never))?.attempt).toBe(2);
    client.done();
    server.stop();
    expect(await client.take(["mails"], never)).toBeNull();
  });

  test("a worker that dies with a message in hand does not take it along", async () => {
    const server = serveQueue(queue);
    queue.put(message(1, "mails"));
    const received = Promise.withResolvers<void>();
    const dying = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { data: () => received.resolve() },
    });
    dying.write("take mails\n");
    await received.promise;
    const other = await QueueClient.connect(server.port);
    const taken = other.take(["mails"], never);
    dying.terminate();
    expect((await taken)?.attempt).toBe(2);
    server.stop();
  });

  test("a worker that is told to stop waits no longer", async () => {
    const server = serveQueue(queue);
    const client = await QueueClient.connect(server.port);
    const stop = new AbortController();
    const taken = client.take(["mails"], stop.signal);
    stop.abort();
    expect(await taken).toBeNull();
    expect(await client.take(["mails"], stop.signal)).toBeNull();
    server.stop();
  });
});
