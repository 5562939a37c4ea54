/** Milliseconds on a scale that both threads share. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The time as RFC 3339 has it. */
export function isoNow(): string {
  return new Date().toISOString();
}
