import { describe, expect, test } from "bun:test";
import { ask, raw, serve, until } from "./control-server.ts";
import { anEntry } from "./fake-ports.ts";

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: pm\r\n\r\n`;
const post = (length: number, body: string): string =>
  `POST /v1/consumers/async/stop HTTP/1.1\r\nhost: pm\r\ncontent-length: ${length}\r\n\r\n${body}`;

describe("a client that leaves pm waiting", () => {
  test.each([
    ["says nothing", ""],
    ["sends half a request", "GET /v1/sta"],
    ["sends half a header", "GET /v1/status HTTP/1.1\r\nho"],
    ["sends half a body", post(100, '{"slot"')],
    ["sends blanks", "   \t  "],
  ])("that %s delays nobody and does nothing", async (_, text) => {
    const { socket, ports, bugs } = await serve();
    const hostile = await raw(socket, text);
    expect((await ask(socket, "/v1/status"))[0]).toBe(200);
    hostile.socket.destroy();
    expect((await ask(socket, "/v1/status"))[0]).toBe(200);
    expect(ports.asked).toEqual([]);
    expect(bugs).toEqual([]);
  });
});

describe("a client that sends nonsense is shown the door", () => {
  test.each([
    ["garbage", "\u0000\u0001\u00ff garbage\r\n\r\n", "400"],
    ["a header without end", `GET /v1/ HTTP/1.1\r\nx: ${"y".repeat(70_000)}`, "431"],
    ["an endless path", `GET /${"x".repeat(70_000)} HTTP/1.1\r\nhost: pm\r\n\r\n`, "431"],
    ["a body announced as too long", post(10_000_000, "{"), "413"],
    ["a negative length", post(-1, "{}"), "400"],
  ])("%s", async (_, text, status) => {
    const { socket, ports, bugs } = await serve();
    const hostile = await raw(socket, text);
    expect(await hostile.closed()).toStartWith(`HTTP/1.1 ${status} `);
    expect((await ask(socket, "/v1/status"))[0]).toBe(200);
    expect(ports.asked).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test("a body of chunks without end", async () => {
    const { socket, ports, bugs } = await serve();
    const hostile = await raw(socket, "POST /v1/reload HTTP/1.1\r\nhost: pm\r\ntransfer-encoding: chunked\r\n\r\n");
    for (let chunk = 0; chunk < 80; chunk++) hostile.socket.write(`400\r\n${" ".repeat(1024)}\r\n`);
    expect(await hostile.closed()).toStartWith("HTTP/1.1 413 ");
    expect(ports.asked).toEqual([]);
    expect(bugs).toEqual([]);
  });

  test("trailing blanks after a request that is whole: it gets its answer first", async () => {
    const { socket } = await serve();
    const client = await raw(socket, `${get("/v1/status")}  \r\n\r\n`);
    const said = await client.closed();
    expect(said).toStartWith("HTTP/1.1 200 OK");
    expect(said).toContain("HTTP/1.1 400 ");
  });

  test("blanks around a body do no harm", async () => {
    const { socket, ports } = await serve();
    const body = ' \n{"slot":1} \r\n\t ';
    const client = await raw(socket, post(body.length, body));
    expect(await client.heard("done")).toStartWith("HTTP/1.1 200 OK");
    expect(ports.asked).toHaveLength(1);
  });
});

test("a thousand idle connections and one that sends byte by byte: everybody else is answered at once", async () => {
  const { socket, ports } = await serve();
  // In portions, since what comes at once and finds the queue of the kernel full is refused.
  for (let portion = 0; portion < 10; portion++) await Promise.all(Array.from({ length: 100 }, () => raw(socket)));
  const slow = await raw(socket);
  let answers = 0;
  for (const byte of post(11, '{"slot": 1}')) {
    slow.socket.write(byte);
    answers += (await ask(socket, "/v1/status"))[0] === 200 ? 1 : 0;
  }
  expect(answers).toBe(post(11, '{"slot": 1}').length);
  expect(await slow.heard("done")).toStartWith("HTTP/1.1 200 OK");
  expect(ports.asked).toHaveLength(1);
});

test("a follower that does not read loses lines, is told how many, and costs bounded memory", async () => {
  const { socket, ports } = await serve();
  ports.entries.length = 0;
  const follower = await raw(socket, get("/v1/events?follow=1"));
  await until(() => ports.eventHearers.size === 1);
  await follower.heard("\r\n\r\n");
  follower.socket.pause();
  const sent = 5_000;
  const message = "x".repeat(1_000);
  for (let id = 1; id <= sent; id++) {
    for (const hear of ports.eventHearers) hear(anEntry(id, { message }));
    if (id % 100 === 0) await ask(socket, "/v1/"); // a turn for the server, and proof that others are served
  }
  for (const hear of ports.eventHearers) hear(anEntry(sent + 1, { message: "the last" }));
  follower.socket.resume();
  const caughtUp = await follower.heard('{"lost":');
  expect(caughtUp).toContain('{"lost":');
  for (const hear of ports.eventHearers) hear(anEntry(sent + 2, { message: "fresh" }));
  const said = await follower.heard("fresh");
  const seen = [...said.matchAll(/"id":\d+/gu)].length;
  const lost = [...said.matchAll(/\{"lost":(\d+)\}/gu)].reduce((sum, [, count]) => sum + Number(count), 0);
  expect(seen + lost).toBe(sent + 2);
  expect(seen).toBeLessThan(2_000); // 256 KiB here, and what the kernel and Bun hold
});

test("followers that vanish by the hundred leave nothing behind", async () => {
  const { socket, ports } = await serve();
  const followers = await Promise.all(Array.from({ length: 200 }, () => raw(socket, get("/v1/logs?follow=1"))));
  await until(() => ports.logHearers.size === 200);
  for (const follower of followers) follower.socket.destroy();
  await until(() => ports.logHearers.size === 0);
  expect((await ask(socket, "/v1/status"))[0]).toBe(200);
});

test("a client that goes away while it waits for an outcome changes nothing for others", async () => {
  const { socket, ports, bugs } = await serve();
  const { promise, resolve } = Promise.withResolvers<{ result: "done"; message: string }>();
  ports.outcome = promise;
  const gone = await raw(socket, post(2, "{}"));
  await until(() => ports.asked.length === 1);
  gone.socket.destroy();
  resolve({ result: "done", message: "done" });
  expect((await ask(socket, "/v1/status"))[0]).toBe(200);
  expect(bugs).toEqual([]);
});
