import { describe, expect, test } from "bun:test";
import { boundLabel } from "../../../src/core/farm/bounded-label.ts";
import { messageClassLabel } from "../../../src/core/farm/message-class.ts";

describe("messageClassLabel", () => {
  test.each([
    [[], "App\\Msg", "App\\Msg"],
    [["App\\Msg"], "App\\Msg", "App\\Msg"],
    [["App\\Msg"], "App\\Msg2", "other"],
    [["App\\Msg"], "XApp\\Msg", "other"],
    [["App\\Msg"], "App.Msg", "other"],
    [["A", "B"], "B", "B"],
    [["App\\*"], "App\\Mail\\Send", "App\\Mail\\Send"],
    [["App\\*"], "App\\", "App\\"],
    [["App\\*"], "Application", "other"],
    [["*Event"], "App\\UserEvent", "App\\UserEvent"],
    [["*Event"], "App\\UserEvents", "other"],
    [["A*b*c"], "A-b-b-c-c", "A-b-b-c-c"],
    [["A*b*c"], "A-c-b", "other"],
    [["App\\V?"], "App\\V2", "App\\V2"],
    [["App\\V?"], "App\\V", "other"],
    [["App\\V?"], "App\\V22", "other"],
    [["a?c"], "a😀c", "a😀c"],
    [["a.c"], "abc", "other"],
    [["a.c"], "a.c", "a.c"],
    [["[ab]"], "a", "other"],
    [["[ab](x)+^$"], "[ab](x)+^$", "[ab](x)+^$"],
    [["\\*"], "\\anything", "\\anything"],
    [["*"], "anything\nat all", "anything\nat all"],
    [["**"], "", ""],
  ] as const)("with the whitelist %j the class %j becomes %j", (whitelist, messageClass, label) => {
    const labelOf = messageClassLabel(whitelist);
    expect([labelOf(messageClass), labelOf(messageClass)]).toEqual([label, label]);
  });

  test.each([[[]], [["Made*"]]])("with the whitelist %j only the first 1,000 classes keep their names", (whitelist) => {
    const labelOf = messageClassLabel(whitelist);
    const labels = Array.from({ length: 1_500 }, (_, n) => labelOf(`Made${n}`));
    expect(new Set(labels).size).toBe(1_001);
    expect(labelOf("Made999")).toBe("Made999");
    expect(labelOf("Made1000")).toBe("other");
  });
});

describe("boundLabel", () => {
  test("known values keep their names when the room is full, new ones do not", () => {
    const labelOf = boundLabel(1, ["late"]);
    expect([labelOf("first"), labelOf("second"), labelOf("late"), labelOf("first")]).toEqual([
      "first",
      "other",
      "late",
      "first",
    ]);
  });

  test("two values that UTF-8 cannot tell apart share one label", () => {
    const labelOf = boundLabel(10, ["known\uD800"]);
    expect([labelOf("x\uD800"), labelOf("x\uDC00"), labelOf("known\uDC00")]).toEqual([
      "x\uFFFD",
      "x\uFFFD",
      "known\uFFFD",
    ]);
  });
});
