/** A consumer whose workers are handed tasks instead of fetching work by themselves. */
export interface TasksSpec {
  readonly protocol: "jsonl" | "fastcgi";
  /** Most tasks that wait for one worker; as many again may wait while there is no worker at all. */
  readonly mailboxLimit: number;
  readonly dispatch: "least_loaded" | "round_robin";
  /** From acceptance to answer, waiting included; a request may ask for another one. */
  readonly timeoutMs: number;
  /** How often a task that failed or lost its worker is run again; a request may ask for another number. */
  readonly retries: number;
  /** Tasks one worker does at the same time; always 1 with fastcgi. */
  readonly concurrency: number;
  /** Tasks handed to a worker beyond those at work, so that it need not wait for pm; null: by their run time (`core/tasks/prefetch.ts`). */
  readonly prefetch: number | null;
  /** Tasks after which a worker is replaced; null is never. */
  readonly maxTasks: number | null;
  /** Longest payload and longest answer. */
  readonly maxBytes: number;
  /** Null with jsonl. */
  readonly fastcgi: FastcgiSpec | null;
  /** Where tasks are fetched from, beside those that come by the control socket; null for nowhere. */
  readonly from: TaskSourceSpec | null;
}

/** How a task becomes a FastCGI request. */
export interface FastcgiSpec {
  /** A server that is there already, such as php-fpm; null when the workers of the consumer are the servers. */
  readonly address: FastcgiAddress | null;
  /** Connections to that server, each for one task at a time; it has no meaning without `address`. */
  readonly connections: number;
  /** SCRIPT_FILENAME: absolute, as the server sees it. */
  readonly script: string;
  /** Further parameters: name → text in which `{payload}` and `{payload.a.0}` are filled in. They win over pm's own. */
  readonly params: Readonly<Record<string, string>>;
}

export type FastcgiAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** A Redis queue whose entries become tasks: at least once, acknowledged after the answer. */
export interface TaskSourceSpec {
  readonly url: string;
  readonly shape: TaskSourceShape;
  /** `json`: the entry is the payload; `text`: the payload is the entry as a JSON string; `sidekiq`: the job is the payload. */
  readonly format: "json" | "text" | "sidekiq";
  /** An entry that failed so often is laid aside in `deadLetter`; with sidekiq the job's own `retry` wins. */
  readonly maxAttempts: number;
  /** Key of a list, a stream, or with sidekiq a sorted set. */
  readonly deadLetter: string;
  /** A stream's entry, or a list's, of a pm that has died is taken over after this long without a sign of life. */
  readonly reclaimMs: number;
}

export type TaskSourceShape =
  | { readonly kind: "list"; readonly key: string }
  | {
      readonly kind: "stream";
      readonly key: string;
      readonly group: string;
      /** Whose value is the entry. */ readonly field: string;
    };

/** Where tasks may come in by TCP, with a token; it can do nothing else. */
export interface TaskServerSpec {
  readonly host: string;
  /** 0 asks the kernel for a free one. */
  readonly port: number;
  readonly token: string;
}
