/** Where control groups (v2) are: pure readings of what /proc says. */

/** The folder of the control group a process is in; null when there is no v2 hierarchy. `cgroup` and `mountinfo` are files of /proc/self. */
export function ownGroup(cgroup: string, mountinfo: string): string | null {
  const path = /^0::(\/.*)$/mu.exec(cgroup)?.[1];
  const mount = mountinfo
    .split("\n")
    .map(readMount)
    .find((each) => each !== null);
  if (path === undefined || mount === undefined || mount === null) return null;
  // Inside a container only a part of the hierarchy may be mounted: the path then begins with the root of the mount.
  const inside = mount.root === "/" || !isUnder(path, mount.root) ? path : path.slice(mount.root.length);
  return `${mount.point}${inside === "/" ? "" : inside}`;
}

function readMount(line: string): { readonly root: string; readonly point: string } | null {
  const [before = "", after = ""] = line.split(" - ");
  if (!after.startsWith("cgroup2 ")) return null;
  const [, , , root = "/", point = ""] = before.split(" ");
  return { root: unescape(root), point: unescape(point) };
}

const isUnder = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** The kernel writes blanks and the like as three octal digits. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/gu, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Longest name that every file system takes, less what is put before it. */
const maxNameBytes = 200;

/** The name of the group that pm itself moves to, and of those of its consumers: no two are the same, whichever pm makes them. */
export function groupName(pmPid: number, consumer: string | null): string {
  if (consumer === null) return `pm-${pmPid}`;
  const safe = encodeURIComponent(consumer.toWellFormed());
  const short = safe.length <= maxNameBytes ? safe : `${safe.slice(0, 150)}~${Bun.hash(consumer).toString(16)}`;
  return `pm-${pmPid}-${short}`;
}

/** The pm that made a group of this name; null for the groups of others. */
export function makerOf(name: string): number | null {
  const pid = /^pm-(\d+)(?:-.+)?$/u.exec(name)?.[1];
  return pid === undefined ? null : Number(pid);
}
