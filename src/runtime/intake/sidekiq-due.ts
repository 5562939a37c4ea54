import { sidekiqKeys } from "../../core/intake/sidekiq-job.ts";
import type { Cancel, Clock } from "../host.ts";
import type { RedisLink } from "./redis-link.ts";
import { redisScript, runScript } from "./redis-script.ts";

/** Others may add what is due sooner than all that is known. */
const longestMs = 5000;
const shortestMs = 50;

/**
 * KEYS the queue's list, then sorted sets of jobs; ARGV the instant in seconds, the queue's name. Puts the due jobs of this queue into it;
 * gives when the next one of any queue is due, or an empty text.
 */
const dueScript = redisScript(`
local soonest = false
for k = 2, #KEYS do
  local passed = 0
  while true do
    local due = redis.call('ZRANGEBYSCORE', KEYS[k], '-inf', ARGV[1], 'LIMIT', passed, 100)
    for _, text in ipairs(due) do
      local isJob, job = pcall(cjson.decode, text)
      if isJob and type(job) == 'table' and job['queue'] == ARGV[2] then
        redis.call('LPUSH', KEYS[1], text)
        redis.call('ZREM', KEYS[k], text)
      else
        passed = passed + 1
      end
    end
    if #due < 100 then break end
  end
  local following = redis.call('ZRANGEBYSCORE', KEYS[k], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if following and (not soonest or tonumber(following) < tonumber(soonest)) then soonest = following end
end
return soonest or ''`);

/** Puts Sidekiq's retries and scheduled jobs of one queue back into it when they are due. Several of these do no harm to each other. */
export class SidekiqDue {
  readonly #list: string;
  readonly #clock: Clock;
  readonly #link: RedisLink;
  #atMs = Number.POSITIVE_INFINITY;
  #isLooking = false;
  #isStopped = false;
  #cancel: Cancel = () => undefined;

  constructor(list: string, clock: Clock, link: RedisLink) {
    this.#list = list;
    this.#clock = clock;
    this.#link = link;
  }

  /** Looks now, and from then on when something is due. */
  async look(): Promise<void> {
    if (this.#isStopped || this.#isLooking) return;
    this.#isLooking = true;
    this.#cancel();
    const nowMs = this.#clock.epochMs();
    this.#atMs = Number.POSITIVE_INFINITY;
    const { queue, retry, schedule } = sidekiqKeys(this.#list);
    const keys = [this.#list, retry, schedule];
    const soonest = await this.#link.run((send) => runScript(send, dueScript, keys, [String(nowMs / 1000), queue]));
    this.#isLooking = false;
    const soonestMs = typeof soonest === "string" && soonest !== "" ? Number(soonest) * 1000 : Number.POSITIVE_INFINITY;
    const meanwhileMs = this.#atMs;
    this.#atMs = Number.POSITIVE_INFINITY;
    this.dueAt(Math.min(meanwhileMs, soonestMs, nowMs + longestMs));
  }

  /** Something is due at this instant, at the latest. */
  dueAt(epochMs: number): void {
    if (this.#isStopped || epochMs >= this.#atMs) return;
    this.#atMs = epochMs;
    if (this.#isLooking) return;
    this.#cancel();
    const delayMs = Math.max(shortestMs, Math.ceil(epochMs - this.#clock.epochMs()));
    this.#cancel = this.#clock.after(delayMs, () => void this.look());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }
}
