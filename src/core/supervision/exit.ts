/** How the process of a worker ended, or why there was none. */
export type ExitReason =
  | { readonly kind: "exited"; readonly code: number }
  /** `signal` is a name, or `SIG<n>` for a signal without one. */
  | { readonly kind: "signaled"; readonly signal: string; readonly number: number }
  /** The process could not be started; `message` is one line for people. */
  | { readonly kind: "spawn_failed"; readonly code: string; readonly message: string };

/** The code a shell would show: 0..255, 128+n for a signal, 127 or 126 for a program that could not be started. */
export function exitCodeOf(reason: ExitReason): number {
  switch (reason.kind) {
    case "exited":
      return reason.code;
    case "signaled":
      return 128 + reason.number;
    case "spawn_failed":
      return reason.code === "ENOENT" ? 127 : 126;
  }
}

/** In words, for status and logs: `exit code 1`, `killed by SIGKILL`, `could not be started: …`. */
export function describeExit(reason: ExitReason): string {
  switch (reason.kind) {
    case "exited":
      return `exit code ${reason.code}`;
    case "signaled":
      return `killed by ${reason.signal}`;
    case "spawn_failed":
      return `could not be started: ${reason.message}`;
  }
}
