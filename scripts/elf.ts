/** The parts of a 64-bit little-endian ELF file that packing reads and changes. */

/** One entry of the program header table; sizes and positions in bytes. */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

/** Types of a segment. */
export const segmentType = { load: 1, dynamic: 2, interpreter: 3, headers: 6 } as const;

/** Entries of the dynamic table. */
export const dynamicTag = { needed: 1, stringTable: 5, versions: 0x6ffffffe, versionCount: 0x6fffffff } as const;

/** Sizes of a file header and of one program header, in bytes. */
export const headerBytes = { file: 64, segment: 56 } as const;

const machines: Readonly<Record<number, string>> = { 3: "x86", 40: "arm", 62: "x86-64", 183: "arm64", 243: "riscv" };

/** A view of the bytes of an ELF file. Reading beyond the end throws a RangeError. */
export class Elf {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Numbers above 2^53 are rounded: no address of a program is that high. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  setU64(at: number, value: number): void {
    this.#view.setBigUint64(at, BigInt(value), true);
  }

  /** What it is instead of a 64-bit x86-64 ELF file; null when it is one. */
  get misfit(): string | null {
    const { bytes } = this;
    if (bytes.length < headerBytes.file || this.u32(0) !== 0x46_4c_45_7f) return "not an ELF file";
    if (bytes[4] !== 2 || bytes[5] !== 1) return "not a 64-bit little-endian ELF file";
    const machine = this.u16(18);
    if (machine !== 62) return `made for ${machines[machine] ?? `machine ${machine}`}, not for x86-64`;
    const end = this.headersAt + this.headerCount * headerBytes.segment;
    return end > bytes.length ? "cut off: its header table is beyond its end" : null;
  }

  /** 2: fixed addresses. 3: a library, or a program that runs at any address. */
  get type(): number {
    return this.u16(16);
  }

  get entry(): number {
    return this.u64(24);
  }

  get headersAt(): number {
    return this.u64(32);
  }

  get headerCount(): number {
    return this.u16(56);
  }

  get segments(): readonly Segment[] {
    return Array.from({ length: this.headerCount }, (_, index) => {
      const at = this.headersAt + index * headerBytes.segment;
      return {
        type: this.u32(at),
        flags: this.u32(at + 4),
        offset: this.u64(at + 8),
        address: this.u64(at + 16),
        fileSize: this.u64(at + 32),
        memorySize: this.u64(at + 40),
        alignment: this.u64(at + 48),
      };
    });
  }

  setSegment(index: number, segment: Segment): void {
    const at = this.headersAt + index * headerBytes.segment;
    this.setU32(at, segment.type);
    this.setU32(at + 4, segment.flags);
    const { offset, address, fileSize, memorySize, alignment } = segment;
    [offset, address, address, fileSize, memorySize, alignment].forEach((value, field) =>
      this.setU64(at + 8 + field * 8, value),
    );
  }

  segment(type: number): Segment | undefined {
    return this.segments.find((each) => each.type === type);
  }

  /** Where in the file the byte is that will be at this address. */
  offsetOf(address: number): number {
    const inside = this.segments.find(
      (each) => each.type === segmentType.load && address >= each.address && address < each.address + each.fileSize,
    );
    if (inside === undefined) throw new RangeError(`address ${address} is not in the file`);
    return inside.offset + address - inside.address;
  }

  /** The text at this place in the file, up to its zero byte. */
  text(at: number): string {
    return new TextDecoder("latin1").decode(this.bytes.subarray(at, this.bytes.indexOf(0, at)));
  }

  /** The dynamic table: where each value is, its tag and the value itself. Empty for a static program. */
  get dynamic(): readonly { readonly at: number; readonly tag: number; readonly value: number }[] {
    const table = this.segment(segmentType.dynamic);
    if (table === undefined) return [];
    const entries = [];
    for (let at = table.offset; this.u64(at) !== 0; at += 16)
      entries.push({ at: at + 8, tag: this.u64(at), value: this.u64(at + 8) });
    return entries;
  }

  /** The program that the kernel starts to load this one; null for a static program. */
  get interpreter(): string | null {
    const segment = this.segment(segmentType.interpreter);
    return segment === undefined ? null : this.text(segment.offset);
  }

  /** The value of a tag that stands once in the dynamic table. */
  dynamicValue(tag: number): number | undefined {
    return this.dynamic.find((each) => each.tag === tag)?.value;
  }
}
