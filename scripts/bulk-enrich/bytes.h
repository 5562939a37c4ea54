/* Bytes, sixteen and sixty-four at a time. Loads and copies may touch up to 64 bytes behind what they are asked for. */
#ifndef BYTES_H
#define BYTES_H
#include <wasm_simd128.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { LF = '\n', CR = '\r' };

/* memcpy in sixteens; writes up to 15 bytes too many, which the next piece overwrites. */
INLINE u8 *put(u8 *out, const u8 *from, u32 length) {
  for (u32 i = 0; i < length; i += 16) wasm_v128_store(out + i, wasm_v128_load(from + i));
  return out + length;
}

/* The next line feed; there must be one. */
INLINE const u8 *line_end(const u8 *p) {
  const v128_t feed = wasm_i8x16_splat(LF);
  for (;; p += 16) {
    const u32 found = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(p), feed));
    if (found != 0) return p + __builtin_ctz(found);
  }
}

/* Of each of 64 bytes one bit: whether it may not stand for itself inside a JSON string, or is beyond ASCII. */
INLINE u64 odd_characters(const u8 *p) {
  u64 odd = 0;
  for (u32 i = 0; i < 4; i++) {
    const v128_t bytes = wasm_v128_load(p + 16 * i);
    /* Swapped in pairs, the quote comes next to the control characters; signed, what is beyond ASCII is below all. */
    const v128_t low = wasm_i8x16_lt(wasm_v128_xor(bytes, wasm_i8x16_splat(2)), wasm_i8x16_splat(0x21));
    const v128_t escapes = wasm_i8x16_eq(bytes, wasm_i8x16_splat('\\'));
    odd |= (u64)wasm_i8x16_bitmask(wasm_v128_or(low, escapes)) << (16 * i);
  }
  return odd;
}

INLINE u32 load32(const u8 *p) {
  u32 word;
  __builtin_memcpy(&word, p, 4);
  return word;
}

INLINE u64 load64(const u8 *p) {
  u64 word;
  __builtin_memcpy(&word, p, 8);
  return word;
}
#endif
