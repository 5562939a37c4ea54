/** How eagerly JavaScript is compiled. Compiling goes on beside pm, on processors that its workers need, too. */

/** As `--compile-jit-policy` of scripts/compile.ts, with which pm starts: so many times more often than usual must code run first. */
const reluctance = 8;

/** From here on this thread runs for a while: code that runs often is worth compiling. */
export function compileAsUsual(): void {
  Bun.unsafe.setJITPolicy(1);
}

/** From here on this thread does in a moment, and for the last time, what it did not do before: that is not worth compiling. */
export function compileLittle(): void {
  Bun.unsafe.setJITPolicy(reluctance);
}
