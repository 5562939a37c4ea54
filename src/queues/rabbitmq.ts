import type { QueueSpec } from "../core/farm/scaling-spec.ts";
import { toDepth } from "./count.ts";
import { getText, memberOf, parseJson } from "./http-text.ts";
import { failed, type Source } from "./queue.ts";

/** The messages that are ready, of one queue, from the management API. Those at a worker, unacknowledged, do not count. */
export function rabbitmqSource(spec: Extract<QueueSpec, { kind: "rabbitmq" }>): Source {
  return {
    async read(signal) {
      const base = new URL(spec.url);
      const path = `api/queues/${encodeURIComponent(spec.vhost)}/${encodeURIComponent(spec.queue)}`;
      base.pathname = `${base.pathname.replace(/\/$/u, "")}/${path}`;
      base.search = "columns=messages_ready"; // a queue with many consumers is a large document otherwise
      const answer = await getText(base, {}, signal);
      if (!answer.ok) return answer;
      if (answer.status === 401) return failed("HTTP 401: RabbitMQ refuses this user or password");
      if (answer.status === 404) return failed(`HTTP 404: no queue ${spec.queue} in the virtual host ${spec.vhost}`);
      if (answer.status !== 200) return failed(`HTTP ${answer.status}`);
      const ready = memberOf(parseJson(answer.text), "messages_ready");
      return ready === undefined
        ? failed("the answer has no messages_ready; is this the management API?")
        : toDepth(ready);
    },
    close() {},
  };
}
