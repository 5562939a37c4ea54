import * as documents from "../../protocol/control-documents.ts";
import { taskAnswerDocument } from "../../protocol/task-documents.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema-of.ts";
import type { Members } from "./read-members.ts";
import type { DocumentName, Route } from "./route.ts";

const schemas = {
  FarmStatus: documents.farmStatus,
  ExplainDocument: documents.explainDocument,
  OperationAnswer: documents.operationAnswer,
  ReloadAnswer: documents.reloadAnswer,
  EventLine: documents.eventLine,
  LogLineDocument: documents.logLine,
  LostLines: documents.lostLines,
  IndexDocument: documents.indexDocument,
  TaskAnswerDocument: taskAnswerDocument,
  ErrorDocument: documents.errorDocument,
} as const satisfies Readonly<Record<Exclude<DocumentName, "OpenApi"> | "LostLines", unknown>>;

const meanings: Readonly<Record<number, string>> = {
  200: "Done.",
  202: "Accepted: it has begun.",
  400: "The request makes no sense.",
  404: "There is no such consumer or slot.",
  409: "Not now: something else is going on.",
  413: "It is too long.",
  422: "It was tried, and failed.",
  429: "Too many wait already: try again later.",
  500: "A bug of pm.",
  502: "The worker was lost.",
  503: "Not now: the consumer is stopped, or pm stops.",
  504: "It took too long.",
  508: "It would wait for itself.",
};

/** The OpenAPI 3.1 document of these routes. */
export function openApi(routes: readonly Route[], version: string): JsonSchema {
  const paths = [...new Set(routes.map(({ path }) => path))];
  return {
    openapi: "3.1.0",
    info: {
      title: "pm control socket",
      version: "v1",
      description: `HTTP over the Unix socket of a running pm (${version}). Members may be added to documents; none is renamed or removed within v1.`,
    },
    servers: [{ url: "http://pm", description: "curl --unix-socket SOCKET http://pm/v1/status" }],
    paths: Object.fromEntries(
      paths.map((path) => [
        path,
        Object.fromEntries(
          routes.filter((route) => route.path === path).map((route) => [route.method.toLowerCase(), operation(route)]),
        ),
      ]),
    ),
    components: {
      schemas: {
        ...Object.fromEntries(
          Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema, "document")]),
        ),
        OpenApi: { type: "object" },
      },
    },
  };
}

function operation(route: Route): JsonSchema {
  const answers: Readonly<Record<number, DocumentName>> = {
    400: "ErrorDocument",
    ...(route.body === null ? {} : { 413: "ErrorDocument" }),
    500: "ErrorDocument",
    ...route.answers,
  };
  const verb = route.path.split("/").findLast((part) => part !== "") ?? "";
  return {
    operationId: verb === "v1" ? "index" : verb.replace(".json", ""),
    summary: route.summary,
    parameters: [...(route.path.includes("{consumer}") ? [consumer] : []), ...parameters(route.query)],
    ...(route.body === null
      ? {}
      : {
          requestBody: {
            required: requiredMembers(route.body),
            content: contents(jsonSchemaOf(route.body, "request"), route, true),
          },
        }),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, name]) => [
        status,
        {
          description: meanings[Number(status)] ?? "",
          content: contents(schemaOf(name, route), route, status === "200"),
        },
      ]),
    ),
  };
}

/** By media type; `lines` where there may be one document a line. */
function contents(schema: JsonSchema, route: Route, lines: boolean): JsonSchema {
  const types = lines && route.lines !== false ? ["application/x-ndjson"] : ["application/json"];
  if (lines && route.lines === "both") types.unshift("application/json");
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

const consumer: JsonSchema = {
  name: "consumer",
  in: "path",
  required: true,
  description: "Name of the consumer, percent-encoded.",
  schema: { type: "string" },
};

/** A stream may hold a line that tells of lost ones. The schema is that of a line. */
function schemaOf(name: DocumentName, { lines }: Route): JsonSchema {
  const schema = { $ref: `#/components/schemas/${name}` };
  return lines === true && name !== "ErrorDocument"
    ? { anyOf: [schema, { $ref: "#/components/schemas/LostLines" }], description: "One such document a line." }
    : schema;
}

function parameters(query: Members): readonly JsonSchema[] {
  return Object.entries(query.entries).map(([name, member]) => {
    return { name, in: "query", required: false, schema: jsonSchemaOf(member, "request") };
  });
}

function requiredMembers(body: Members): boolean {
  const { required } = jsonSchemaOf(body, "request");
  return Array.isArray(required) && required.length > 0;
}
