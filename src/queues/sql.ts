import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { Connection } from "./connection.ts";
import { toDepth } from "./count.ts";
import { failed, type QueueReading, type Source } from "./queue.ts";

type SqlSpec = Extract<QueueSpec, { kind: "sql" }>;

/** The first column of the first row of a query, in a transaction that can only read. */
export function sqlSource(spec: SqlSpec, timeoutMs: number): Source {
  const [, file] = /^(?:sqlite|file):(?:\/\/)?([^?]*)/u.exec(spec.url) ?? [];
  return file === undefined ? serverSource(spec, timeoutMs) : sqliteSource(file, spec.query);
}

function serverSource({ url, query }: SqlSpec, timeoutMs: number): Source {
  const connection = new Connection(
    () => new Bun.SQL(url, { max: 1, idleTimeout: 0, connectionTimeout: Math.ceil(timeoutMs / 1000) }),
    (sql) => void sql.close({ timeout: 0 }).catch(() => {}), // there is nobody to tell
  );
  return {
    read: (signal) =>
      connection.use(signal, (sql) =>
        sql.begin("read only", async (transaction) => {
          // A server goes on with a query whose client has hung up, and each evaluation would add one: it gets a limit of its own.
          const limitMs = Math.ceil(timeoutMs);
          if (sql.options.adapter !== "postgres") {
            return firstOf(await transaction.unsafe(withMysqlLimit(query, limitMs)).values());
          }
          await transaction.unsafe(`SET LOCAL statement_timeout = ${limitMs}`);
          return firstOf(await transaction.unsafe(query).values());
        }),
      ),
    close: () => connection.close(),
  };
}

/** A SELECT with the hint that MySQL takes for a time limit. To MariaDB it is a comment. */
export function withMysqlLimit(query: string, limitMs: number): string {
  return query.replace(/^\s*SELECT\b/iu, (select) => `${select} /*+ MAX_EXECUTION_TIME(${limitMs}) */`);
}

/** SQLite answers on the spot and on this thread: so the query should be one that an index answers. */
function sqliteSource(file: string, query: string): Source {
  return {
    async read() {
      const { Database } = await import("bun:sqlite");
      // Opened each time: the file may be replaced. Read-only, lest a wrong name makes an empty one.
      using database = new Database(file, { readonly: true });
      using statement = database.query(query);
      return firstOf(statement.values());
    },
    close() {},
  };
}

function firstOf(rows: unknown): QueueReading {
  const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
  if (!Array.isArray(row)) return failed("the query gave no row; select a number, count(*) for instance");
  return toDepth(row[0]);
}
