import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { toDepth } from "./count.ts";
import { getText, memberOf, parseJson } from "./http-text.ts";
import { failed, type Source } from "./queue.ts";

/** A number somewhere in the JSON document a URL answers with. */
export function httpSource(spec: Extract<QueueSpec, { kind: "http" }>): Source {
  return {
    async read(signal) {
      const answer = await getText(new URL(spec.url), spec.headers, signal);
      if (!answer.ok) return answer;
      if (answer.status < 200 || answer.status > 299) return failed(`HTTP ${answer.status}`);
      let value = parseJson(answer.text);
      if (value === undefined) return failed("the answer is no JSON");
      for (const [at, key] of spec.path.entries()) {
        value = memberOf(value, key);
        if (value === undefined) return failed(`the answer has nothing at ${pathText(spec.path.slice(0, at + 1))}`);
      }
      return toDepth(value);
    },
    close() {},
  };
}

function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}
