/*
 * Finished lines, as many as possible at a call: what src/core/output/enrich.ts makes of a line, on bytes that lie in this module's memory.
 * It takes no line that needs something rare; that one is for enrich.ts. src/core/output/bulk-enricher.ts calls it and knows the layout of
 * `job` and `tag`; `bun scripts/build-bulk-enrich.ts` compiles it.
 */
#include "json.h"

enum format { RAW, AUTO, JSON };

struct piece {
  const u8 *bytes;
  u32 length;
};

struct tag {
  u32 format;
  u32 max_line_bytes;
  /* What a line can grow by, beyond what escapes take. */
  u32 growth_bytes;
  struct piece prefix, extra, extra_member, more_members, wrap_end;
  names members;
};

struct job {
  /* Where output goes, and where it has come. */
  u8 *out;
  /* No line is begun from here on; and no byte is written from there on. */
  const u8 *stop, *out_end;
  /* How many lines have been taken. */
  u32 lines;
  /* What stands between the text of a wrapped line and its end. */
  struct piece wrap_time;
};

/* Lines that others may be alike, by how their beginnings end; within one call. */
enum { SHAPES = 8 };
static struct shape shapes[SHAPES];

INLINE struct shape *shape_for(const u8 *line) {
  return &shapes[(load64(line + 12) * 0x9e3779b97f4a7c15) >> 61];
}

INLINE enum verdict judge(struct window *w, const struct tag *tag, const u8 *line, struct found *found) {
  found->end = line;
  if (tag->format == RAW) return NO_OBJECT;
  struct shape *shape = shape_for(line);
  if (LIKELY(shape->line != 0) && is_alike(shape, line, w, found)) return shape->verdict;
  return scan(w, line, tag->members, shape, found);
}

/* Loads and stores may go beyond their ends by so much. */
enum { SLACK = 64, MAX_ESCAPED = 6 };

INLINE u8 *put_piece(u8 *out, const struct piece *piece) { return put(out, piece->bytes, piece->length); }

/* Takes lines from [from, end), which ends behind a line feed, and returns where the first line begins that it has not taken. */
__attribute__((export_name("take"))) const u8 *take(struct job *job, const struct tag *tag, const u8 *from, const u8 *end) {
  struct window window;
  for (u32 i = 0; i < SHAPES; i++) shapes[i].line = 0;
  const u8 *copied = from; /* what lies before is in the output already */
  const u8 *line = from;
  u8 *out = job->out;
  u32 lines = 0;

  while (line < end && out + (line - copied) < job->stop) {
    struct found found;
    const enum verdict verdict = judge(&window, tag, line, &found);
    if (UNLIKELY(verdict == RARE)) break;
    const u8 *feed = verdict != NO_OBJECT ? found.end : line_end(found.end);
    const u32 length = feed - line;
    const u32 wrapped = verdict == NO_OBJECT && tag->format == JSON ? (MAX_ESCAPED - 1) * length : 0;
    const u32 room = (u32)(feed - copied) + wrapped + tag->growth_bytes + SLACK;
    if (UNLIKELY(length > tag->max_line_bytes || room > (u32)(job->out_end - out))) break;

    const u8 *text_end = feed;
    if (tag->format != RAW) while (text_end > line && text_end[-1] == CR) text_end--;

    if (LIKELY(verdict != NO_OBJECT)) {
      out = put(out, copied, found.at - copied);
      copied = found.rest;
      out = put_piece(out, verdict == EMPTY_EXTRA ? &tag->extra : verdict == NO_EXTRA ? &tag->extra_member : &tag->more_members);
    } else if (tag->format == AUTO) {
      out = put(out, copied, line - copied);
      copied = line;
      out = put_piece(out, &tag->prefix);
    } else if (tag->format == JSON) {
      static const u8 begin[] = "{\"message\":\"";
      out = put(out, copied, line - copied);
      out = put(out, begin, sizeof begin - 1);
      out = put_escaped(out, line, text_end);
      out = put_piece(out, &job->wrap_time);
      out = put_piece(out, &tag->wrap_end);
      copied = text_end;
    }
    if (UNLIKELY(text_end != feed)) {
      out = put(out, copied, text_end - copied);
      copied = feed;
    }
    lines++;
    line = feed + 1;
  }
  job->out = put(out, copied, line - copied);
  job->lines = lines;
  return line;
}
