/** Archives that depend on nothing but what is in them: not on the clock, the user, or the order files are found in. */

export interface Entry {
  /** Relative, with `/`; 100 bytes at most, all of them ASCII. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

const blockBytes = 512;

/** A .tar.gz of these files, in the order of their paths, all of them root's and of this time. */
export function archive(entries: readonly Entry[], epochSeconds: number): Uint8Array<ArrayBuffer> {
  const ordered = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  // libdeflate writes no time and no system into the header, and gives the same bytes on all machines.
  return Bun.gzipSync(tar(ordered, epochSeconds), { library: "libdeflate", level: 6 });
}

function tar(entries: readonly Entry[], epochSeconds: number): Uint8Array<ArrayBuffer> {
  const whole = (size: number): number => Math.ceil(size / blockBytes) * blockBytes;
  const size = entries.reduce((sum, { bytes }) => sum + blockBytes + whole(bytes.length), 2 * blockBytes);
  const result = new Uint8Array(size);
  let at = 0;
  for (const entry of entries) {
    result.set(header(entry, epochSeconds), at);
    result.set(entry.bytes, at + blockBytes);
    at += blockBytes + whole(entry.bytes.length);
  }
  return result;
}

/** The POSIX ustar header of a plain file. */
function header({ path, bytes, executable }: Entry, epochSeconds: number): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length > 100) throw new RangeError(`${path} is too long for an archive: 100 bytes at most`);
  const block = new Uint8Array(blockBytes);
  const put = (at: number, text: string): void => block.set(new TextEncoder().encode(text), at);
  const octal = (at: number, width: number, value: number): void => put(at, value.toString(8).padStart(width - 1, "0"));
  block.set(name);
  octal(100, 8, executable ? 0o755 : 0o644);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, bytes.length);
  octal(136, 12, epochSeconds);
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\u000000root");
  put(297, "root");
  octal(
    148,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  return block;
}
