import { parseDuration } from "../config/duration.ts";
import type { Arrivals, Burst, RatePiece } from "../core/simulation/arrivals.ts";
import type { ServiceTime } from "../core/simulation/service-time.ts";

/** What words mean, or why they mean nothing. */
export type Words<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const problem = (text: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem: text });

/** `4/s`, `0:1/s,10m:10/s`, `ramp:1..10/s/60s` (which then stays) and `burst:100@0s,100@30s`; a plus sign adds bursts to a rate. */
export function readArrivals(text: string): Words<Arrivals> {
  const pieces: RatePiece[] = [];
  const bursts: Burst[] = [];
  for (const part of text.split("+")) {
    const isBurst = part.startsWith("burst:");
    if (!isBurst && pieces.length > 0)
      return problem(`"${part}" is a second rate; only bursts can be added with a plus sign`);
    const found = isBurst ? readBursts(part.slice("burst:".length)) : readRates(part);
    if (!found.ok) return found;
    if ("pieces" in found) pieces.push(...found.pieces);
    else bursts.push(...found.bursts);
  }
  return {
    ok: true,
    value: { pieces, bursts: bursts.toSorted((a, b) => a.atSeconds - b.atSeconds), periodSeconds: null },
  };
}

type Problem = ReturnType<typeof problem>;

function readRates(text: string): { readonly ok: true; readonly pieces: readonly RatePiece[] } | Problem {
  const ramp = /^ramp:([\d.]+)\.\.([\d.]+)\/([smh])\/(.+)$/u.exec(text);
  if (ramp !== null) {
    const [, from = "", to = "", unit = "", over = ""] = ramp;
    const [first, last] = [rate(from, unit), rate(to, unit)];
    const length = parseDuration(over);
    if (!length.ok || length.value === 0) return problem(`"${over}" is no length for a ramp; write such as 60s`);
    if (first === null || last === null) return problem(`"${text}" has no rate; write such as ramp:1..10/s/60s`);
    const climb = { fromSeconds: 0, perSecond: first, untilPerSecond: last };
    return { ok: true, pieces: [climb, { fromSeconds: length.value / 1000, perSecond: last, untilPerSecond: last }] };
  }
  const pieces: RatePiece[] = [];
  for (const word of text.split(",")) {
    const [, at = "0", amount = "", unit = ""] = /^(?:([^:]+):)?([\d.]+)\/([smh])$/u.exec(word.trim()) ?? [];
    const perSecond = rate(amount, unit);
    if (perSecond === null)
      return problem(
        `"${word}" is no rate; write such as 4/s, 0:1/s,10m:10/s, ramp:1..10/s/60s or burst:100@0s,100@30s`,
      );
    const start = parseDuration(at);
    if (!start.ok) return problem(`"${at}" is no time: ${start.problem}`);
    const fromSeconds = start.value / 1000;
    const previous = pieces.at(-1);
    if (previous === undefined && fromSeconds > 0) pieces.push({ fromSeconds: 0, perSecond: 0, untilPerSecond: 0 });
    if (previous !== undefined && fromSeconds <= previous.fromSeconds)
      return problem(`"${word}" begins no later than the rate before it; write them in order`);
    pieces.push({ fromSeconds, perSecond, untilPerSecond: perSecond });
  }
  return { ok: true, pieces };
}

function readBursts(text: string): { readonly ok: true; readonly bursts: readonly Burst[] } | Problem {
  const bursts: Burst[] = [];
  for (const word of text.split(",")) {
    const [, messages = "", at = ""] = /^(\d{1,9})@(.+)$/u.exec(word.trim()) ?? [];
    const time = parseDuration(at);
    if (messages === "" || !time.ok) return problem(`"${word}" is no burst; write such as burst:100@0s,100@30s`);
    bursts.push({ atSeconds: time.value / 1000, messages: Number(messages) });
  }
  return { ok: true, bursts };
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A million a second is more than a simulation can hold. */
function rate(amount: string, unit: string): number | null {
  const perSecond = Number(amount) / (secondsOf[unit] ?? Number.NaN);
  return amount !== "" && perSecond >= 0 && perSecond <= 1e6 ? perSecond : null;
}

/** `exp:0.5s`, `const:1s` and `lognormal:0.5s,1.2`: the mean, and for the last the standard deviation of the logarithm. */
export function readServiceTime(text: string): Words<ServiceTime> {
  const [, type = "", mean = "", spread] = /^(\w+):([^,]+)(?:,(.+))?$/u.exec(text) ?? [];
  const time = parseDuration(mean);
  const forms = `"${text}" is no service time; write such as exp:0.5s, const:1s or lognormal:0.5s,1.2`;
  if (!time.ok || time.value === 0) return problem(forms);
  const meanSeconds = time.value / 1000;
  if ((type === "exp" || type === "const") && spread === undefined) return { ok: true, value: { type, meanSeconds } };
  const sigma = Number(spread);
  if (type !== "lognormal" || spread === undefined || !(sigma >= 0 && sigma <= 5)) return problem(forms);
  return { ok: true, value: { type, meanSeconds, sigma } };
}
