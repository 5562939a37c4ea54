/** SHA-256 of bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** The text of SHA256SUMS, as `sha256sum -c` reads it, in the order of the names. */
export function sumsOf(files: ReadonlyMap<string, Uint8Array | string>): string {
  const names = [...files.keys()].toSorted();
  return names.map((name) => `${sha256(files.get(name) ?? "")}  ${name}\n`).join("");
}
