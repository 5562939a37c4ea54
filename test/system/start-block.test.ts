import { describe, expect, test } from "bun:test";
import { CString, read, type Pointer } from "bun:ffi";
import { pads, StartBlock, type StartWords } from "../../src/system/start-block.ts";

const words: StartWords = {
  program: "/usr/bin/php",
  argv: ["php", "-r", "echo 'ä';", ""],
  env: { PATH: "/bin", ID: "of the file", LANG: "de_DE.UTF-8" },
  folder: "/srv/über",
  settings: ["r7:1024:4096", "d9"],
};

function pointerAt(address: Pointer, index = 0): Pointer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an address that C would follow
  return read.ptr(address, 8 * index) as Pointer;
}

const textAt = (address: Pointer): string => new CString(address).valueOf();

/** A list of addresses up to its null. */
function listAt(address: Pointer): string[] {
  const texts: string[] = [];
  for (let index = 0; Number(pointerAt(address, index)) !== 0; index++) texts.push(textAt(pointerAt(address, index)));
  return texts;
}

/** What C would find for a start on this pad. */
function found(block: StartBlock, pad = 0) {
  const pointers = block.pointers(pad);
  const view = new BigUint64Array(pointers.buffer, pointers.byteOffset, 6);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const [program, folder, argv, envp, settings, end] = Array.from(view, (each) => Number(each) as Pointer);
  return {
    program: textAt(program!),
    folder: textAt(folder!),
    argv: listAt(argv!),
    env: listAt(envp!),
    settings: listAt(settings!),
    settingsCount: (Number(end) - Number(settings)) / 8,
  };
}

describe("a start block", () => {
  test("holds the words as C takes them; what changes takes the place of what the environment says", () => {
    const block = new StartBlock(words, ["ID", "MARK"]);
    block.set(0, "ID", "7");
    block.set(0, "MARK", "run.12345");
    const expected = {
      program: "/usr/bin/php",
      folder: "/srv/über",
      argv: ["php", "-r", "echo 'ä';", ""],
      env: ["PATH=/bin", "LANG=de_DE.UTF-8", "ID=7", "MARK=run.12345"],
      settings: ["r7:1024:4096", "d9"],
      settingsCount: 2,
    };
    expect(found(block)).toEqual(expected);
    block.set(0, "ID", "12");
    block.set(0, "MARK", "run.1");
    expect(found(block).env.slice(2)).toEqual(["ID=12", "MARK=run.1"]);
  });

  test("keeps what changes for each start that may be under way", () => {
    const block = new StartBlock(words, ["ID"]);
    for (let pad = 0; pad < pads; pad++) block.set(pad, "ID", `of pad ${pad}`);
    for (let pad = 0; pad < pads; pad++) {
      expect(found(block, pad)).toMatchObject({ argv: words.argv, folder: words.folder, settingsCount: 2 });
      expect(found(block, pad).env).toEqual(["PATH=/bin", "LANG=de_DE.UTF-8", `ID=of pad ${pad}`]);
    }
  });

  test("may be empty where there is nothing to say", () => {
    expect(found(new StartBlock({ ...words, argv: [], env: {}, settings: [] }, []))).toMatchObject({
      argv: [],
      env: [],
      settings: [],
      settingsCount: 0,
    });
  });

  test("refuses what C would cut off", () => {
    expect(() => new StartBlock({ ...words, argv: ["a\0b"] }, [])).toThrow(TypeError);
    expect(() => new StartBlock(words, ["ID"]).set(0, "ID", "x".repeat(129))).toThrow(RangeError);
    expect(() => new StartBlock(words, ["ID"]).set(0, "OTHER", "x")).toThrow(RangeError);
    expect(() => new StartBlock(words, ["ID"]).set(pads, "ID", "x")).toThrow(RangeError);
  });
});
