import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { TaskFarm, taskPool } from "../support/task-farm.ts";

setDefaultTimeout(60_000);

const token = "a-token-of-the-test-0123456789";

/** A farm whose tasks may come in by TCP. */
class ServedFarm extends TaskFarm {
  constructor() {
    super({ a: taskPool() }, { task_server: { port: 0, token } });
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const { address } = (await this.record("Task server listening.")).context;
    return fetch(`${String(address)}${path}`, init);
  }
}

const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` });
const json = { "content-type": "application/json" };

describe("the task server", () => {
  test("does tasks, single ones and streams, for who has the token", async () => {
    await using pm = new ServedFarm();
    const post = { method: "POST", headers: { ...bearer(token), ...json } };
    const one = await pm.fetch("/v1/consumers/a/tasks", { ...post, body: '{"payload":{"n":1}}' });
    expect([one.status, await one.json()]).toEqual([200, { id: null, result: { n: 1 } }]);
    const failed = await pm.fetch("/v1/consumers/a/tasks", { ...post, body: '{"payload":{"n":2,"fail":"no"}}' });
    expect([failed.status, await failed.json()]).toMatchObject([422, { error: { code: "failed", message: "no" } }]);
    const stream = await pm.fetch("/v1/consumers/a/tasks?bare=1", {
      method: "POST",
      headers: { ...bearer(token), "content-type": "application/x-ndjson" },
      body: '{"n":3}\n{"n":4}\n',
    });
    const answers = (await stream.text())
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect([stream.status, answers]).toMatchObject([200, [{ result: { n: 3 } }, { result: { n: 4 } }]]);
  });

  test.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["another token", bearer(`${token}0`)],
    ["the beginning of the token", bearer(token.slice(0, -1))],
    ["the token without its word", { authorization: token }],
  ])("refuses who has %s, and does nothing for them", async (_, headers) => {
    await using pm = new ServedFarm();
    for (const path of ["/v1/consumers/a/tasks", "/v1/status", "/"]) {
      const answer = await pm.fetch(path, {
        method: "POST",
        headers: { ...headers, ...json },
        body: '{"payload":{"n":1}}',
      });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect(await answer.json()).toMatchObject({ error: { code: "unauthorized" } });
    }
    expect(await pm.metric('task_accepted_total{consumer="a"}')).toBe(0);
    expect(pm.begun()).toEqual([]);
  });

  test("has nothing else, not even for who has the token", async () => {
    await using pm = new ServedFarm();
    const headers = bearer(token);
    for (const path of ["/", "/v1/", "/v1/status", "/v1/events", "/metrics", "/livez", "/v1/openapi.json"])
      expect((await pm.fetch(path, { headers })).status).toBe(404);
    for (const path of ["/v1/shutdown", "/v1/reload", "/v1/consumers/a/stop", "/v1/consumers/a/tasks/x"])
      expect((await pm.fetch(path, { method: "POST", headers })).status).toBe(404);
    expect((await pm.fetch("/v1/consumers/a/tasks", { headers })).status).toBe(405);
    expect(
      (await pm.fetch("/v1/consumers/b/tasks", { method: "POST", headers: { ...headers, ...json }, body: "{}" }))
        .status,
    ).toBe(404);
    expect(await pm.consumer("a")).toMatchObject({ state: "running" });
  });
});
