import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { Elf, segmentType } from "../../scripts/elf.ts";
import { findParts, neededBy, packElf, packFile, type PackParts } from "../../scripts/pack.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface Look {
  readonly bits?: 32 | 64;
  readonly machine?: number;
  readonly type?: number;
  readonly segments?: readonly number[];
  readonly interpreter?: string;
  /** Entries that the header promises beyond those that are there. */
  readonly promised?: number;
}

const glibc = "/lib64/ld-linux-x86-64.so.2";
const nameBytes = 32;

/** The head of an ELF file: header, header table, and a name to be the interpreter's. */
function head({
  bits = 64,
  machine = 62,
  type = 2,
  segments = [],
  interpreter = glibc,
  promised = 0,
}: Look): Uint8Array {
  const bytes = new Uint8Array(64 + 56 * segments.length + nameBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(56, segments.length + promised, true);
  segments.forEach((each, index) => {
    view.setUint32(64 + index * 56, each, true);
    view.setBigUint64(64 + index * 56 + 8, BigInt(bytes.length - nameBytes), true);
  });
  bytes.set(new TextEncoder().encode(interpreter), bytes.length - nameBytes);
  return bytes;
}

const fit = head({ segments: [segmentType.interpreter] });
const stub = new Uint8Array([0x90]);
const linker = { name: "ld.so", bytes: head({ type: 3 }) };
const bare: PackParts = { stub, linker, libraries: [], version: null };

test.each<[string, Uint8Array, Partial<PackParts>, string]>([
  ["nothing", new Uint8Array(0), {}, "not an ELF file"],
  ["a script", new TextEncoder().encode("#!/bin/sh\n".padEnd(100)), {}, "not an ELF file"],
  ["a program of 32 bits", head({ bits: 32 }), {}, "not a 64-bit little-endian ELF file"],
  ["a program for arm64", head({ machine: 183 }), {}, "made for arm64, not for x86-64"],
  ["a program for something", head({ machine: 9999 }), {}, "made for machine 9999, not for x86-64"],
  ["half a program", head({ promised: 50 }), {}, "cut off: its header table is beyond its end"],
  ["a static program", head({}), {}, "static, or packed already: it names no program that loads it"],
  [
    "a program for musl",
    head({ segments: [segmentType.interpreter], interpreter: "/lib/ld-musl-x86_64.so.1" }),
    {},
    "made for another C library than glibc: it is loaded by /lib/ld-musl-x86_64.so.1",
  ],
  [
    "a program without fixed addresses",
    head({ type: 3, segments: [segmentType.interpreter] }),
    {},
    "made to run at any address: only a program with fixed addresses can be packed",
  ],
  [
    "a loader for arm64",
    fit,
    { linker: { name: "ld.so", bytes: head({ machine: 183 }) } },
    "ld.so is made for arm64, not for x86-64",
  ],
  [
    "a library that is a linker script",
    fit,
    { libraries: [{ name: "libc.so", bytes: new TextEncoder().encode("INPUT(libc.so.6)") }] },
    "libc.so is not an ELF file",
  ],
  [
    "more libraries than there are names",
    fit,
    { libraries: Array.from({ length: 128 }, (_, index) => ({ name: `lib${index}.so`, bytes: head({ type: 3 }) })) },
    "it needs more than 127 libraries",
  ],
])("%s is refused with the reason", (_, program, parts, problem) => {
  expect(packElf(program, { ...bare, ...parts })).toEqual({ ok: false, problem });
});

// The Bun that runs this is a program of the same make as the compiled pm.
const parts = findParts(process.execPath, null);
const reason = typeof parts === "string" ? parts : null;
if (reason !== null) console.warn(`skipping the packing of a real program: ${reason}`);

describe.skipIf(reason !== null)("a real program", () => {
  const real = typeof parts === "string" ? bare : parts;
  const plain = new Uint8Array(readFileSync(process.execPath));

  function pack(from = plain, given = real): Uint8Array {
    const packed = packElf(from, given);
    if (!packed.ok) throw new Error(packed.problem);
    return packed.bytes;
  }

  test("is refused when a library it needs was not found, which is named", () => {
    const libraries = real.libraries.filter(({ name }) => !name.startsWith("libm."));
    expect(packElf(plain, { ...real, libraries })).toEqual({
      ok: false,
      problem: "it needs libm.so.6, not found on this machine",
    });
  });

  test("gives the same bytes each time, leaves what it was given as it was, and is not packed twice", () => {
    const before = Bun.hash(plain);
    const packed = pack();
    expect(Buffer.compare(packed, pack())).toBe(0);
    expect(Bun.hash(plain)).toBe(before);
    expect(packElf(packed, real)).toMatchObject({ ok: false, problem: expect.stringContaining("packed already") });
  });

  test("asks for no loader and names no library of the machine any more, and its segments are in order", () => {
    const elf = new Elf(pack());
    expect(elf.interpreter).toBeNull();
    const loads = elf.segments.filter(({ type }) => type === segmentType.load).map(({ address }) => address);
    expect(loads).toEqual(loads.toSorted((a, b) => a - b));
    expect(elf.entry).toBe(loads.at(-1) ?? 0);
    expect(
      neededBy(new Elf(plain))
        .filter((name) => !name.startsWith("ld-"))
        .toSorted(),
    ).toEqual(real.libraries.map(({ name }) => name).toSorted());
  });

  test("runs as before", () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "packed");
    expect(packFile(process.execPath, file, null)).toBeNull();
    const script = "console.log(process.execPath, [1n, Math.cos(0)].join());";
    writeFileSync(join(folder.path, "hello.ts"), script);
    const { stdout, stderr } = Bun.spawnSync([file, join(folder.path, "hello.ts")], { env: {} });
    expect([stdout.toString(), stderr.toString()]).toEqual([`${file} 1,1\n`, ""]);
  });

  test("that cannot be packed leaves nothing behind", () => {
    using folder = temporaryFolder();
    const [script, packed] = [join(folder.path, "script"), join(folder.path, "packed")];
    writeFileSync(script, "#!/bin/sh\n");
    expect([packFile(script, packed, null), existsSync(packed)]).toEqual(["not an ELF file", false]);
  });
});
