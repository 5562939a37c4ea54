/** Why a body was not read. */
export type Unread = "too_long" | "broken";

/**
 * The bytes of a body, of which no more are kept than `mostBytes`; one that says it is longer is not read at all. `broken`: the client has gone
 * before it was whole. Bun's own limit is one for all routes, and there are bodies without end.
 */
export async function readBounded(request: Request, mostBytes: number): Promise<Uint8Array | Unread> {
  const length = announcedBytes(request);
  if (length !== null && length > mostBytes) return "too_long";
  try {
    // Not by `body` where it need not be: the stream costs more than most bodies.
    if (length !== null) return await request.bytes();
    return request.body === null ? new Uint8Array() : await readChunks(request.body, mostBytes);
  } catch {
    return "broken";
  }
}

/** How long the body says it is; null for one that comes in chunks. */
export function announcedBytes(request: Request): number | null {
  const header = request.headers.get("content-length");
  return header === null || request.headers.has("transfer-encoding") ? null : Number(header);
}

async function readChunks(body: ReadableStream<Uint8Array>, mostBytes: number): Promise<Uint8Array | Unread> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > mostBytes) return "too_long";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Bytes as text; null when they are no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null; // TextDecoder has no other way to say so
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });
