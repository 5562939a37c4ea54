import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Environment } from "../../config/interpolate.ts";
import { tryConnect } from "./client.ts";
import { isOwnFolder, realPath } from "./socket-folder.ts";
import { socketFolders, socketPaths } from "./socket-path.ts";

/** What a client says of the pm it means. */
export interface SocketWish {
  /** `--socket`; null when not given. */
  readonly socket: string | null;
  /** The pm.yaml that was named; null when none was. */
  readonly file: string | null;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Environment;
  readonly uid: number;
  /** Where sockets lie that nobody chose a place for; the folders of this user when absent. */
  readonly folders?: readonly string[];
}

/** `message` is one line for the user, to go with exit code 69. */
export type FoundSocket =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly message: string };

/**
 * The socket of the pm a client means: the one named, else that of PM_SOCKET, else the one of the pm.yaml named or lying in the
 * working directory, else the only live one of this user. A pm.yaml that lies there is never passed over for another farm.
 */
export async function findSocket(wish: SocketWish): Promise<FoundSocket> {
  const named = wish.socket ?? (wish.env["PM_SOCKET"] || null); // set but empty is unset
  if (named !== null) return { ok: true, path: resolve(wish.cwd, named) };
  const file = wish.file ?? ["pm.yaml", "pm.yml"].find((name) => existsSync(resolve(wish.cwd, name))) ?? null;
  return file === null ? onlyOne(await liveSockets(wish)) : await ofFile(realPath(resolve(wish.cwd, file)), wish);
}

async function ofFile(file: string, wish: SocketWish): Promise<FoundSocket> {
  const declared = existsSync(file) ? await declaredSocket(file, wish.env) : null;
  const own = socketPaths(file, ownFolders(wish));
  for (const path of declared === null ? own : [declared, ...own]) {
    if ((await tryConnect(path)) === null) return { ok: true, path };
  }
  const others = await liveSockets(wish);
  const advice = others.length === 0 ? "" : `; others run: ${others.join(", ")}`;
  const what = existsSync(file) ? `no pm runs with ${file}` : `there is no file ${file}, and no pm runs with it`;
  return {
    ok: false,
    message: `${what}; start it with pm serve, or name a socket with --socket or PM_SOCKET${advice}`,
  };
}

function onlyOne(live: readonly string[]): FoundSocket {
  const [path, ...more] = live;
  if (path === undefined) {
    return {
      ok: false,
      message: "no pm of this user runs here; start one with pm serve, or name its socket with --socket or PM_SOCKET",
    };
  }
  if (more.length === 0) return { ok: true, path };
  return { ok: false, message: `several pm run here; name one with --socket or PM_SOCKET: ${live.join(", ")}` };
}

function ownFolders({ env, uid, folders = socketFolders(env, uid) }: SocketWish): readonly string[] {
  return folders.filter((folder) => isOwnFolder(folder, uid));
}

/** All sockets in the usual folders that somebody listens on. */
async function liveSockets(wish: SocketWish): Promise<readonly string[]> {
  const paths = ownFolders(wish)
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((path) => path.endsWith(".sock"));
  const answers = await Promise.all(paths.map(async (path) => ({ path, failure: await tryConnect(path) })));
  return answers.filter(({ failure }) => failure === null).map(({ path }) => path);
}

/**
 * What the file says under `control.socket`, or null. Only this is read, so a file that was broken while its pm runs still leads to
 * it; and the reader of YAML is loaded only where the word is in the file.
 */
async function declaredSocket(file: string, env: Environment): Promise<string | null> {
  const text = readText(file);
  if (text === null || !/\bsocket\b/u.test(text)) return null;
  const { parse } = await import("yaml");
  const { interpolate } = await import("../../config/interpolate.ts");
  const { bundleRoot } = await import("../../config/document.ts");
  let tree: unknown;
  try {
    tree = parse(text, { logLevel: "silent", uniqueKeys: false });
  } catch {
    return null;
  }
  const socket = member(member(member(tree, bundleRoot) ?? tree, "control"), "socket");
  if (typeof socket !== "string" || socket === "") return null;
  const filled = interpolate(socket, env);
  return filled.problems.length > 0 ? null : resolve(dirname(file), filled.pieces.map((piece) => piece.text).join(""));
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** Undefined when there is none. */
function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
