import type { InferOutput } from "valibot";
import { refusal, tooLong } from "./answers.ts";
import type { EndingStream } from "./last-answers.ts";
import type { LineStream } from "./line-stream.ts";
import type { ControlPorts } from "./ports.ts";
import { noQuery as noMembers } from "../../protocol/control-requests.ts";
import { maxBodyBytes, type Members, readBody, readQuery } from "./read-members.ts";

/** What the routes work with. */
export interface Served {
  readonly ports: ControlPorts;
  readonly version: string;
  /** Every route, for the two documents that tell of them. */
  readonly routes: readonly Route[];
  /** Answers with a stream that ends with the server. `open` puts in what there is and gives the end of its subscription. */
  readonly openStream: (open: (stream: LineStream) => () => void) => Response;
  /** A stream of another kind, which ends with the server, too. */
  readonly keepStream: (stream: EndingStream) => void;
}

/** What a request says, apart from its method and route. */
export interface Asked {
  readonly request: Request;
  /** After the `?`, as it came. */
  readonly query: string;
  /** The consumer of the path, decoded; empty where the path has none. */
  readonly consumer: string;
}

/** The names of the documents of `openapi.ts`. */
export type DocumentName =
  | "FarmStatus"
  | "ExplainDocument"
  | "OperationAnswer"
  | "ReloadAnswer"
  | "EventLine"
  | "LogLineDocument"
  | "IndexDocument"
  | "TaskAnswerDocument"
  | "OpenApi"
  | "ErrorDocument";

/** One route. The server finds it in the table, and the OpenAPI document tells of it. */
export interface Route {
  readonly method: "GET" | "POST";
  /** `{consumer}` stands for one part of the path. */
  readonly path: string;
  readonly summary: string;
  readonly query: Members;
  /** Null where there is none. */
  readonly body: Members | null;
  /** What it answers, by status, but for the refusals that every route has. */
  readonly answers: Readonly<Record<number, DocumentName>>;
  /** True when it answers with documents, one a line; `both` when requests may come so, too, and are answered so. */
  readonly lines: boolean | "both";
  answer(served: Served, asked: Asked): Promise<Response>;
}

type Described = Pick<Route, "path" | "summary" | "answers"> & { readonly lines?: boolean };

/** A route that only looks. */
export function get<Q extends Members>(
  described: Described,
  query: Q,
  answer: (served: Served, query: InferOutput<Q>, consumer: string) => Promise<Response> | Response,
): Route {
  return {
    lines: false,
    ...described,
    method: "GET",
    query,
    body: null,
    async answer(served, asked) {
      const read = readQuery(query, asked.query);
      return read.ok ? await answer(served, read.value, asked.consumer) : refusal(400, "bad_query", read.message);
    },
  };
}

/** A route that does something. */
export function post<B extends Members>(
  described: Described,
  body: B,
  answer: (served: Served, body: InferOutput<B>, consumer: string) => Promise<Response> | Response,
): Route {
  return {
    lines: false,
    ...described,
    method: "POST",
    query: noMembers,
    body,
    async answer(served, asked) {
      const query = readQuery(noMembers, asked.query);
      if (!query.ok) return refusal(400, "bad_query", query.message);
      const read = await readBody(body, asked.request);
      if (read === "too_long") return tooLong(maxBodyBytes);
      return read.ok ? await answer(served, read.value, asked.consumer) : refusal(400, "bad_body", read.message);
    },
  };
}
