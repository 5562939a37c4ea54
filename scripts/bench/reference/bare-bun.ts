/**
 * What Bun gives for nothing: Bun.spawn, start again on exit, the workers write to stdout themselves.
 *
 *     bun scripts/bench/reference/bare-bun.ts WORKERS COMMAND [WORD ...]
 */
const [count = "1", ...command] = process.argv.slice(2);
const children = new Set<Bun.Subprocess>();
let ending = false;

function start(): void {
  const child = Bun.spawn(command, {
    stdio: ["ignore", "inherit", "inherit"],
    onExit: () => {
      children.delete(child);
      if (!ending) start();
      else if (children.size === 0) process.exit(0);
    },
  });
  children.add(child);
}

process.on("SIGTERM", () => {
  ending = true;
  if (children.size === 0) process.exit(0);
  for (const child of children) child.kill("SIGTERM");
});
setInterval(() => {}, 1 << 30); // with no worker it waits to be ended
for (let worker = 0; worker < Number(count); worker++) start();
