import { existsSync, readlinkSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import packageJson from "../../package.json";
import { emptyRootRefused } from "../support/empty-root.ts";
import { farmFile, steady } from "../support/farm-file.ts";
import { notPacked } from "../support/packed.ts";
import { pmBinary, PmProcess } from "../support/pm-process.ts";

setDefaultTimeout(30_000);

const reason = notPacked();
if (reason !== null) console.warn(`skipping the start of the packed binary: ${reason}`);

const memoryFiles = "/proc/sys/vm/memfd_noexec";
const unchangeable = process.getuid?.() === 0 ? null : "only root can make this host one";
const refused =
  reason ?? (existsSync(memoryFiles) ? unchangeable : "this kernel always allows them") ?? emptyRootRefused();
if (refused !== null) console.warn(`skipping a host that refuses executable memory files: ${refused}`);

const help = reason === null ? Bun.spawnSync([pmBinary, "--help"]).stdout.toString() : "";

function start(script: string, starter: readonly string[] = []) {
  const run = Bun.spawnSync([...starter, "sh", "-c", script, pmBinary]);
  return [run.exitCode, run.stdout.toString(), run.stderr.toString()];
}

test.skipIf(reason !== null).each([
  ["without stdin and stderr", 'exec "$0" --help <&- 2>&-', [0, help, ""]],
  ["without any standard stream", 'exec "$0" --help <&- >&- 2>&-', [0, "", ""]],
  ["by a link of another name", 'cd "$(mktemp -d)" && ln -s "$0" other && ./other --help; rm -r "$PWD"', [0, help, ""]],
  ["by the descriptor of its file", 'exec 9<"$0"; exec /proc/self/fd/9 --help', [0, help, ""]],
  ["without any variable", 'exec env -i "$0" --help', [0, help, ""]],
  ["with an empty name", 'exec env -i bash -c "exec -a \\"\\" $0 --help"', [0, help, ""]],
])("the packed binary starts %s", (_, script, seen) => {
  expect(start(script)).toEqual(seen);
});

test.skipIf(reason !== null)("no file of its own takes the place of a standard stream that is closed", async () => {
  const starter = ["sh", "-c", 'exec "$0" "$@" <&-'];
  await using pm = new PmProcess(farmFile({ a: steady }), { starter });
  await pm.address();
  expect(readlinkSync(`/proc/${pm.pid}/fd/0`)).toBe("/dev/null");
  expect(await pm.stop()).toBe(0);
});

test.skipIf(reason !== null)("without descriptors left it says so in one line", () => {
  expect(start('ulimit -n 4; exec "$0" --help')).toEqual([126, "", "pm: cannot start: memfd_create: EMFILE\n"]);
});

test.skipIf(reason !== null).each(["--version", "-V"])("%s is answered at once, whatever Bun lacks", (flag) => {
  expect(start(`ulimit -n 4; exec "$0" ${flag}`)).toEqual([0, `${packageJson.version}\n`, ""]);
});

test.skipIf(refused !== null)(
  "the packed binary starts on a host that refuses memory files that count as programs",
  () => {
    const namespaces = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"];
    const script = `mount -t proc proc /proc && echo 2 > ${memoryFiles} && "$0" --help && cat ${memoryFiles}`;
    expect(start(script, namespaces)).toEqual([0, `${help}2\n`, ""]);
  },
);
