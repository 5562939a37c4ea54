/** What a worker, or a server, answered to a task. */
export type LaneAnswer =
  /** `result` is a JSON text on one line, checked. */
  | { readonly ok: true; readonly result: string }
  | {
      readonly ok: false;
      /** One line. */
      readonly message: string;
      /** What was said beside the message: a JSON text on one line, or null. */
      readonly details: string | null;
      /**
       * `failed`: the task was run and failed; `refused`: it was not begun (an overloaded server), so it costs no attempt and may go
       * elsewhere; `final`: it failed, and no retry will help.
       */
      readonly kind: "failed" | "refused" | "final" | "too_large";
    };
