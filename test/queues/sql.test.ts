import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openQueue } from "../../src/queues/open-queue.ts";
import { withMysqlLimit } from "../../src/queues/sql.ts";
import type { QueueReading } from "../../src/queues/queue.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { noPostgres, PostgresServer } from "./postgres-server.ts";

if (noPostgres !== null) console.log(`queues in PostgreSQL are not tested: ${noPostgres}`);

async function ask(url: string, query: string, timeoutMs = 2000): Promise<QueueReading> {
  const queue = openQueue({ kind: "sql", url, query }, timeoutMs);
  try {
    return await queue.depth();
  } finally {
    queue.close();
  }
}

describe("a queue in SQLite", () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "queue.db");
  const count = "SELECT count(*) FROM messages";

  beforeAll(() => {
    using database = new Database(file);
    database.run("CREATE TABLE messages (id INTEGER, queue TEXT)");
    database.run("INSERT INTO messages VALUES (1, 'a'), (2, 'a'), (3, 'b')");
  });
  afterAll(() => folder[Symbol.dispose]());

  test.each([
    ["counts", count, 3],
    ["counts a part", "SELECT count(*) FROM messages WHERE queue = 'a'", 2],
    ["gives the first of several columns", `SELECT 5 AS z, 6 AS "1"`, 5],
    ["gives the first of several rows", "SELECT id FROM messages ORDER BY id DESC", 3],
  ])("%s", async (_, query, depth) => {
    expect(await ask(`sqlite://${file}`, query)).toEqual({ ok: true, depth });
  });

  test.each(["sqlite:", "sqlite://", "sqlite:///", "file://"])("is named %s and a path", async (scheme) => {
    expect(await ask(`${scheme}${file}?mode=ro`, count)).toEqual({ ok: true, depth: 3 });
  });

  test.each([
    ["no row", "SELECT id FROM messages WHERE id = 9", "no row"],
    ["no number", "SELECT queue FROM messages", "no number"],
    ["an empty sum", "SELECT sum(id) FROM messages WHERE id = 9", "no number"],
    ["a mistake", "SELCT", "syntax error"],
    ["no such table", "SELECT 1 FROM nosuch", "nosuch"],
    ["a change", "DELETE FROM messages", "readonly"],
  ])("with %s fails and says so", async (_, query, words) => {
    expect(await ask(`sqlite://${file}`, query)).toMatchObject({ ok: false, why: expect.stringContaining(words) });
  });

  test("that does not exist fails and is not made", async () => {
    const absent = join(folder.path, "nosuch.db");
    expect(await ask(`sqlite://${absent}`, "SELECT 1")).toMatchObject({ ok: false });
    expect(existsSync(absent)).toBe(false);
  });

  test("that is another kind of file fails", async () => {
    const text = join(folder.path, "text");
    writeFileSync(text, "no database at all, but long enough to be looked at. ".repeat(100));
    expect(await ask(`sqlite://${text}`, count)).toEqual({ ok: false, why: "file is not a database" });
  });

  test("is read while somebody writes", async () => {
    using writer = new Database(file);
    writer.run("BEGIN IMMEDIATE");
    writer.run("INSERT INTO messages VALUES (4, 'b')");
    expect(await ask(`sqlite://${file}`, count)).toEqual({ ok: true, depth: 3 });
    writer.run("ROLLBACK");
  });
});

describe.skipIf(noPostgres !== null)("a queue in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test.each([
    ["counts", "SELECT count(*) FROM pg_database", 3],
    ["takes a numeric", "SELECT 12::numeric", 12],
    ["gives the first of several columns", `SELECT 5 AS z, 6 AS "1"`, 5],
  ])("%s", async (_, query, depth) => {
    expect(await ask(server.url, query)).toEqual({ ok: true, depth });
  });

  test.each([
    ["no row", "SELECT 1 WHERE false", "no row"],
    ["nothing", "SELECT sum(1) WHERE false", "no number"],
    ["a text", "SELECT 'many'", "no number"],
    ["a mistake", "SELCT", "syntax error"],
    ["a change", "CREATE TABLE t (a int)", "read-only"],
  ])("with %s fails and says so", async (_, query, words) => {
    expect(await ask(server.url, query)).toMatchObject({ ok: false, why: expect.stringContaining(words) });
  });

  test("goes on after a failed question", async () => {
    const failure: QueueReading = { ok: false, why: "division by zero" };
    const queue = openQueue(
      { kind: "sql", url: server.url, query: "SELECT 10 / (count(*) - 3) FROM pg_database" },
      2000,
    );
    const readings = [await queue.depth(), await queue.depth()];
    queue.close();
    expect(readings).toEqual([failure, failure]);
  });

  test.each([
    ["user and password", (url: string) => url.replace("app:hunter2", "mallory:s3cret-one")],
    ["password", (url: string) => url.replace("hunter2", "s3cret-one")],
    ["database", (url: string) => url.replace(/postgres$/u, "nosuch")],
  ])("with a wrong %s fails without telling the right one or the wrong one", async (_, change) => {
    const reading = await ask(change(server.url), "SELECT 1");
    expect(reading.ok).toBe(false);
    expect(JSON.stringify(reading)).not.toMatch(/mallory|s3cret|hunter2|app/u);
  });

  test("whose query is slow costs no more than the time limit, and the server is rid of the query too", async () => {
    const sql = new Bun.SQL(server.url, { max: 1 });
    const running = async (): Promise<number> => {
      const [row] =
        await sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()`;
      return row.n;
    };
    expect(await ask(server.url, "SELECT count(pg_sleep(600))", 300)).toMatchObject({ ok: false });
    while ((await running()) > 0) await new Promise(setImmediate);
    await sql.close();
  });

  test("leaves no connection behind", async () => {
    const sql = new Bun.SQL(server.url, { max: 1 });
    const others = async (): Promise<number> => {
      const [row] =
        await sql`SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;
      return row.n;
    };
    while ((await others()) > 0) await new Promise(setImmediate); // of the tests before
    const queue = openQueue({ kind: "sql", url: server.url, query: "SELECT 1" }, 2000);
    await Promise.all([queue.depth(), queue.depth()]);
    expect([await queue.depth(), await others()]).toEqual([{ ok: true, depth: 1 }, 1]);
    queue.close();
    while ((await others()) > 0) await new Promise(setImmediate);
    await sql.close();
  });
});

test.each(["postgres", "mysql"])("a %s server that never answers costs no more than the time limit", async (scheme) => {
  const closed = Promise.withResolvers<void>();
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, close: () => closed.resolve() } });
  const reading = await ask(`${scheme}://u:hunter2@127.0.0.1:${server.port}/d`, "SELECT 1", 50);
  await closed.promise;
  expect(reading).toEqual({ ok: false, why: "no answer within 50 ms" });
});

test.each([
  ["SELECT count(*) FROM t", "SELECT /*+ MAX_EXECUTION_TIME(50) */ count(*) FROM t"],
  ["\n select 1", "\n select /*+ MAX_EXECUTION_TIME(50) */ 1"],
  ["SELECTED", "SELECTED"],
  ["SHOW STATUS", "SHOW STATUS"],
])("MySQL is given %j with a time limit of its own", (query, limited) => {
  expect(withMysqlLimit(query, 50)).toBe(limited);
});

test.each(["postgres", "mysql"])("a %s server that is not there fails", async (scheme) => {
  expect(await ask(`${scheme}://u:hunter2@127.0.0.1:1/d`, "SELECT 1")).toEqual({
    ok: false,
    why: "no connection; is the server running, and the address right?",
  });
});
