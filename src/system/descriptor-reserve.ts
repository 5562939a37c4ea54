import { descriptorLimit } from "./libc.ts";

/**
 * So many descriptors are kept back from workers: for the output thread, which starts after the first of them and without which pm cannot
 * live, for the control socket, and for those who ask how pm does when no more workers can be started.
 */
const keptBack = 20;

let end: number | null = null;

/** Streams of workers may only have descriptors below this number; one beyond is as if there were none left. */
export function endOfWorkerDescriptors(): number {
  end ??= Math.min(descriptorLimit() - keptBack, 2 ** 31 - 1);
  return end;
}
