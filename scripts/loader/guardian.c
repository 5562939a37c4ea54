/*
 * `pm __guardian`: a process that outlives pm by a moment, in a few pages of memory. Its equal for a pm that is not packed is
 * src/runtime/guardian-process.ts.
 *
 * fd 0 is a pipe that pm alone writes into: `+PID` when it has started a process group, `-PID` when nothing is left of it. When the
 * pipe ends, pm is dead, however it died. Then what it was keeping alive is killed: first the process groups, then all that carries the
 * run of pm in its environment as PM_RUN_ID, be it that it left its group or that it was being started as pm died.
 */
#pragma once
#include "signals.c"
#include "sys.h"

enum { SYS_KILL = 62, SYS_MREMAP = 25, SYS_NANOSLEEP = 35, SYS_GETDENTS64 = 217 };
enum { EINTR = 4, SIGKILL = 9, O_DIRECTORY = 0200000, MREMAP_MAYMOVE = 1 };
/* A process between fork and exec has no environment of its own for a moment: one clean look is not enough. */
enum { CLEAN_LOOKS = 2, MAX_LOOKS = 100, REST_MS = 5 };
enum { CHUNK = 8192, MAX_MARK = 256 };

/* Process groups, in no order. */
struct groups {
  u32 *pids;
  u64 count, bytes;
};

static void add_group(struct groups *groups, u32 pid) {
  if (groups->count * sizeof *groups->pids == groups->bytes) {
    u64 bytes = groups->bytes ? groups->bytes * 2 : PAGE;
    long at = groups->bytes
                  ? sys4(SYS_MREMAP, (long)groups->pids, (long)groups->bytes, (long)bytes, MREMAP_MAYMOVE)
                  : sys6(SYS_MMAP, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -(long)PAGE) return; /* no memory: it is found by its environment */
    groups->pids = (u32 *)at;
    groups->bytes = bytes;
  }
  groups->pids[groups->count++] = pid;
}

static void remove_group(struct groups *groups, u32 pid) {
  for (u64 i = 0; i < groups->count; i++)
    if (groups->pids[i] == pid) groups->pids[i--] = groups->pids[--groups->count];
}

/* As read(2), and again when a signal that cannot be blocked, such as SIGSTOP, came between. */
static long read_some(long fd, char *to, u64 size) {
  long count;
  do count = sys3(SYS_READ, fd, (long)to, (long)size);
  while (count == -EINTR);
  return count;
}

/* Hears what pm tells until pm is dead. */
static void hear(struct groups *groups) {
  char chunk[4096], sign = 0;
  u64 pid = 0;
  for (long count; (count = read_some(0, chunk, sizeof chunk)) > 0;) {
    for (long i = 0; i < count; i++) {
      char each = chunk[i];
      if (each == '+' || each == '-') sign = each, pid = 0;
      else if (each >= '0' && each <= '9') pid = pid * 10 + (u64)(each - '0');
      else if (each == '\n' && pid > 1) { /* -1 would be everybody */
        if (sign == '+') add_group(groups, (u32)pid);
        if (sign == '-') remove_group(groups, (u32)pid);
        pid = 0;
      }
    }
  }
}

static int contains(const char *text, u64 size, const char *mark, u64 mark_size) {
  for (u64 at = 0; at + mark_size <= size; at++) {
    u64 same = 0;
    while (same < mark_size && text[at + same] == mark[same]) same++;
    if (same == mark_size) return 1;
  }
  return 0;
}

/* Whether the mark stands in /proc/<name>/environ; not when the process is gone, or another user's: then it is not ours. */
static int carries(const char *name, const char *mark, u64 mark_size) {
  struct line path;
  path.used = 0;
  add_text(&path, "/proc/"), add_text(&path, name), add_text(&path, "/environ");
  path.text[path.used] = 0;
  long fd = sys3(SYS_OPEN, (long)path.text, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  char text[MAX_MARK + CHUNK];
  u64 kept = 0; /* the end of the chunk before, where a mark may begin */
  int found = 0;
  for (long count; !found && (count = read_some(fd, text + kept, CHUNK)) > 0;) {
    u64 size = kept + (u64)count;
    found = contains(text, size, mark, mark_size);
    kept = size < mark_size ? size : mark_size - 1;
    for (u64 i = 0; i < kept; i++) text[i] = text[size - kept + i];
  }
  sys3(SYS_CLOSE, fd, 0, 0);
  return found;
}

/* Kills all that carry the mark; gives how many there were. */
static u64 kill_marked(const char *mark, u64 mark_size) {
  struct entry {
    u64 inode, offset;
    u16 size;
    u8 type;
    char name[];
  };
  u64 found = 0, self = (u64)sys3(SYS_GETPID, 0, 0, 0);
  char entries[4096] __attribute__((aligned(8)));
  long fd = sys3(SYS_OPEN, (long)"/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return 0;
  for (long size; (size = sys3(SYS_GETDENTS64, fd, (long)entries, sizeof entries)) > 0;) {
    for (long at = 0; at < size;) {
      const struct entry *entry = (const void *)(entries + at);
      at += entry->size;
      const char *digits = entry->name;
      u64 pid = read_number(&digits, 10);
      if (*digits || pid == 0 || pid == self || !carries(entry->name, mark, mark_size)) continue;
      sys3(SYS_KILL, (long)pid, SIGKILL, 0);
      found++;
    }
  }
  sys3(SYS_CLOSE, fd, 0, 0);
  return found;
}

static int guardian_main(long argc UNUSED, char **argv UNUSED, char **envp) {
  /* Whatever is meant for all that pm has started is not meant for what cleans up behind it. */
  u64 all = ~(u64)0;
  sys4(SYS_RT_SIGPROCMASK, SIG_BLOCK, (long)&all, 0, sizeof all);

  const char *mark = 0;
  for (; *envp; envp++)
    if (starts_with(*envp, "PM_RUN_ID=")) mark = *envp;
  u64 mark_size = mark ? length_of(mark) : 0;

  struct groups groups;
  groups.pids = 0;
  groups.count = groups.bytes = 0;
  hear(&groups);
  for (u64 i = 0; i < groups.count; i++) sys3(SYS_KILL, -(long)groups.pids[i], SIGKILL, 0);

  if (mark_size == 0 || mark_size > MAX_MARK) return 0;
  for (int clean = 0, look = 0; clean < CLEAN_LOOKS && look < MAX_LOOKS; look++) {
    clean = kill_marked(mark, mark_size) == 0 ? clean + 1 : 0;
    u64 rest[2];
    rest[0] = 0, rest[1] = REST_MS * 1000000UL;
    sys3(SYS_NANOSLEEP, (long)rest, 0, 0);
  }
  return 0;
}
