import type { Kind } from "./kind.ts";
import { text } from "./scalars.ts";

export interface UrlRules {
  /** Without the colon; the first is the usual one. */
  readonly schemes: readonly string[];
  readonly example: string;
  /** What is wrong with one of these schemes, and what to do. */
  readonly meant?: Readonly<Record<string, string>>;
}

/** The address of a server. Messages never show it, because it may hold a password. */
export function url({ schemes, example, meant = {} }: UrlRules): Kind<string> {
  return text({
    expected: `a URL such as ${example}`,
    problem(value) {
      const scheme = /^([a-z][\w+.-]*):/iu.exec(value)?.[1]?.toLowerCase() ?? null;
      const mistaken = scheme !== null && Object.hasOwn(meant, scheme) ? meant[scheme] : undefined;
      if (mistaken !== undefined) return mistaken;
      if (scheme === null || !schemes.includes(scheme)) {
        return `must be a URL that begins with ${schemes.map((each) => `${each}:`).join(", ")}; write one such as ${example}`;
      }
      const parsed = URL.parse(value);
      if (parsed === null) {
        return `is not a valid URL; write one such as ${example}, with / # ? @ : of a password as %2F %23 %3F %40 %3A`;
      }
      const isLocal = scheme === "sqlite" || (scheme.startsWith("redis") && parsed.pathname.length > 1);
      return parsed.hostname === "" && !isLocal ? `names no host; write a URL such as ${example}` : null;
    },
  });
}

export const redisUrl = url({
  schemes: ["redis", "rediss", "redis+unix", "redis+tls"],
  example: "redis://127.0.0.1:6379/0",
});

const pdo = (scheme: string): string => `pm does not know this scheme; write ${scheme}:// in its place`;

const anyDatabase = url({
  schemes: ["postgres", "postgresql", "mysql", "mysql2", "mariadb", "sqlite"],
  example: "postgres://user:password@host:5432/database",
  meant: {
    pgsql: pdo("postgres"),
    pdo_pgsql: pdo("postgres"),
    pdo_mysql: pdo("mysql"),
    sqlite3: pdo("sqlite"),
    pdo_sqlite: pdo("sqlite"),
  },
});

/** A database; what only Doctrine understands of its DATABASE_URL is left out. */
export const databaseUrl: Kind<string> = {
  ...anyDatabase,
  read(value, path, findings) {
    const found = anyDatabase.read(value, path, findings);
    return found?.replaceAll(/(?<=[?&])(serverVersion|charset)=[^&]*(&|$)/gu, "").replace(/[?&]$/u, "");
  },
};

export const httpUrl = url({ schemes: ["http", "https"], example: "http://127.0.0.1:9090" });

const broker = "is the address of the broker; write that of its management API, such as http://guest:guest@host:15672";

export const rabbitmqUrl = url({
  schemes: ["http", "https"],
  example: "http://guest:guest@127.0.0.1:15672",
  meant: { amqp: broker, amqps: broker },
});
