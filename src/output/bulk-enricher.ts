import type { OutputBlock } from "../core/output/output-block.ts";
import type { Tag } from "../core/output/tag.ts";
import { bulkEnrichModule } from "./bulk-enrich-wasm.ts";

/** A tag as the module reads it. */
export type PackedTag = Uint8Array;

/** Loads and stores of the module go beyond their ends by less than this. */
const slackBytes = 64;
/** The first page of memory is the module's own: its stack and its constants, then these. */
const jobAt = 0x4000;
const datetimeAt = 0x4100;
const tagAt = 0x5000;
const maxTagBytes = 0x8000;
const pageBytes = 0x1_0000;

const formats = { raw: 0, auto: 1, json: 2 } as const;
const encoder = new TextEncoder();

/**
 * Does what LineSplitter and LineEnricher do together, for many lines at a call, in a WebAssembly module (scripts/bulk-enrich). Chunks and
 * blocks lie in the module's own memory, which never moves, so that the kernel reads and writes there. It leaves alone what is rare.
 */
export class BulkEnricher {
  readonly #memory: WebAssembly.Memory;
  readonly #bytes: Uint8Array;
  readonly #job: Uint32Array;
  readonly #datetime: () => string;
  readonly #take: (job: number, tag: number, start: number, end: number) => number;
  #tag: PackedTag | null = null;
  #usedBytes = pageBytes;
  /** How many lines the last `take` took. */
  lines = 0;

  /**
   * With memory for `bytes` that will be allocated. `datetime` is as LineEnricher's; lines that are wrapped at one call have the same.
   * Null where there is no WebAssembly with the vector instructions it takes.
   */
  static open(bytes: number, datetime: () => string): BulkEnricher | null {
    try {
      return new BulkEnricher(bytes, datetime);
    } catch {
      return null;
    }
  }

  private constructor(bytes: number, datetime: () => string) {
    const pages = 2 + Math.ceil(bytes / pageBytes);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const module = new WebAssembly.Module(Buffer.from(bulkEnrichModule, "base64"));
    const { take } = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports;
    if (typeof take !== "function") throw new TypeError("no module of ours");
    this.#take = (job, tag, start, end) => Number(take(job, tag, start, end));
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#job = new Uint32Array(this.#memory.buffer, jobAt, 6);
    this.#datetime = datetime;
  }

  /** Memory of the module, for a chunk or a block; never given back. */
  allocate(bytes: number): Buffer {
    const at = this.#usedBytes;
    this.#usedBytes += bytes + slackBytes;
    return Buffer.from(this.#memory.buffer, at, bytes);
  }

  /** The tag, for lines of at most `maxLineBytes`; null when it is too large. */
  pack(tag: Tag, maxLineBytes: number): PackedTag | null {
    const end = Buffer.concat([tag.stream, tag.extraMember, Buffer.from("}")]);
    const names = tag.members.flatMap(({ key: { utf8 } }) => [utf8.length, ...utf8]);
    const pieces = [tag.prefix, tag.extra, tag.extraMember, tag.moreMembers, end, Uint8Array.from([...names, 0])];
    const header = new Uint32Array(3 + 2 * pieces.length);
    header.set([formats[tag.format], Math.min(maxLineBytes, 0xffff_ffff), tag.growthBytes]);
    let at = tagAt + header.byteLength;
    for (const [index, piece] of pieces.entries()) {
      header.set([at, piece.length], 3 + 2 * index);
      at += piece.length;
    }
    const isTooLarge = at - tagAt > maxTagBytes || tag.members.some(({ key }) => key.utf8.length > 0xff);
    return isTooLarge ? null : Buffer.concat([new Uint8Array(header.buffer), ...pieces]);
  }

  /** Whether the bytes lie where this can work on them. */
  holds(bytes: Buffer): boolean {
    return bytes.buffer === this.#memory.buffer;
  }

  /**
   * Appends the lines of [start, end) of `chunk`, which ends behind a newline, to `block`, until that is `fillTo` bytes long or more.
   * Returns where the first line begins that it left alone. Both must lie in this memory.
   */
  take(tag: PackedTag, chunk: Buffer, start: number, end: number, block: OutputBlock, fillTo: number): number {
    if (tag !== this.#tag) this.#use(tag);
    const job = this.#job;
    const blockAt = block.bytes.byteOffset;
    job[0] = blockAt + block.length;
    job[1] = blockAt + fillTo;
    job[2] = blockAt + block.bytes.length + slackBytes;
    if (tag[0] === formats.json) this.#setTime();
    const taken = this.#take(jobAt, tagAt, chunk.byteOffset + start, chunk.byteOffset + end) - chunk.byteOffset;
    block.length = (job[0] ?? 0) - blockAt;
    this.lines = job[3] ?? 0;
    return taken;
  }

  /** What stands behind the text of a wrapped line. */
  #setTime(): void {
    const { written } = encoder.encodeInto(`","datetime":"${this.#datetime()}`, this.#bytes.subarray(datetimeAt));
    this.#job[4] = datetimeAt;
    this.#job[5] = written;
  }

  #use(tag: PackedTag): void {
    this.#bytes.set(tag, tagAt);
    this.#tag = tag;
  }
}
