/** One worker of a consumer by its slot, or all of them. */
export interface Target {
  readonly consumer: string;
  /** Null means all workers. */
  readonly slot: number | null;
}

/** `async` or `async:0`; a string is the problem, in one line. The name of a consumer holds no colon. */
export function readTarget(text: string): Target | string {
  const [consumer = "", slot, ...rest] = text.split(":");
  if (consumer === "") return `"${text}" names no consumer; write its name, such as async, or async:0 for one worker`;
  if (slot === undefined) return { consumer, slot: null };
  if (rest.length > 0 || !/^\d{1,9}$/u.test(slot))
    return `"${text}" names no slot behind the colon; write ${consumer}:0 for the first worker, or ${consumer} for all`;
  return { consumer, slot: Number(slot) };
}
