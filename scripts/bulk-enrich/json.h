/*
 * Tells whether a line is one JSON object with a member in it, by RFC 8259 and in valid UTF-8, and where something can be put into it: what
 * src/core/output/json-scan.ts tells, but it stops at a line feed, which stands in no JSON of one line, and so needs no other bounds; and
 * what is rare it leaves to that.
 */
#ifndef JSON_H
#define JSON_H
#include "text.h"

/* The names that are to be members of `extra`: one behind the other, a byte of length before each, and a zero. */
typedef const u8 *names;

enum verdict {
  NO_OBJECT,
  /* An object: put the members in at `at`, and go on at `rest`. */
  NO_EXTRA,
  EMPTY_EXTRA,
  FILLED_EXTRA,
  /* Something rare: an escape in a name that matters, a list to merge with, a member to replace, depth. */
  RARE,
};

struct found {
  /* Where scanning ended, never behind the line feed; on it, if the line is an object. */
  const u8 *end;
  const u8 *at;
  const u8 *rest;
};

/* A value that is a string, from its opening quote to its closing one, or a number, from its first byte to behind its last. */
struct span {
  u32 start, end;
};

/* A line that has been found to be an object, and the values in it that others of its shape may differ in. */
struct shape {
  const u8 *line; /* 0: none */
  u32 length, at, rest;
  enum verdict verdict;
  u32 spans;
  struct span span[40];
};

enum { MAX_SPANS = sizeof ((struct shape *)0)->span / sizeof(struct span) };

/*
 * Sixty-four bytes, and which of them are odd and still to come. Positions taken from here depend on no position before, so that the
 * processor looks at many at a time.
 */
struct window {
  const u8 *base;
  u64 odd;
};

INLINE int is_space(u8 byte) { return byte == ' ' || byte == '\t' || byte == CR; }
INLINE int is_digit(u8 byte) { return (u8)(byte - '0') < 10; }
INLINE int is_hex(u8 byte) { return is_digit(byte) || (u8)((byte | 0x20) - 'a') < 6; }

INLINE const u8 *skip_space(const u8 *p) {
  while (is_space(*p)) p++;
  return p;
}

INLINE const u8 *skip_space_back(const u8 *p) {
  while (is_space(p[-1])) p--;
  return p;
}

INLINE void look_at(struct window *w, const u8 *p) {
  w->base = p;
  w->odd = odd_characters(p);
}

/* The next odd byte. */
INLINE const u8 *next_odd(struct window *w) {
  while (UNLIKELY(w->odd == 0)) look_at(w, w->base + 64);
  const u8 *p = w->base + __builtin_ctzll(w->odd);
  w->odd &= w->odd - 1;
  return p;
}

/* The next odd byte from p on. */
INLINE const u8 *next_odd_from(struct window *w, const u8 *p) {
  for (;;) {
    const u8 *odd = next_odd(w);
    if (LIKELY(odd >= p)) return odd;
  }
}

/* Behind the characters beyond ASCII at p, which there are; p itself if they are ill-formed. */
static const u8 *foreign_end(const u8 *p) {
  const u8 *from = p;
  do {
    const int length = utf8_length(p, p + 4); /* a line feed ends it early enough */
    if (length < 0) return from;
    p += length;
  } while (*p >= 0x80);
  return p;
}

INLINE int is_escape(const u8 *p) {
  switch (p[1]) {
  case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
    return 1;
  case 'u':
    return is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]) && is_hex(p[5]);
  }
  return 0;
}

/* The closing quote of a string whose opening one has been taken, or what is wrong with it. `plain` is cleared where there is an escape. */
INLINE const u8 *closing_quote(struct window *w, int *plain) {
  for (const u8 *p = next_odd(w);; ) {
    if (LIKELY(*p == '"')) return p;
    if (*p == '\\') {
      if (UNLIKELY(!is_escape(p))) return p;
      *plain = 0;
      p = next_odd_from(w, p + 2);
    } else {
      if (*p < 0x80) return p;
      const u8 *end = foreign_end(p);
      if (end == p) return p;
      p = next_odd_from(w, end);
    }
  }
}

/* Behind the number at p; p itself if there is none. */
INLINE const u8 *number_end(const u8 *p) {
  const u8 *from = p;
  if (*p == '-') p++;
  if (*p == '0') p++;
  else if (is_digit(*p)) while (is_digit(*++p)) {}
  else return from;
  if (*p == '.') {
    if (!is_digit(*++p)) return from;
    while (is_digit(*++p)) {}
  }
  if ((*p | 0x20) == 'e') {
    p++;
    if (*p == '+' || *p == '-') p++;
    if (!is_digit(*p)) return from;
    while (is_digit(*++p)) {}
  }
  return p;
}

