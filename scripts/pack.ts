/**
 * Makes one self-contained program of a compiled pm: with the files of the C library inside, and the stub of scripts/loader in front,
 * which starts it where no C library is. `bun scripts/pack.ts PLAIN PACKED` packs one file.
 */
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import packageJson from "../package.json";
import { dynamicTag, Elf, headerBytes, segmentType, type Segment } from "./elf.ts";

/** A file of the C library by the name the program knows it by. */
export interface Library {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackParts {
  /** loader-x64.bin. */
  readonly stub: Uint8Array;
  /** ld.so, which loads the others. */
  readonly linker: Library;
  /** All that the program names as needed, without ld.so. */
  readonly libraries: readonly Library[];
  /** What the stub answers to `--version`; null leaves that to the program. At most 30 bytes. */
  readonly version: string | null;
}

export type Packed =
  | { readonly ok: true; readonly bytes: Uint8Array }
  /** One line on why not, without the name of the file. */
  | { readonly ok: false; readonly problem: string };

// As scripts/loader/loader.c has them.
const tableAlignment = 64;
const versionBytes = 32;
const tableHeadBytes = 5 * 8 + versionBytes;
const nameBytes = 32;
const pageBytes = 4096;
const maxLibraries = pageBytes / nameBytes - 1;
/** Far enough from the program that its heap and its neighbours do not meet, and no more: offsets to the names have 32 bits. */
const gapBytes = 1 << 20;

/** Packs the program. The same bytes in give the same bytes out. */
export function packElf(plain: Uint8Array, { stub, linker, libraries, version }: PackParts): Packed {
  const problem = unfit(plain, linker, libraries);
  if (problem !== null) return { ok: false, problem };

  const fileEnd = roundUp(plain.length, pageBytes);
  const elf = new Elf(new Uint8Array(plain));
  const { segments, entry } = elf;
  const loads = segments.filter(({ type }) => type === segmentType.load);
  const namesAddress = roundUp(Math.max(...loads.map((each) => each.address + each.memorySize)), gapBytes) + gapBytes;
  const address = namesAddress + gapBytes;

  pointNames(elf, new Map(libraries.map(({ name }, index) => [name, namesAddress + (index + 1) * nameBytes])));
  const versionLine = version === null ? "" : `${version}\n`;
  if (Buffer.byteLength(versionLine) >= versionBytes)
    return { ok: false, problem: `its version is too long: ${version}` };
  const table = { entry, namesAddress, versionLine, files: [linker, ...libraries].map(({ bytes }) => bytes) };
  const appended = segmentBytes(stub, address, plain, table);

  // The interpreter's place in the header table becomes the place of the new segment; segments to load stand in order of addresses.
  const kept = segments.filter(({ type }) => type !== segmentType.interpreter);
  const size = appended.length;
  const added = {
    type: segmentType.load,
    flags: 5,
    offset: fileEnd,
    address,
    fileSize: size,
    memorySize: size,
  } as const;
  const last = kept.findLastIndex(({ type }) => type === segmentType.load);
  const headers: readonly Segment[] = kept.toSpliced(last + 1, 0, { ...added, alignment: pageBytes });
  headers.forEach((segment, index) => elf.setSegment(index, segment));
  elf.setU64(24, address);

  const bytes = new Uint8Array(fileEnd + size);
  bytes.set(elf.bytes);
  bytes.set(appended, fileEnd);
  return { ok: true, bytes };
}

/** Why the program cannot be packed with these files; null when it can. */
function unfit(plain: Uint8Array, linker: Library, libraries: readonly Library[]): string | null {
  const elf = new Elf(plain);
  if (elf.misfit !== null) return elf.misfit;
  if (elf.interpreter === null) return "static, or packed already: it names no program that loads it";
  if (!isGlibc(elf.interpreter)) return `made for another C library than glibc: it is loaded by ${elf.interpreter}`;
  if (elf.type !== 2) return "made to run at any address: only a program with fixed addresses can be packed";
  const bad = [linker, ...libraries].find(({ bytes }) => new Elf(bytes).misfit !== null);
  if (bad !== undefined) return `${bad.name} is ${new Elf(bad.bytes).misfit}`;
  const given = new Set([basename(elf.interpreter), ...libraries.map(({ name }) => name)]);
  const missing = neededBy(elf).filter((name) => !given.has(name));
  if (missing.length > 0) return `it needs ${missing.join(", ")}, not found on this machine`;
  return libraries.length > maxLibraries ? `it needs more than ${maxLibraries} libraries` : null;
}

/** The stub hands over to glibc's ld.so; others expect other things of whoever starts them. */
const isGlibc = (interpreter: string): boolean => basename(interpreter).startsWith("ld-linux");

/** The names of the libraries a program or a library says it needs. */
export function neededBy(elf: Elf): string[] {
  const strings = elf.dynamicValue(dynamicTag.stringTable);
  if (strings === undefined) return [];
  const at = elf.offsetOf(strings);
  return elf.dynamic.filter(({ tag }) => tag === dynamicTag.needed).map(({ value }) => elf.text(at + value));
}

/** Makes all names of these libraries point at the addresses, where the stub will write the names of its memory files. */
function pointNames(elf: Elf, addresses: ReadonlyMap<string, number>): void {
  const strings = elf.dynamicValue(dynamicTag.stringTable) ?? 0;
  const stringsAt = elf.offsetOf(strings);
  // A name is an offset from the table of strings, and nobody checks that it ends within.
  const offsetFor = (name: number): number | null => {
    const address = addresses.get(elf.text(stringsAt + name));
    return address === undefined ? null : address - strings;
  };
  for (const { at, tag, value } of elf.dynamic) {
    const offset = tag === dynamicTag.needed ? offsetFor(value) : null;
    if (offset !== null) elf.setU64(at, offset);
  }
  const versions = elf.dynamicValue(dynamicTag.versions);
  if (versions === undefined) return;
  let at = elf.offsetOf(versions);
  for (let left = elf.dynamicValue(dynamicTag.versionCount) ?? 0; left > 0; left--) {
    const offset = offsetFor(elf.u32(at + 4));
    if (offset !== null) elf.setU32(at + 4, offset);
    at += elf.u32(at + 12);
  }
}

/** The new segment: stub, table, the program's own header table, files. */
function segmentBytes(
  stub: Uint8Array,
  address: number,
  plain: Uint8Array,
  table: {
    readonly entry: number;
    readonly namesAddress: number;
    readonly versionLine: string;
    readonly files: readonly Uint8Array[];
  },
): Uint8Array {
  const original = new Elf(plain);
  const headersSize = original.headerCount * headerBytes.segment;
  const tableAt = roundUp(stub.length, tableAlignment);
  const headersAt = roundUp(tableAt + tableHeadBytes + table.files.length * 16, tableAlignment);
  const places: number[] = [];
  let end = roundUp(headersAt + headersSize, pageBytes);
  for (const file of table.files) {
    places.push(end);
    end = roundUp(end + file.length, tableAlignment);
  }

  const bytes = new Uint8Array(end);
  bytes.set(stub);
  bytes.set(plain.subarray(original.headersAt, original.headersAt + headersSize), headersAt);
  const view = new DataView(bytes.buffer);
  const setU64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  [table.entry, table.namesAddress, address + headersAt, original.headerCount, table.files.length].forEach(
    (value, index) => setU64(tableAt + index * 8, value),
  );
  bytes.set(Buffer.from(table.versionLine), tableAt + tableHeadBytes - versionBytes);
  table.files.forEach((file, index) => {
    const place = places[index] ?? 0;
    setU64(tableAt + tableHeadBytes + index * 16, place - tableAt);
    setU64(tableAt + tableHeadBytes + index * 16 + 8, file.length);
    bytes.set(file, place);
  });
  // ld.so computes the place of the program from where its header table says that it itself is.
  original.segments.forEach(({ type }, index) => {
    if (type !== segmentType.headers) return;
    setU64(headersAt + index * headerBytes.segment + 16, address + headersAt);
    setU64(headersAt + index * headerBytes.segment + 24, address + headersAt);
  });
  return bytes;
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** The stub and the files of this machine's C library for the program at this path, as ld.so itself finds them; or one line on why not. */
export function findParts(path: string, version: string | null): PackParts | string {
  const elf = new Elf(readFileSync(path));
  if (elf.misfit !== null) return elf.misfit;
  if (elf.interpreter === null) return "static, or packed already: it names no program that loads it";
  if (!existsSync(elf.interpreter)) return `${elf.interpreter} is not on this machine`;
  const listed = Bun.spawnSync([elf.interpreter, "--list", path], { env: {} }).stdout.toString();
  const paths = new Map([...listed.matchAll(/^\s*(\S+) => (\/\S+)/gmu)].map(([, name, file]) => [name, file]));
  const libraries = neededBy(elf)
    .filter((name) => name !== basename(elf.interpreter ?? ""))
    .flatMap((name) => {
      const file = paths.get(name);
      return file === undefined ? [] : [{ name, bytes: new Uint8Array(readFileSync(file)) }];
    });
  return {
    stub: new Uint8Array(readFileSync(join(import.meta.dir, "loader", "loader-x64.bin"))),
    linker: { name: basename(elf.interpreter), bytes: new Uint8Array(readFileSync(realpathSync(elf.interpreter))) },
    libraries,
    version,
  };
}

/** Packs the program at one path, of this version, into a file at the other; null, or one line on why not. */
export function packFile(from: string, to: string, version: string | null): string | null {
  const parts = findParts(from, version);
  if (typeof parts === "string") return parts;
  const packed = packElf(new Uint8Array(readFileSync(from)), parts);
  if (!packed.ok) return packed.problem;
  writeFileSync(to, packed.bytes, { mode: 0o755 });
  return null;
}

if (import.meta.main) {
  const [from, to] = process.argv.slice(2);
  if (from === undefined || to === undefined) {
    console.error("use: bun scripts/pack.ts PLAIN PACKED");
    process.exit(2);
  }
  const problem = packFile(from, to, packageJson.version);
  if (problem !== null) {
    console.error(`${from}: ${problem}`);
    process.exit(1);
  }
}
