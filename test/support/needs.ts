/** Says which of the programs are not on this machine, as a reason to skip a test; null when all are there. */
export function missing(...programs: readonly string[]): string | null {
  const absent = programs.filter((program) => Bun.which(program) === null);
  return absent.length === 0 ? null : `not installed: ${absent.join(", ")}`;
}
