/* Characters: src/core/output/utf8.ts and json-text.ts once more. */
#ifndef TEXT_H
#define TEXT_H
#include "bytes.h"

INLINE int is_continuation(u8 byte) { return (byte & 0xc0) == 0x80; }

/* The character that begins at p, seen up to `end`: its length, else minus that of the piece that stands for one U+FFFD. */
static int utf8_length(const u8 *p, const u8 *end) {
  const u8 lead = p[0];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const u8 lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const u8 highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  const u8 second = p + 1 < end ? p[1] : 0;
  if (second < lowest || second > highest) return -1;
  if (lead < 0xe0) return 2;
  if (p + 2 >= end || !is_continuation(p[2])) return -2;
  if (lead < 0xf0) return 3;
  return p + 3 < end && is_continuation(p[3]) ? 4 : -3;
}

/* Writes the text [p, end) as the inside of a JSON string; at most six bytes for one. */
static u8 *put_escaped(u8 *out, const u8 *p, const u8 *end) {
  static const char shorts[] = "btn\0fr"; /* behind \u0008; \v has none */
  while (p < end) {
    const u64 odd = odd_characters(p);
    const u32 plain = odd == 0 ? 64 : __builtin_ctzll(odd);
    const u32 left = end - p;
    const u32 length = plain < left ? plain : left;
    out = put(out, p, length);
    p += length;
    if (length == left || plain == 64) continue;
    const u8 byte = *p;
    if (byte >= 0x80) {
      const int bytes = utf8_length(p, end);
      out = bytes > 0 ? put(out, p, bytes) : put(out, (const u8 *)"\xef\xbf\xbd", 3);
      p += bytes > 0 ? bytes : -bytes;
      continue;
    }
    p++;
    *out++ = '\\';
    if (byte == '"' || byte == '\\') *out++ = byte;
    else if (byte >= 8 && byte <= 13 && byte != 11) *out++ = shorts[byte - 8];
    else {
      out = put(out, (const u8 *)"u00", 3);
      *out++ = '0' + (byte >> 4);
      *out++ = "0123456789abcdef"[byte & 15];
    }
  }
  return out;
}
#endif
