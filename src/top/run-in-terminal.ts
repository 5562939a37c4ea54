import { constants } from "node:os";
import { Top, type TopOptions } from "./top.ts";

/** Runs `pm top` on this process's terminal and signals. Gives the exit code: 0, or 128+n when a signal ended it. The terminal is given back whatever happens. */
export async function runInTerminal(options: Omit<TopOptions, "stop">): Promise<number> {
  let exitCode = 0;
  const suspend = (): void => top.suspend();
  const top = new Top({
    ...options,
    stop() {
      // Without a listener the signal does what it does to any program: all of the job stops, if there is a shell that could continue it.
      process.off("SIGTSTP", suspend);
      process.kill(0, "SIGTSTP");
      process.on("SIGTSTP", suspend);
    },
  });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) {
    process.on(signal, () => {
      exitCode = 128 + constants.signals[signal];
      top.quit();
    });
  }
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", () => top.resume());
  process.on("uncaughtException", (error) => top.fail(error));
  process.on("unhandledRejection", (error) => top.fail(error));
  process.on("exit", () => options.terminal.leave());
  await top.run();
  return exitCode;
}
