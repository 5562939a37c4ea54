import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type ControlClient, reach } from "../../../src/surface/control/client.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { serve, until } from "./control-server.ts";
import { anEntry } from "./fake-ports.ts";

async function reached(path: string): Promise<ControlClient> {
  const found = await reach(path);
  if (!found.ok) throw new Error(found.message);
  return found.client;
}

/** Listens, reads one request, and answers with this text, or with the end of the connection. */
async function listen(path: string, text: string) {
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(text));
    socket.on("error", () => {});
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(path, resolve);
  await promise;
  return server;
}

test("a client asks and hears", async () => {
  const { socket, ports } = await serve();
  const client = await reached(socket);
  expect(await client.get("/v1/status")).toMatchObject({ status: 200, body: { api: "v1" } });
  expect(await client.get("/v1/nothing")).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
  expect(await client.post("/v1/consumers/async/stop", { by: "alice" })).toMatchObject({ status: 200 });
  expect(ports.asked).toMatchObject([{ who: { by: "alice" } }]);
});

describe("a stream", () => {
  test("is heard document by document until pm ends", async () => {
    const { socket, ports, server } = await serve();
    const client = await reached(socket);
    const heard: unknown[] = [];
    const { signal } = new AbortController();
    const end = client.lines("/v1/events?follow=1", (document) => heard.push(document), signal);
    await until(() => heard.length === 2);
    for (const hear of ports.eventHearers) hear(anEntry(3, { message: "x".repeat(100_000) }));
    await until(() => heard.length === 3);
    await server.stop();
    expect(await end).toBe("ended");
    expect(heard).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test("is left by the signal", async () => {
    const { socket, ports } = await serve();
    const client = await reached(socket);
    const heard: unknown[] = [];
    const leave = new AbortController();
    const end = client.lines("/v1/logs?follow=1", (document) => heard.push(document), leave.signal);
    await until(() => heard.length === 2);
    leave.abort();
    expect(await end).toBe("aborted");
    await until(() => ports.logHearers.size === 0);
  });

  test("that pm refuses is its answer", async () => {
    const { socket } = await serve();
    const client = await reached(socket);
    const { signal } = new AbortController();
    expect(await client.lines("/v1/logs?level=loud", () => {}, signal)).toMatchObject({ status: 400 });
  });
});

describe("where there is no pm", () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);

  test("one line says so", async () => {
    using own = temporaryFolder();
    writeFileSync(join(own.path, "file"), "");
    const none = await reach(join(own.path, "none"));
    expect(none.ok ? "" : none.message).toStartWith(`no pm runs with the socket ${join(own.path, "none")}; `);
    const file = await reach(join(own.path, "file"));
    expect(file.ok ? "" : file.message).toStartWith(`no pm listens on ${join(own.path, "file")}, `);
    const long = await reach(at("x".repeat(120)));
    expect(long.ok ? "" : long.message).toEndWith("is too long for a socket; the kernel takes 107 bytes");
  });

  test.each([
    ["goes away before it answers", "", "pm went away before it answered"],
    ["goes away in the middle", "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", "pm went away before it answered"],
    [
      "is no pm",
      "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
      "what listens on the socket does not speak as pm does",
    ],
  ])("a server that %s is a value", async (_, text, message) => {
    using own = temporaryFolder();
    const server = await listen(join(own.path, "s"), text);
    const client = await reached(join(own.path, "s"));
    const { signal } = new AbortController();
    const answer = { status: 0, body: { error: { code: "no_answer", message } } };
    expect(await client.get("/v1/status")).toEqual(answer);
    expect(await client.post("/v1/reload", {})).toEqual(answer);
    expect(await client.lines("/v1/events", () => {}, signal)).toBe("ended");
    server.close();
  });
});