INLINE const u8 *literal_end(const u8 *p) {
  const u32 word = load32(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4; /* true, null */
  return word == 0x736c6166 && p[4] == 'e' ? p + 5 : p;
}

static int is_one_of(names name, const u8 *text, u32 length) {
  for (; *name != 0; name += 1 + *name) {
    if (*name != length) continue;
    u32 same = 0;
    while (same < length && name[1 + same] == text[same]) same++;
    if (same == length) return 1;
  }
  return 0;
}

INLINE void note(struct shape *shape, u32 index, u32 start, u32 end) {
  if (LIKELY(index < MAX_SPANS)) shape->span[index] = (struct span){start, end};
}

/* Judges the line at p by the whole grammar. An object becomes the new `shape`. */
static enum verdict scan(struct window *w, const u8 *p, names members, struct shape *shape, struct found *found) {
  const u8 *line = p;
  u32 spans = 0;
  u64 inside = 1; /* one bit a level, the innermost lowest: whether it is an object; 1 alone is the top */
  const u8 *extra = 0, *extra_end = 0;
  int is_extra = 0;
  enum { TOP = 1, LEVELS = 62 };
  u32 depth = TOP;

  p = skip_space(p);
  if (*p != '{') goto wrong;
  look_at(w, p++); /* where the sixty-fours begin is the same in lines alike, so that the processor guesses what comes */

key:
  if (UNLIKELY(*p != '"')) {
    p = skip_space(p);
    if (*p != '"') goto wrong;
  }
  {
    const u8 *name = next_odd_from(w, p) + 1;
    int plain = 1;
    p = closing_quote(w, &plain);
    if (UNLIKELY(*p != '"')) goto wrong;
    if (depth == TOP) {
      if (UNLIKELY(!plain)) goto rare;
      is_extra = (load64(name) & 0xffffffffffff) == 0x226172747865; /* extra" */
    } else if (UNLIKELY(is_extra && depth == TOP + 1)) {
      if (!plain || is_one_of(members, name, p - name)) goto rare;
    }
    p++;
  }
  if (UNLIKELY(*p != ':')) {
    p = skip_space(p);
    if (*p != ':') goto wrong;
  }
  p++;

value:
  if (UNLIKELY(is_space(*p))) p = skip_space(p);
  if (UNLIKELY(is_extra) && depth == TOP) extra = p;
  {
    const u8 first = *p;
    if (LIKELY(first == '"')) {
      int plain;
      const u32 start = next_odd_from(w, p) - line;
      p = closing_quote(w, &plain);
      if (UNLIKELY(*p != '"')) goto wrong;
      note(shape, spans++, start, p - line);
      p++;
    } else if (first == '{' || first == '[') {
      const u8 *next = skip_space(p + 1);
      if (*next == first + 2) p = next + 1;
      else {
        if (UNLIKELY(depth == LEVELS)) goto rare;
        depth++;
        p = next;
        inside = inside << 1 | (first == '{');
        if (first == '{') goto key;
        goto value;
      }
    } else {
      const int is_number = is_digit(first) || first == '-';
      const u8 *end = is_number ? number_end(p) : literal_end(p);
      if (UNLIKELY(end == p)) goto wrong;
      if (is_number) note(shape, spans++, p - line, end - line);
      p = end;
    }
  }

after:
  if (UNLIKELY(is_extra) && depth == TOP) extra_end = p;
  if (UNLIKELY(is_space(*p))) p = skip_space(p);
  if (*p == ',') {
    p++;
    if (inside & 1) goto key;
    goto value;
  }
  if (*p != (inside & 1 ? '}' : ']')) goto wrong;
  p++;
  inside >>= 1;
  if (--depth >= TOP) goto after;

  {
    const u8 *brace = p - 1;
    p = skip_space(p);
    if (UNLIKELY(*p != LF)) goto wrong;
    enum verdict verdict = EMPTY_EXTRA;
    if (extra == 0) {
      extra = extra_end = skip_space_back(brace);
      verdict = NO_EXTRA;
    } else if ((*extra == '{' || *extra == '[') && *skip_space(extra + 1) != *extra + 2) {
      if (*extra == '[') goto rare;
      extra = extra_end = skip_space_back(extra_end - 1);
      verdict = FILLED_EXTRA;
    }
    *found = (struct found){p, extra, extra_end};
    shape->line = spans <= MAX_SPANS ? line : 0;
    shape->length = p - line;
    shape->at = extra - line;
    shape->rest = extra_end - line;
    shape->verdict = verdict;
    shape->spans = spans;
    return verdict;
  }

wrong:
  shape->line = 0;
  found->end = p;
  return NO_OBJECT;

rare:
  shape->line = 0;
  return RARE;
}

/*
 * Judges the line by another one: lines of one program are much alike. Where it has the same bytes as a valid line, but for values that
 * are strings or numbers there and are other strings or numbers here, it is valid for the same reason, and has the same `extra`. False when
 * it differs in anything else.
 */
static int is_alike(const struct shape *shape, const u8 *line, struct window *w, struct found *found) {
  const u8 *r = shape->line, *p = line;
  const u8 *r_end = r + shape->length;
  const struct span *span = shape->span, *spans_end = span + shape->spans;
  const u8 *at = line + shape->at, *rest = line + shape->rest;
  for (;;) {
    for (;;) {
      const u32 same = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(r), wasm_v128_load(p)));
      if (same != 0xffff) {
        const u32 length = __builtin_ctz(~same);
        r += length;
        p += length;
        break;
      }
      r += 16;
      p += 16;
      if (r > r_end) break;
    }
    if (r > r_end) break;
    const u32 differs = r - shape->line;
    while (span < spans_end && span->end < differs) span++;
    if (span == spans_end || span->start > differs) return 0;

    const u8 *start = p - (differs - span->start);
    if (shape->line[span->start] == '"') {
      if (*start != '"') return 0;
      int plain;
      look_at(w, start + 1);
      p = closing_quote(w, &plain);
      if (*p != '"') return 0;
    } else {
      p = number_end(start);
      if (p == start) return 0;
    }
    r = shape->line + span->end;
    const int more = (p - start) - (int)(span->end - span->start);
    if (span->start < shape->at) at += more;
    if (span->start < shape->rest) rest += more;
    span++;
  }
  *found = (struct found){p - (r - r_end), at, rest};
  return 1;
}
#endif
