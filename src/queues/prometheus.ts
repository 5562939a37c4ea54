import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { toDepth } from "./count.ts";
import { getText, memberOf, parseJson } from "./http-text.ts";
import { failed, type QueueReading, type Source } from "./queue.ts";

/** The value of an instant query: a scalar, or a vector of exactly one series. */
export function prometheusSource(spec: Extract<QueueSpec, { kind: "prometheus" }>, timeoutMs: number): Source {
  return {
    async read(signal) {
      const url = new URL(spec.url);
      url.pathname = `${url.pathname.replace(/\/$/u, "")}/api/v1/query`;
      url.searchParams.set("query", spec.query);
      url.searchParams.set("timeout", `${timeoutMs}ms`);
      const answer = await getText(url, {}, signal);
      if (!answer.ok) return answer;
      const document = parseJson(answer.text);
      const error = memberOf(document, "error");
      if (typeof error === "string") return failed(`HTTP ${answer.status}: ${error}`);
      if (answer.status !== 200) return failed(`HTTP ${answer.status}`);
      return valueOf(memberOf(document, "data"));
    },
    close() {},
  };
}

function valueOf(data: unknown): QueueReading {
  const result = memberOf(data, "result");
  switch (memberOf(data, "resultType")) {
    case "scalar":
      return toDepth(memberOf(result, 1));
    case "vector": {
      const series = Array.isArray(result) ? result.length : 0;
      if (series === 0) return failed("the query found nothing; check it, or add `or vector(0)`");
      if (series > 1) return failed(`the query gave ${series} series; make it one, with sum() for instance`);
      return toDepth(memberOf(memberOf(memberOf(result, 0), "value"), 1));
    }
    case "matrix":
      return failed("the query gave a range; ask for an instant");
    default:
      return failed("the answer is none of Prometheus's; is this its URL?");
  }
}
