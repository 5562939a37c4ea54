import { parseDuration } from "../../config/duration.ts";

/** As they were typed; null where they were not. */
export interface TaskFlags {
  readonly timeout: string | null;
  readonly retries: string | null;
  readonly priority: string | null;
}

/** The members of the API that these flags stand for. */
export type TaskWishes = Readonly<Partial<Record<"timeout_seconds" | "retries" | "priority", number>>>;

/** What the flags ask for; a text is the problem. */
export function readTaskFlags({ timeout, retries, priority }: TaskFlags): TaskWishes | string {
  const duration = timeout === null ? null : parseDuration(timeout);
  if (duration?.ok === false) return `--timeout ${timeout}: ${duration.problem}`;
  if (duration?.value === 0) return `--timeout ${timeout}: write more than 0`;
  if (retries !== null && !/^\d{1,3}$/u.test(retries)) return `--retries ${retries}: write a whole number, 0 to 100`;
  if (priority !== null && !/^-?\d{1,7}$/u.test(priority))
    return `--priority ${priority}: write a whole number, such as 10`;
  return {
    ...(duration === null ? {} : { timeout_seconds: duration.value / 1_000 }),
    ...(retries === null ? {} : { retries: Number(retries) }),
    ...(priority === null ? {} : { priority: Number(priority) }),
  };
}

/** Where the tasks of a consumer are handed in, with what holds for all of them. */
export function tasksPath(consumer: string, query: Readonly<Record<string, number>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `/v1/consumers/${encodeURIComponent(consumer)}/tasks${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
}
