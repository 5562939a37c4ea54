/** The entry point: arguments in, one outcome out. The only place that prints it and sets the exit code. */
import { version } from "./cli/version.ts";
import { guardianArgument } from "./runtime/guardian-process.ts";
import { restoreHiddenVariables } from "./system/hidden-variables.ts";

const argv = process.argv.slice(2);

if (argv[0] === guardianArgument) {
  (await import("./runtime/guardian-process.ts")).runGuardian();
} else if (argv[0] === "__exec") {
  process.exitCode = (await import("./system/exec-helper.ts")).runExec(argv.slice(1));
} else if (argv[0] === "__demo-worker") {
  await (await import("./demo/worker.ts")).runDemoWorker(argv.slice(1));
} else if (argv[0] === "--version" || argv[0] === "-V") {
  (await import("./cli/print.ts")).print({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
} else {
  restoreHiddenVariables();
  const { dispatch } = await import("./cli/dispatch.ts");
  const { print } = await import("./cli/print.ts");
  const { bug } = await import("./cli/outcome.ts");
  print(await dispatch(argv).catch(bug));
}
