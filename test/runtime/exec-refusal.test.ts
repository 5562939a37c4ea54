import { describe, expect, test } from "bun:test";
import type { ProcessSpec } from "../../src/core/farm/spec.ts";
import { refusal, type Privileges } from "../../src/runtime/exec-refusal.ts";
import { consumerSpec, processDefaults } from "../support/specs.ts";

/** An ordinary user's. */
const few: Privileges = {
  mayChangeUsers: false,
  mayChangeGroups: false,
  mayHurry: false,
  mayRaiseLimits: false,
  hardLimits: [Infinity, Infinity, Infinity, Infinity, 0, Infinity, 500, 4096],
  nice: 3,
  oomScoreAdj: 100,
};
const all: Privileges = { ...few, mayChangeUsers: true, mayChangeGroups: true, mayHurry: true, mayRaiseLimits: true };
const ask = (changes: Partial<ProcessSpec>, may: Privileges): string | null =>
  refusal(consumerSpec({ process: { ...processDefaults, ...changes } }), may);

describe("what pm may not do for a worker", () => {
  test.each<[Partial<ProcessSpec>, string]>([
    [{ groups: [] }, "pm may not give groups; run pm as root, or drop groups"],
    [{ nice: 2 }, "pm may not go below nice 3, and nice is 2; run pm as root (CAP_SYS_NICE), or raise it"],
    [{ oomScoreAdj: 99 }, "below its own OOM score of 100, and oom_score_adj is 99; run pm as root"],
    [{ rlimits: { nofile: { soft: 1, hard: 4097 } } }, "rlimits.nofile is 4097, and pm may go no higher than 4096;"],
    [{ rlimits: { nofile: { soft: 1, hard: 4097 } } }, "(LimitNOFILE= of its unit, ulimit -Hn), or lower it"],
    [{ rlimits: { core: { soft: 0, hard: null } } }, "rlimits.core is unlimited, and pm may go no higher than 0;"],
  ])("%j", (changes, said) => {
    expect(ask(changes, few)).toContain(said);
    expect(ask(changes, all)).toBeNull();
  });

  test.each<[Partial<ProcessSpec>]>([
    [{}],
    [{ userGroups: [4] }],
    [{ nice: 3 }],
    [{ nice: 19, umask: 0, noNewPrivileges: true }],
    [{ oomScoreAdj: 100 }],
    [{ rlimits: { nofile: { soft: 4096, hard: 4096 }, as: { soft: null, hard: null } } }],
  ])("is not that: %j", (changes) => {
    expect(ask(changes, few)).toBeNull();
  });

  test("a limit of nice values lets an ordinary user go lower", () => {
    const may = { ...few, hardLimits: few.hardLimits.concat(0, 0, 0, 0, 0, 25) };
    expect([ask({ nice: -5 }, may), ask({ nice: -6 }, may)]).toEqual([null, expect.stringContaining("below nice -5")]);
  });
});
