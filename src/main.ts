/** The entry point: arguments in, one outcome out. The only place that prints it and sets the exit code. */
import { isatty } from "node:tty";
import { guardianArgument } from "./runtime/guardian-process.ts";

const argv = process.argv.slice(2);

if (argv[0] === guardianArgument) {
  (await import("./runtime/guardian-process.ts")).runGuardian();
} else if (argv[0] === "__demo-worker") {
  await (await import("./demo/worker.ts")).runDemoWorker(argv.slice(1));
} else {
  // citty looks at nothing but this to leave colours out.
  if (!isatty(1)) process.env["NO_COLOR"] = "1";
  const { dispatch } = await import("./cli/dispatch.ts");
  const { print } = await import("./cli/print.ts");
  print(await dispatch(argv));
}
