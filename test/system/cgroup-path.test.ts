import { describe, expect, test } from "bun:test";
import { groupName, makerOf, ownGroup } from "../../src/system/cgroup-path.ts";

const mount = (root: string, point: string): string =>
  `24 1 0:5 / /sys rw - sysfs sysfs rw\n31 24 0:27 ${root} ${point} rw,nosuid - cgroup2 cgroup2 rw\n`;

describe("pm's own group", () => {
  test.each([
    [
      "on a host",
      "0::/system.slice/pm.service\n",
      mount("/", "/sys/fs/cgroup"),
      "/sys/fs/cgroup/system.slice/pm.service",
    ],
    ["in a container with a view of its own", "0::/\n", mount("/", "/sys/fs/cgroup"), "/sys/fs/cgroup"],
    ["in a container without", "0::/docker/ab\n", mount("/docker/ab", "/sys/fs/cgroup"), "/sys/fs/cgroup"],
    ["below that", "0::/docker/ab/x\n", mount("/docker/ab", "/sys/fs/cgroup"), "/sys/fs/cgroup/x"],
    ["beside v1", "4:memory:/a\n0::/b\n", mount("/", "/sys/fs/cgroup/unified"), "/sys/fs/cgroup/unified/b"],
    ["at a path with a blank", "0::/\n", mount("/", String.raw`/sys/fs/c\040g`), "/sys/fs/c g"],
    ["with v1 alone", "4:memory:/a\n", mount("/", "/sys/fs/cgroup"), null],
    ["without a mount", "0::/\n", "24 1 0:5 / /sys rw - sysfs sysfs rw\n", null],
    ["without anything", "", "", null],
  ])("%s", (_, cgroup, mountinfo, path) => {
    expect(ownGroup(cgroup, mountinfo)).toBe(path);
  });
});

describe("the name of a group", () => {
  const long = "ü".repeat(300);
  const names = ["a", "b", "A", "a/b", "a%2Fb", "..", ".", "cgroup.procs", long, `${long}x`, "\u{d800}"];

  test.each(names)("of %j is one name, that tells who made it", (name) => {
    expect(groupName(7, name)).toMatch(/^pm-7-[\w.~%!'()*-]{1,250}$/u);
    expect(makerOf(groupName(7, name))).toBe(7);
  });

  test("differs from every other", () => {
    const all = [...names.map((name) => groupName(7, name)), groupName(7, null), groupName(8, "a"), groupName(71, "a")];
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(["pm", "pm-", "pm-x", "pm-7x", "apm-7", "init.scope"])("of others says nothing: %s", (name) => {
    expect(makerOf(name)).toBeNull();
  });
});
