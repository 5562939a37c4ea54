import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listenForWorker, pathForWorker, type WorkerSocket } from "../../src/system/listening-socket.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function listen(folder: string, name = "1"): WorkerSocket {
  const socket = listenForWorker(folder, name);
  if ("problem" in socket) throw new Error(socket.problem);
  return socket;
}

/** Whether somebody listens there. */
async function answers(path: string): Promise<boolean> {
  try {
    (await Bun.connect({ unix: path, socket: { data() {} } })).terminate();
    return true;
  } catch {
    return false;
  }
}

test("a worker's socket listens, is for this user only, and reaches no other process by itself", async () => {
  using folder = temporaryFolder();
  const socket = listen(join(folder.path, "sockets"));
  expect(socket.path).toBe(join(folder.path, "sockets", "1.sock"));
  expect(await answers(socket.path)).toBeTrue();
  expect(statSync(socket.path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder.path, "sockets")).mode & 0o777).toBe(0o700);
  const flags = /flags:\s*(\d+)/u.exec(readFileSync(`/proc/self/fdinfo/${socket.fd}`, "utf8"))?.[1] ?? "";
  const [O_NONBLOCK, O_CLOEXEC] = [0o4000, 0o2000000];
  expect(Number.parseInt(flags, 8) & (O_NONBLOCK | O_CLOEXEC)).toBe(O_CLOEXEC);
  socket.close();
  expect(existsSync(socket.path)).toBeFalse();
});

test("a worker's socket is a new one each time: who waited at the one before is told", async () => {
  using folder = temporaryFolder();
  const before = listen(folder.path);
  const ended = Promise.withResolvers<void>();
  await Bun.connect({ unix: before.path, socket: { data() {}, close: () => ended.resolve() } });
  before.close();
  await ended.promise;
  const after = listen(folder.path);
  expect(await answers(after.path)).toBeTrue();
  after.close();
});

test("a socket that a pm left behind is replaced", async () => {
  using folder = temporaryFolder();
  const left = listen(folder.path);
  const socket = listen(folder.path);
  expect(await answers(socket.path)).toBeTrue();
  socket.close();
  left.close();
});

test("a path for a worker that listens by itself is free, and removed at the end", () => {
  using folder = temporaryFolder();
  const left = listen(folder.path);
  const place = pathForWorker(folder.path, "1");
  if ("problem" in place) throw new Error(place.problem);
  expect(place.path).toBe(left.path);
  expect(existsSync(place.path)).toBeFalse();
  const server = Bun.listen({ unix: place.path, socket: { data() {} } });
  place.close();
  expect(existsSync(place.path)).toBeFalse();
  server.stop(true);
  left.close();
});

test.each<[string, (folder: string) => string, string]>([
  ["the folder cannot be made", (folder) => join(folder, "a", "b"), "ENOENT"],
  [
    "others may write in it",
    (folder) => {
      chmodSync(folder, 0o777);
      return folder;
    },
    "others may write in ",
  ],
  [
    "it is a file",
    (folder) => {
      writeFileSync(join(folder, "file"), "");
      return join(folder, "file");
    },
    "is no folder",
  ],
  [
    "something else is there",
    (folder) => {
      mkdirSync(join(folder, "1.sock"));
      return folder;
    },
    "EADDRINUSE",
  ],
  ["the path is too long", (folder) => join(folder, "x".repeat(100)), "a path of a socket has at most 107 bytes"],
])("why there is no socket is said in one line: %s", (_, prepare, why) => {
  using folder = temporaryFolder();
  const place = prepare(folder.path);
  const socket = listenForWorker(place, "1");
  const problem = "problem" in socket ? socket.problem : "";
  expect(problem).toStartWith(`cannot make the socket ${place}/1.sock for a worker: `);
  expect(problem).toContain(why);
  expect(problem.split("\n")).toHaveLength(1);
});
