/** The loads of `pm demo`: which message falls due when, how long it takes and what becomes of it. Pure. */

/** One piece of work of the demo farm. */
export interface DemoMessage {
  readonly id: number;
  readonly transport: string;
  readonly class: string;
  /** What its worker says when it is done, without an end mark. */
  readonly text: string;
  /** How long a worker is at it. */
  readonly seconds: number;
  /** What becomes of it: it fails, takes its worker down with exit code 1, or crashes it half-way. */
  readonly fate: "handled" | "failed" | "exit" | "crash";
  /** Counts deliveries, from 1. */
  readonly attempt: number;
}

/** A part of a load: `atOnce` messages at its beginning, then `perSecond` until its end. */
interface Stretch {
  readonly seconds: number;
  readonly atOnce: number;
  readonly perSecond: number;
}

/** One load. It begins anew when it is over. */
export interface Scenario {
  /** For people, as in `pm demo steady: …`. */
  readonly about: string;
  readonly stretches: readonly Stretch[];
  /** How long the slow half of the messages take. */
  readonly slowSeconds: number;
  /** Share of the messages that fail, 0..1. */
  readonly failureShare: number;
  /** Of so many reports one ends its worker. */
  readonly deathEvery: number;
}

export const scenarios = {
  steady: {
    about: "4 messages a second, 5 % of them fail",
    stretches: [{ seconds: 60, atOnce: 0, perSecond: 4 }],
    slowSeconds: 1,
    failureShare: 0.05,
    deathEvery: 5,
  },
  burst: {
    about: "100 messages at once every 30 seconds, 10 % of them fail",
    stretches: [{ seconds: 30, atOnce: 100, perSecond: 0 }],
    slowSeconds: 1.5,
    failureShare: 0.1,
    deathEvery: 5,
  },
  ramp: {
    about: "from 1 to 10 messages a second within a minute, 5 % of them fail",
    stretches: Array.from({ length: 12 }, (_, step) => ({ seconds: 5, atOnce: 0, perSecond: 1 + (9 * step) / 11 })),
    slowSeconds: 1,
    failureShare: 0.05,
    deathEvery: 10,
  },
  failures: {
    about: "5 messages a second, 30 % of them fail",
    stretches: [{ seconds: 60, atOnce: 0, perSecond: 5 }],
    slowSeconds: 0.5,
    failureShare: 0.3,
    deathEvery: 3,
  },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

/** Whether `name` is one of `scenarios`. */
export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}

/** How many messages have fallen due in the first `seconds` of the load. */
export function dueUntil({ stretches }: Scenario, seconds: number): number {
  const round = stretches.reduce((sum, stretch) => sum + stretch.seconds, 0);
  const whole = Math.floor(seconds / round);
  let left = seconds - whole * round;
  let due = whole * stretches.reduce((sum, stretch) => sum + messagesIn(stretch, stretch.seconds), 0);
  for (const stretch of stretches) {
    if (left < 0) break;
    due += messagesIn(stretch, Math.min(left, stretch.seconds));
    left -= stretch.seconds;
  }
  return Math.floor(due);
}

const messagesIn = ({ atOnce, perSecond }: Stretch, seconds: number): number => atOnce + perSecond * seconds;

const kinds = {
  mail: { transport: "mails", class: "SendMail", text: "Mail sent", seconds: 0.15 },
  thumbnail: { transport: "thumbnails", class: "MakeThumbnail", text: "thumbnail made", seconds: null },
  preview: { transport: "previews", class: "MakePreview", text: "preview made", seconds: null },
  report: { transport: "reports", class: "BuildReport", text: "Report built", seconds: 0.4 },
  sweep: { transport: "cleanup", class: "RemoveExpired", text: "expired sessions removed", seconds: 0.1 },
} as const;

/** Ten messages in their order: every second one is slow work for `images`. */
const round = [
  kinds.mail,
  kinds.thumbnail,
  kinds.mail,
  kinds.preview,
  kinds.report,
  kinds.thumbnail,
  kinds.mail,
  kinds.preview,
  kinds.sweep,
  kinds.thumbnail,
] as const;

/** The `index`-th message of the load, from 0; always the same one. */
export function messageAt(scenario: Scenario, index: number): DemoMessage {
  const kind = round[index % round.length] ?? kinds.mail;
  return {
    id: index + 1,
    transport: kind.transport,
    class: kind.class,
    text: kind.text,
    seconds: kind.seconds ?? scenario.slowSeconds,
    fate: fateAt(scenario, index, kind === kinds.report),
    attempt: 1,
  };
}

/** The message as it is delivered again: this time it goes well. */
export function nextAttempt(message: DemoMessage): DemoMessage {
  return { ...message, fate: "handled", attempt: message.attempt + 1 };
}

function fateAt({ failureShare, deathEvery }: Scenario, index: number, isReport: boolean): DemoMessage["fate"] {
  const report = Math.floor(index / round.length);
  if (isReport && report % deathEvery === 1) return Math.floor(report / deathEvery) % 2 === 0 ? "exit" : "crash";
  return chance(index) < failureShare ? "failed" : "handled";
}

/** In [0, 1), spread like chance, and always the same for an index. */
function chance(index: number): number {
  let mixed = Math.imul(index + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
