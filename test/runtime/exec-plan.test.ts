import { describe, expect, test } from "bun:test";
import type { ConsumerSpec, ProcessSpec } from "../../src/core/farm/spec.ts";
import { execPlan, type ExecSurroundings } from "../../src/runtime/exec-plan.ts";
import { readExecWords } from "../../src/system/exec-words.ts";
import { consumerSpec, processDefaults } from "../support/specs.ts";

const root: ExecSurroundings = { packed: false, pmPid: 42, uid: 0, gid: 0, openFiles: null };
const packed: ExecSurroundings = { ...root, packed: true, openFiles: { soft: 1024, hard: 4096 } };
const own = ["d9", "P42"];
const settings = (changes: Partial<ProcessSpec>): ConsumerSpec =>
  consumerSpec({ process: { ...processDefaults, ...changes } });

describe("the set-up of a worker", () => {
  test.each<[string, ConsumerSpec, readonly string[]]>([
    ["umask", settings({ umask: 0o27 }), ["u027"]],
    ["an empty umask", settings({ umask: 0 }), ["u000"]],
    ["nice", settings({ nice: -5 }), ["p-5"]],
    ["an OOM score", settings({ oomScoreAdj: -300 }), ["o-300"]],
    ["no new privileges", settings({ noNewPrivileges: true }), ["N"]],
    ["a limit", settings({ rlimits: { nofile: { soft: 10, hard: 20 } } }), ["r7:10:20"]],
    [
      "no limit",
      settings({ rlimits: { core: { soft: 0, hard: null }, as: { soft: 5, hard: 5 } } }),
      ["r4:0:18446744073709551615", "r9:5:5"],
    ],
    ["groups", settings({ groups: [4, 7] }), ["G4,7"]],
    ["no groups", settings({ groups: [] }), ["G"]],
    [
      "groups of a user",
      consumerSpec({ uid: 33, gid: 34, process: { ...processDefaults, userGroups: [4] } }),
      ["G4", "g34", "U33"],
    ],
    [
      "groups instead of those of the user",
      consumerSpec({ uid: 33, gid: 34, process: { ...processDefaults, groups: [9], userGroups: [4] } }),
      ["G9", "g34", "U33"],
    ],
    [
      "a user without groups beside something else",
      consumerSpec({ uid: 33, gid: 34, process: { ...processDefaults, umask: 0o77 } }),
      ["u077", "G", "g34", "U33"],
    ],
    ["a group alone", consumerSpec({ gid: 34, process: { ...processDefaults, nice: 1 } }), ["p1", "G", "g34"]],
  ])("%s", (_, spec, words) => {
    expect(execPlan(spec, root, null)).toEqual([...words, ...own]);
  });

  test("every word is one that `pm __exec` takes, and stands in its order already", () => {
    const rlimits = { cpu: { soft: 1, hard: null }, rtprio: { soft: 1, hard: 2 } };
    const process = { umask: 1, nice: 1, rlimits, oomScoreAdj: 1, groups: [1], userGroups: [], noNewPrivileges: true };
    const words = execPlan(consumerSpec({ uid: 1, gid: 2, process }), packed, "/x/cgroup.procs") ?? [];
    const read = readExecWords([...words, "--", "/bin/true", "true"]);
    const inOrder = typeof read === "string" ? read : read.settings.map(({ letter, value }) => letter + value);
    const mended = words.filter((word) => word !== "N").toSpliced(-2, 0, "N"); // which may stand anywhere
    expect(inOrder).toEqual(mended);
  });

  test.each<[string, ConsumerSpec]>([
    ["nothing", consumerSpec()],
    ["a user and a group", consumerSpec({ uid: 33, gid: 34 })],
    ["an empty list of groups of the user", consumerSpec({ uid: 33, gid: 34, process: processDefaults })],
    [
      "groups of the user that pm is",
      consumerSpec({ uid: 0, gid: 0, process: { ...processDefaults, userGroups: [4] } }),
    ],
  ])("needs no help for %s", (_, spec) => {
    expect(execPlan(spec, root, null)).toBeNull();
  });

  test.each<[string, ConsumerSpec, readonly string[]]>([
    ["nothing is asked for", consumerSpec(), ["r7:1024:4096"]],
    ["a user is asked for", consumerSpec({ uid: 33, gid: 34 }), ["r7:1024:4096", "G", "g34", "U33"]],
    ["pm is that user", consumerSpec({ uid: 0, gid: 0 }), ["r7:1024:4096"]],
    ["open files are asked for", settings({ rlimits: { nofile: { soft: 5, hard: 6 } } }), ["r7:5:6"]],
  ])("in a packed pm gives the open files back and dies with pm, when %s", (_, spec, words) => {
    expect(execPlan(spec, packed, null)).toEqual([...words, ...own]);
  });

  test("joins its control group first", () => {
    expect(execPlan(settings({ umask: 0 }), root, "/sys/a b/cgroup.procs")).toEqual([
      "c/sys/a b/cgroup.procs",
      "u000",
      ...own,
    ]);
  });
});
