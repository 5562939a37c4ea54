/** What is known of a C library that is packed into pm. */
import type { Library } from "../pack.ts";
import { sha256 } from "./sums.ts";

export interface CLibrary {
  /** Of glibc itself. */
  readonly version: string;
  /** Of the distribution's package, with its fixes; null where the file does not tell. */
  readonly build: { readonly distribution: string; readonly version: string } | null;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/** Reads the version out of libc.so.6; null when it is none of glibc. */
export function cLibraryOf(libraries: readonly Library[]): CLibrary | null {
  const libc = libraries.find(({ name }) => name === "libc.so.6");
  const text = libc === undefined ? "" : Buffer.from(libc.bytes).toString("latin1");
  const banner = /GNU C Library \(([^)\n]*)\) (?:stable|development) release version ([\d.]+\d)/u.exec(text);
  if (banner === null) return null;
  const [, made = "", version = ""] = banner;
  const [, distribution = "", build = ""] = /^(Debian|Ubuntu) E?GLIBC (\S+)$/u.exec(made) ?? [];
  return {
    version,
    build: build === "" ? null : { distribution: distribution.toLowerCase(), version: build },
    files: libraries.map(({ name, bytes }) => ({ name, sha256: sha256(bytes) })),
  };
}
