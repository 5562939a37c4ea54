import {
  eventsQuery,
  logsQuery,
  noQuery,
  reloadBody,
  shutdownBody,
  statusQuery,
} from "../../protocol/control-requests.ts";
import type { LogQuery } from "../../core/farm/log-lines.ts";
import { json, ndjson } from "./answers.ts";
import { toEventLine, toLogLine, toReloadAnswer } from "./documents.ts";
import { operationRoutes } from "./operation-routes.ts";
import { get, post, type Route, type Served } from "./route.ts";
import { taskRoute } from "./task-route.ts";
import { unknownConsumer } from "./unknown-consumer.ts";

/** Everything the control socket answers, in the order of its documentation. */
export const routes: readonly Route[] = [
  get(
    { path: "/v1/", summary: "What is here.", answers: { 200: "IndexDocument" } },
    noQuery,
    ({ version, routes: all }) =>
      json(200, { api: "v1", version, routes: all.map(({ method, path, summary }) => ({ method, path, summary })) }),
  ),
  get(
    { path: "/v1/openapi.json", summary: "This API as an OpenAPI document.", answers: { 200: "OpenApi" } },
    noQuery,
    async ({ version, routes: all }) => {
      const { openApi } = await import("./openapi.ts");
      return json(200, openApi(all, version));
    },
  ),
  get(
    {
      path: "/v1/status",
      summary: "Who runs, since when, and why not.",
      answers: { 200: "FarmStatus", 404: "ErrorDocument" },
    },
    statusQuery,
    async ({ ports }, { consumer }) => {
      const status = await ports.status(consumer);
      return status === null ? unknownConsumer(ports, consumer ?? "") : json(200, status);
    },
  ),
  get(
    {
      path: "/v1/consumers/{consumer}/explain",
      summary: "Why the consumer has as many workers as it has.",
      answers: { 200: "ExplainDocument", 404: "ErrorDocument" },
    },
    noQuery,
    ({ ports }, _query, consumer) => {
      const explained = ports.explain(consumer);
      return explained === null ? unknownConsumer(ports, consumer) : json(200, explained);
    },
  ),
  ...operationRoutes,
  taskRoute,
  post(
    {
      path: "/v1/reload",
      summary: "Applies the changed pm.yaml, or says what would change.",
      answers: { 200: "ReloadAnswer", 409: "ReloadAnswer", 422: "ReloadAnswer" },
    },
    reloadBody,
    async ({ ports }, { by, reason, plan }) => {
      const outcome = await ports.reload({ by, reason }, plan);
      const failed = outcome.result === "conflict" ? 409 : 422;
      return json(outcome.result === "done" || outcome.result === "planned" ? 200 : failed, toReloadAnswer(outcome));
    },
  ),
  post(
    { path: "/v1/shutdown", summary: "Stops the workers in order, then pm.", answers: { 202: "OperationAnswer" } },
    shutdownBody,
    ({ ports }, who) => {
      ports.shutdown(who);
      return json(202, { result: "accepted", message: "pm stops its workers and then itself" });
    },
  ),
  get(
    {
      path: "/v1/events",
      summary: "Who or what changed what, and why.",
      answers: { 200: "EventLine", 404: "ErrorDocument" },
      lines: true,
    },
    eventsQuery,
    ({ ports, openStream }, { consumer, n, follow }) => {
      const { events } = ports;
      const isKnown = consumer === null || ports.explain(consumer) !== null || events.recent(1, consumer).length > 0;
      if (!isKnown) return unknownConsumer(ports, consumer);
      const recent = events.recent(n, consumer).map(toEventLine);
      if (!follow) return ndjson(recent);
      return openStream((lines) => {
        for (const line of recent) lines.put(line);
        return events.follow((entry) => {
          if ((consumer ?? entry.consumer) === entry.consumer) lines.put(toEventLine(entry));
        });
      });
    },
  ),
  get(
    {
      path: "/v1/logs",
      summary: "What the workers wrote.",
      answers: { 200: "LogLineDocument", 404: "ErrorDocument" },
      lines: true,
    },
    logsQuery,
    logs,
  ),
];

interface LogsAsked {
  readonly consumer: string | null;
  readonly slot: number | null;
  readonly worker: number | null;
  readonly stream: "stdout" | "stderr" | null;
  readonly level: LogQuery["minLevel"];
  readonly n: number;
  readonly follow: boolean;
}

async function logs({ ports, openStream }: Served, asked: LogsAsked): Promise<Response> {
  const { consumer, slot, worker, stream, level, n, follow } = asked;
  const query: LogQuery = { consumer, slot, worker, stream, minLevel: level, lines: n };
  // Lines of a consumer that has left the farm are still there for a while.
  if (consumer !== null && ports.explain(consumer) === null && (follow || !(await hasLines(ports, query)))) {
    return unknownConsumer(ports, consumer);
  }
  if (!follow) return ndjson((await ports.logs.recent(query)).map(toLogLine));
  return openStream((sink) =>
    ports.logs.follow(query, (lines, lost) => {
      if (lost > 0) sink.lose(lost);
      for (const line of lines) sink.put(toLogLine(line));
    }),
  );
}

async function hasLines({ logs: access }: Served["ports"], query: LogQuery): Promise<boolean> {
  return (await access.recent({ ...query, lines: 1 })).length > 0;
}
