import { afterEach, expect, test } from "bun:test";
import { startTaskServer, type TaskServer } from "../../src/surface/task-server.ts";
import { FakeDesk, fine } from "../support/fake-desk.ts";

const running: TaskServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

const token = "a-secret-of-some-length";

async function start() {
  const desk = new FakeDesk();
  desk.inlet.answer = ({ payload }) => fine(payload);
  const bugs: unknown[] = [];
  const started = await startTaskServer({
    host: "127.0.0.1",
    port: 0,
    token,
    desk,
    onBug: (error) => bugs.push(error),
  });
  if (!started.ok) throw new Error(started.message);
  running.push(started.server);
  return { address: started.server.address, desk, bugs };
}

const post = (
  authorization: string | null,
  body = '{"payload":9007199254740993}',
  type = "application/json",
): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": type, ...(authorization === null ? {} : { authorization }) },
});

test.each([
  ["nothing", null],
  ["another token", "Bearer a-secret-of-some-lengtH"],
  ["a longer one", `Bearer ${token}x`],
  ["another scheme", `Basic ${token}`],
  ["the token alone", token],
])("who shows %s is refused, whatever is asked", async (_, authorization) => {
  const { address, desk } = await start();
  for (const path of ["/v1/consumers/async/tasks", "/v1/status", "/"]) {
    const response = await fetch(address + path, post(authorization));
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  }
  expect(desk.inlet.submitted).toEqual([]);
});

test("who shows the token gets tasks done, one or a stream of them", async () => {
  const { address } = await start();
  const one = await fetch(`${address}/v1/consumers/async/tasks`, post(`Bearer ${token}`));
  expect([one.status, await one.text()]).toEqual([200, '{"id":null,"result":9007199254740993}\n']);
  const stream = await fetch(
    `${address}/v1/consumers/async/tasks?bare=1`,
    post(`Bearer ${token}`, "1\n2\n", "application/x-ndjson"),
  );
  expect(await stream.text()).toBe('{"id":1,"result":1}\n{"id":2,"result":2}\n');
});

test.each([
  ["GET", "/v1/consumers/async/tasks", 405],
  ["POST", "/v1/consumers/async/stop", 404],
  ["POST", "/v1/consumers/%ff/tasks", 404],
  ["POST", "/v1/consumers/nobody/tasks", 404],
  ["GET", "/v1/status", 404],
  ["POST", "/v1/shutdown", 404],
])("%s %s is a %i: it can do nothing but tasks", async (method, path, status) => {
  const { address } = await start();
  const response = await fetch(address + path, { method, headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
});

test("a bug is a 500 for one request", async () => {
  const { address, desk, bugs } = await start();
  desk.pool = () => {
    throw new Error("oh");
  };
  expect((await fetch(`${address}/v1/consumers/async/tasks`, post(`Bearer ${token}`))).status).toBe(500);
  expect(bugs).toHaveLength(1);
});

test("a port that is taken, and a host that is none, are told on one line", async () => {
  const { address, desk } = await start();
  const { port } = new URL(address);
  const options = { host: "127.0.0.1", port: Number(port), token, desk, onBug: () => {} };
  expect(await startTaskServer(options)).toEqual({
    ok: false,
    message: `task_server: cannot listen on 127.0.0.1:${port}: the port is in use; stop the other program or set task_server.port (0 takes a free one)`,
  });
  expect(await startTaskServer({ ...options, host: "" })).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^task_server\.host: /u),
  });
});
