/** What a changed configuration means for a running farm. Made by `planReload`; nothing is done yet. */
export interface ReloadPlan {
  /** In the order of the new file, removed ones last; consumers without a change are left out. */
  readonly consumers: readonly ConsumerChange[];
  /** Keys of the farm that change at once. */
  readonly farmKeys: readonly string[];
  /** Keys that take effect only when pm itself is started again. */
  readonly needsNewStart: readonly string[];
}

export interface ConsumerChange {
  readonly consumer: string;
  /**
   * `added`, `removed`; `resized`: only its size, nobody restarts; `adjusted`: what changed holds for the running processes too;
   * `restart`: its processes are replaced, rolling.
   */
  readonly kind: "added" | "removed" | "resized" | "adjusted" | "restart";
  /** What differs, by the names of the file: `command`, `env.LEVEL` (never a value: it may be a secret). */
  readonly keys: readonly string[];
  /** Size before and after (minimum and maximum where the autoscaler decides); null where there was or will be none. */
  readonly sizeBefore: string | null;
  readonly sizeAfter: string | null;
}
