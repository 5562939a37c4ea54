import type { ErrorDocument } from "../../protocol/control-api.ts";

/** An answer of one JSON document. */
export function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** What is wrong with a request; `message` is one line that says what to do. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return json(status, { error: { code, message } } satisfies ErrorDocument, headers);
}

/** Nothing more is read of a body that is too long: the connection is closed. */
export function tooLong(mostBytes: number): Response {
  return refusal(413, "too_large", `the body is longer than ${mostBytes} bytes; send less`, { connection: "close" });
}

const lines = { headers: { "content-type": "application/x-ndjson" } } as const;

/** Documents, one a line. */
export function ndjson(documents: readonly object[]): Response {
  return new Response(documents.map((document) => `${JSON.stringify(document)}\n`).join(""), lines);
}

/** As `ndjson`, for as long as there are documents. */
export function ndjsonStream(body: ReadableStream<Uint8Array>): Response {
  return new Response(body, lines);
}
