import type { FarmStatus, OperationBody } from "../protocol/control-api.ts";

/** What came of a look at the farm: `refused` when pm answers something else, with its words; `gone` when no pm answers. */
export type Looked =
  | { readonly type: "status"; readonly status: FarmStatus }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "gone" };

/** The running farm as `pm top` reaches it. Nothing here throws. It may come and go: what fails now may work the next time. */
export interface FarmLink {
  status(): Promise<Looked>;
  /** Settles with the outcome, in one line for people. */
  act(path: string, body: OperationBody): Promise<{ readonly ok: boolean; readonly message: string }>;
  /** Hears each document of a stream; settles when it has ended, for whatever cause. */
  lines(path: string, hear: (document: unknown) => void, signal: AbortSignal): Promise<unknown>;
}
