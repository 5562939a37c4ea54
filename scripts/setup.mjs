// Installs what package-lock.json pins, unless it is there already. Plain Node, since Bun itself is one of the things it installs.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const lock = join(root, "package-lock.json");
const installed = join(root, "node_modules", ".installed-lock.json");
const text = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");

if (text(installed) !== text(lock)) {
  const { status } = spawnSync("npm", ["ci", "--no-fund", "--no-audit"], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  copyFileSync(lock, installed);
}
