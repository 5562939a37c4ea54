/*
 * `pm __exec SETTINGS -- PROGRAM ARGV0 [ARGUMENTS]`: sets up the process as a worker wants it and becomes the program.
 * It runs between pm's spawn and the worker, in place of Bun: a few system calls, no memory, no start-up time.
 * The same in JavaScript, for a pm without this stub: src/system/exec-*.ts. Settings, one word each, in any order:
 *
 *   c<path>                    join the cgroup of this cgroup.procs file
 *   r<resource>:<soft>:<hard>  a resource limit; the resource is the kernel's number, 18446744073709551615 is no limit
 *   o<number>                  oom_score_adj
 *   p<number>                  nice value, absolute
 *   u<octal>                   umask
 *   G<gid>,<gid>…              supplementary groups; a bare G for none
 *   g<gid> U<uid>              group and user: real, effective and saved
 *   N                          no new privileges
 *   d<signal>                  the signal to get when the parent dies
 *   P<pid>                     end at once, with 0 and without a word, when the parent is not (or no longer) this one
 *
 * A setting that fails ends it with 126 and a line on stderr; so does a program that cannot be run, with 127 when there is none.
 */
#pragma once
#include "sys.h"

/* The order the kernel needs: what takes privileges, then who one is, then what a change of user would undo. */
static const char exec_order[] = "cropuGgUNdP";

enum { MAX_GROUPS = 4096, LAST_SIGNAL = 64 };

static __attribute__((noreturn)) void exec_failed(int code, const char *what, const char *value, long error) {
  struct line line = {.used = 0};
  add_text(&line, "pm: __exec: ");
  add_text(&line, what);
  add_text(&line, value);
  add_text(&line, ": ");
  add_error(&line, error);
  quit_saying(code, &line);
}

static __attribute__((noreturn)) void exec_misused(const char *what, const char *word) {
  struct line line = {.used = 0};
  add_text(&line, "pm: __exec: ");
  add_text(&line, what);
  add_text(&line, word);
  quit_saying(126, &line);
}

static long write_file(const char *path, const char *text) {
  long fd = sys3(SYS_OPEN, (long)path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  long written = sys3(SYS_WRITE, fd, (long)text, (long)length_of(text));
  sys3(SYS_CLOSE, fd, 0, 0);
  return written < 0 ? written : 0;
}

/* The number that stands at *at, which moves behind it; it must be there and `end` must follow. */
static u64 number_before(const char **at, char end, u64 base, const char *word) {
  const char *start = *at;
  u64 number = read_number(at, base);
  if (*at == start || **at != end) exec_misused("not a setting: ", word);
  if (end) (*at)++;
  return number;
}

static long set_limit(const char *at, const char *word) {
  u64 resource = number_before(&at, ':', 10, word);
  u64 limits[2];
  limits[0] = number_before(&at, ':', 10, word);
  limits[1] = number_before(&at, 0, 10, word);
  return sys4(SYS_PRLIMIT64, 0, (long)resource, (long)limits, 0);
}

static long set_groups(const char *at, const char *word) {
  u32 groups[MAX_GROUPS];
  u64 count = 0;
  while (*at) {
    if (count == MAX_GROUPS) exec_misused("too many groups: ", word);
    const char *end = at;
    while (*end && *end != ',') end++;
    int more = *end == ',';
    groups[count++] = (u32)number_before(&at, *end, 10, word);
    if (more && !*at) exec_misused("not a setting: ", word);
  }
  return sys3(SYS_SETGROUPS, (long)count, (long)groups, 0);
}

static long set_nice(const char *at, const char *word) {
  int negative = *at == '-';
  at += negative;
  long nice = (long)number_before(&at, 0, 10, word);
  return sys3(SYS_SETPRIORITY, 0 /* a process */, 0 /* this one */, negative ? -nice : nice);
}

static long set_ids(long call, const char *at, const char *word) {
  long id = (long)number_before(&at, 0, 10, word);
  return sys3(call, id, id, id);
}

/* pm may have died before its death was asked for; then no signal ever comes. */
static long end_without_parent(const char *at, const char *word) {
  if (sys3(SYS_GETPPID, 0, 0, 0) != (long)number_before(&at, 0, 10, word)) quit(0);
  return 0;
}

static void apply(const char *word) {
  const char *value = word + 1;
  const char *rest = value;
  long failed = 0;
  const char *what = "";
  if (*word == 'c') what = "cgroup ", failed = write_file(value, "0");
  if (*word == 'r') what = "resource limit ", failed = set_limit(value, word);
  if (*word == 'o') what = "oom_score_adj ", failed = write_file("/proc/self/oom_score_adj", value);
  if (*word == 'p') what = "nice ", failed = set_nice(value, word);
  if (*word == 'u') sys3(SYS_UMASK, (long)number_before(&rest, 0, 8, word), 0, 0);
  if (*word == 'G') what = "groups ", failed = set_groups(value, word);
  if (*word == 'g') what = "group ", failed = set_ids(SYS_SETRESGID, value, word);
  if (*word == 'U') what = "user ", failed = set_ids(SYS_SETRESUID, value, word);
  if (*word == 'N') what = "no new privileges", failed = sys6(SYS_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
  if (*word == 'd') what = "parent-death signal ", failed = sys3(SYS_PRCTL, PR_SET_PDEATHSIG, (long)number_before(&rest, 0, 10, word), 0);
  if (*word == 'P') end_without_parent(value, word);
  if (failed < 0) exec_failed(126, what, value, -failed);
}

/* What a parent ignores or blocks would stay so: its `nohup` is not the worker's. */
static void default_signals(void) {
  u64 none = 0;
  struct {
    void *handler;
    u64 flags;
    void *restorer;
    u64 mask;
  } action = {0, 0, 0, 0};
  for (long signal = 1; signal <= LAST_SIGNAL; signal++) sys4(SYS_RT_SIGACTION, signal, (long)&action, 0, sizeof none);
  sys4(SYS_RT_SIGPROCMASK, 2 /* set */, (long)&none, 0, sizeof none);
}

/* All words from `words` up to `end`, in the kernel's order. */
static void apply_all(char **words, char **end) {
  for (char **word = words; word < end; word++) {
    const char *letter = exec_order;
    while (*letter && *letter != **word) letter++;
    if (!*letter || (**word == 'N' && (*word)[1])) exec_misused("not a setting: ", *word);
  }
  for (const char *letter = exec_order; *letter; letter++)
    for (char **word = words; word < end; word++)
      if (**word == *letter) apply(*word);
}

static __attribute__((noreturn)) void exec_main(long argc, char **argv, char **envp) {
  char **words = argv + 2, **end = words, **last = argv + argc;
  while (end < last && !equals(*end, "--")) end++;
  if (end + 2 >= last) exec_misused("-- and a program with its name are missing", "");
  apply_all(words, end);
  default_signals();
  long error = -sys3(SYS_EXECVE, (long)end[1], (long)(end + 2), (long)envp);
  exec_failed(error == ENOENT ? 127 : 126, end[1], "", error);
}
