import type { FastcgiSpec } from "../core/farm/tasks-spec.ts";
import { type JsonPlace, jsonPlace, placeWords, within } from "./fastcgi-json.ts";
import { beginRequest, encodeRecords, type FastcgiRecord, maxContentBytes } from "./fastcgi-records.ts";
import { recordType, streamRecords } from "./fastcgi-records.ts";

/** A task as it is sent. */
export interface FastcgiRequest {
  readonly bytes: Uint8Array;
  /** A parameter that is longer than a record, which FastCGI allows and PHP does not take; null when there is none. */
  readonly longParam: string | null;
}

/** A JSON text on one line to the request that hands it to the script. */
export type RequestWriter = (taskId: number, payload: string) => FastcgiRequest;

const encoder = new TextEncoder();
const placeholder = /\{payload((?:\.[^.{}]+)*)\}/gu;

/** How the tasks of this consumer become requests: a POST of the payload to its script. What is the same for all is encoded once. */
export function requestWriter(spec: FastcgiSpec, consumer: string): RequestWriter {
  const params = Object.entries({ ...ownParams(spec.script, consumer), ...spec.params });
  const fixed = params.filter(([, text]) => !hasPlaceholder(text)).map(([name, text]) => encodePair(name, text));
  const filled = params.filter(([, text]) => hasPlaceholder(text));
  return (taskId, payload) => {
    const body = encoder.encode(payload);
    const place = filled.length === 0 ? null : jsonPlace(body);
    const own = { CONTENT_LENGTH: String(body.length), PM_TASK_ID: String(taskId) };
    const pairs = [
      ...fixed,
      ...Object.entries(own).flatMap(([name, text]) => (name in spec.params ? [] : [encodePair(name, text)])),
      ...filled.map(([name, text]) => encodePair(name, fillIn(text, place))),
    ];
    const long = filled.find((_, index) => pairs[pairs.length - filled.length + index]!.length > maxContentBytes);
    const records = [beginRequest, ...paramRecords(pairs), ...streamRecords(recordType.stdin, body)];
    return { bytes: encodeRecords(records), longParam: long?.[0] ?? null };
  };
}

/** The text with `{payload}` and `{payload.a.0}` filled in: strings as they read, other values as JSON, nothing for what is not there. */
export function fillIn(text: string, payload: JsonPlace | null): string {
  return text.replaceAll(placeholder, (_, path: string) => {
    let place = payload;
    for (const name of path.split(".").slice(1)) place = place === null ? null : within(place, name);
    return place === null ? "" : placeWords(place);
  });
}

function hasPlaceholder(text: string): boolean {
  return text.search(placeholder) >= 0;
}

/** What CGI asks for, and what PHP and its frameworks look at. */
function ownParams(script: string, consumer: string): Readonly<Record<string, string>> {
  const name = `/${script.slice(script.lastIndexOf("/") + 1)}`;
  return {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "pm",
    SERVER_NAME: "localhost",
    SERVER_PORT: "80",
    REMOTE_ADDR: "127.0.0.1",
    REDIRECT_STATUS: "200", // without it php-cgi refuses whatever does not come from a web server
    REQUEST_METHOD: "POST",
    REQUEST_URI: name,
    QUERY_STRING: "",
    SCRIPT_FILENAME: script,
    SCRIPT_NAME: name,
    CONTENT_TYPE: "application/json",
    PM_CONSUMER: consumer,
  };
}

/** Whole pairs to a record as long as they fit: PHP takes each record by itself. */
function paramRecords(pairs: readonly Uint8Array[]): readonly FastcgiRecord[] {
  const packs: Uint8Array[][] = [];
  let room = 0;
  for (const pair of pairs) {
    const pack = packs.at(-1);
    if (pack === undefined || pair.length > room) {
      packs.push([pair]);
      room = maxContentBytes - pair.length;
    } else {
      pack.push(pair);
      room -= pair.length;
    }
  }
  const records = packs.flatMap((pack) => streamRecords(recordType.params, joined(pack)).slice(0, -1));
  return [...records, ...streamRecords(recordType.params, new Uint8Array(0))];
}

/** One name and value with their lengths in bytes: one byte up to 127, else four. */
function encodePair(name: string, value: string): Uint8Array {
  const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
  return joined([lengthBytes(nameBytes.length), lengthBytes(valueBytes.length), nameBytes, valueBytes]);
}

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  return Uint8Array.of((length >>> 24) | 0x80, length >>> 16, length >>> 8, length);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
