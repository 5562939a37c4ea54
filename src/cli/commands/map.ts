import type { FailedLine } from "../tasks/map-answers.ts";
import { MapAnswers } from "../tasks/map-answers.ts";
import { MapInput, openInput } from "../tasks/map-input.ts";
import { MapOutput, openOutput, readEarlier } from "../tasks/map-output.ts";
import { counted, type MapProgress, progressText } from "../tasks/map-progress.ts";
import { type MapEnd, runMapExchange } from "../tasks/map-run.ts";
import { readTaskFlags, type TaskFlags, tasksPath } from "../tasks/task-flags.ts";
import { failure } from "../control/answer.ts";
import type { Ask } from "../control/operate.ts";
import { ownStreams } from "../control/streams.ts";
import { exitCodes, outcome, type Outcome } from "../outcome.ts";
import { isatty } from "node:tty";

export interface MapArgs extends TaskFlags {
  readonly consumer: string;
  /** Files; null is stdin and stdout. */
  readonly input: string | null;
  readonly output: string | null;
  readonly resume: boolean;
  readonly results: boolean;
  readonly failFast: boolean;
  /** Null: when stderr is a terminal. */
  readonly progress: boolean | null;
}

const everyMs = 200;

/**
 * `pm map`: a task for each line of the input, a line of the output for each, in the same order. 1 when some failed, or it ended early; 69 when pm
 * went away. What was written is whole lines without a gap, whatever happened.
 */
export async function runMap(args: MapArgs, { where, connect, streams = ownStreams }: Ask): Promise<Outcome> {
  const wishes = readTaskFlags(args);
  if (typeof wishes === "string") return said(exitCodes.usage, wishes);
  if (args.resume && args.output === null) return said(exitCodes.usage, "--resume goes on with a file; add -o FILE");
  const inFd = args.input === null ? 0 : openInput(args.input);
  if (typeof inFd === "string")
    return said(exitCodes.failed, `${args.input} cannot be read (${inFd}); name another file with -i`);
  const opened = openForLines(args);
  if (typeof opened === "string") return said(exitCodes.failed, opened);
  const { output, failedBefore } = opened;
  const connected = await connect(where);
  if (!connected.ok) return connected.outcome;

  const before = output.lines;
  const input = new MapInput(inFd, before);
  const answers = new MapAnswers(
    before,
    args.results,
    ({ code }) => args.failFast || code === "unavailable" || code === "shutting_down",
  );
  const startedMs = performance.now();
  const facts = (): MapProgress => ({
    consumer: args.consumer,
    lines: answers.lines,
    linesBefore: before,
    failed: failedBefore + answers.failed,
    seconds: (performance.now() - startedMs) / 1_000,
    input,
  });
  const bar = (args.progress ?? isatty(2)) ? new Bar(streams, facts) : null;
  const end = await runMapExchange({
    client: connected.client,
    path: tasksPath(args.consumer, { bare: 1, ...(before === 0 ? {} : { n: before + 1 }), ...wishes }),
    input,
    output,
    answers,
    interrupt: streams.interrupt(),
    onFailed: (failed) => {
      if (args.results) streams.err(failed.map((each) => `pm map: ${describe(each)}\n`).join(""));
    },
  });
  bar?.end();
  return told(end, { args, input, lines: output.lines, before, failed: failedBefore + answers.failed });
}

interface Told {
  readonly args: MapArgs;
  readonly input: MapInput;
  /** Written, with those before this run. */
  readonly lines: number;
  readonly before: number;
  readonly failed: number;
}

function told(end: MapEnd, { args, input, lines, before, failed }: Told): Outcome {
  const goOn =
    args.output === null
      ? `the rest begins at line ${lines + 1} of the input`
      : "the same command with --resume goes on";
  const after = `after ${counted(lines)} line${lines === 1 ? "" : "s"}; ${goOn}`;
  switch (end.kind) {
    case "done":
      if (input.missing > 0)
        return said(
          exitCodes.failed,
          `${args.output} has ${before} lines, the input only ${before - input.missing}; it is not the output of this input`,
        );
      return failed === 0
        ? outcome(exitCodes.done, [])
        : said(exitCodes.failed, `${counted(failed)} of ${counted(lines)} failed`);
    case "refused":
      return failure("map", { status: end.status, body: parsed(end.text) });
    case "interrupted":
      return said(exitCodes.interrupted, `interrupted ${after}`);
    case "gone":
      return said(exitCodes.unreachable, `pm went away ${after}`);
    case "nonsense":
      return said(exitCodes.failed, `what listens on the socket does not answer as pm does; ended ${after}`);
    case "stopped":
      if (end.at.code === "shutting_down") return said(exitCodes.unreachable, `pm is shutting down; ended ${after}`);
      return said(exitCodes.failed, `${describe(end.at)}; ended ${after}`);
    case "unreadable":
      return said(exitCodes.failed, `the input cannot be read (${end.code}); ended ${after}`);
    case "unwritable":
      return said(
        exitCodes.failed,
        end.code === "EPIPE"
          ? `nobody reads the output any more; ended ${after}`
          : `the output cannot be written (${end.code}); ended ${after}`,
      );
  }
}

/** The file is not changed before pm has taken the first task. */
function openForLines({
  output: path,
  resume,
  results,
}: MapArgs): { output: MapOutput; failedBefore: number } | string {
  if (path === null) return { output: new MapOutput(1, 0, null), failedBefore: 0 };
  const opened = openOutput(path);
  if (typeof opened === "string") return `${path} cannot be written (${opened}); name another file with -o`;
  const { fd, isFile } = opened;
  if (!isFile && resume) return `${path} is no file, so nothing in it can be gone on with; leave out --resume`;
  if (!isFile) return { output: new MapOutput(fd, 0, null), failedBefore: 0 };
  const earlier = resume ? readEarlier(fd, results) : { lines: 0, failed: 0, bytes: 0 };
  if (earlier === null)
    return `${path} is no output of pm map; name that of an earlier run with -o, or leave out --resume`;
  return { output: new MapOutput(fd, earlier.lines, earlier.bytes), failedBefore: earlier.failed };
}

const describe = ({ line, code, message }: FailedLine): string => `line ${line}: ${code}: ${message}`;

const said = (exitCode: number, text: string): Outcome => outcome(exitCode, [], [`pm map: ${text}`]);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The line of progress of a terminal. */
class Bar {
  readonly #streams: Pick<typeof ownStreams, "err" | "size">;
  readonly #facts: () => MapProgress;
  readonly #timer: NodeJS.Timeout;

  constructor(streams: Pick<typeof ownStreams, "err" | "size">, facts: () => MapProgress) {
    this.#streams = streams;
    this.#facts = facts;
    this.#timer = setInterval(() => this.#draw(), everyMs);
  }

  #draw(): void {
    this.#streams.err(`\r${progressText(this.#facts(), this.#streams.size().columns)}\u001B[K`);
  }

  /** The last figures stay. */
  end(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#streams.err("\n");
  }
}
