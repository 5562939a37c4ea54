/*
 * Starting and reaping workers, called by the running pm through bun:ffi (src/system/native-spawn.ts): `pm-limits` tells where these
 * functions are. What Bun.spawn and `pm __exec` do one after the other is done here between one clone and one exec.
 *
 * However many files pm has open, a start costs the same. The child shares pm's table of descriptors until it has cut off all of it but the
 * lowest; so its ends of the pipes are put into places at its low end that are set aside for them when pm starts.
 */
#pragma once
#include "exec.c"
#include "sys.h"

enum {
  SYS_DUP2 = 33, SYS_SOCKETPAIR = 53, SYS_CLONE = 56, SYS_CHDIR = 80, SYS_SETSID = 112, SYS_EPOLL_WAIT = 232, SYS_EPOLL_CTL = 233,
  SYS_WAITID = 247, SYS_EPOLL_CREATE1 = 291, SYS_DUP3 = 292, SYS_PIPE2 = 293, SYS_PIDFD_OPEN = 434,
  SYS_CLOSE_RANGE = 436,
};
enum { CLONE_VM = 0x100, CLONE_FILES = 0x400, CLONE_PIDFD = 0x1000, CLONE_VFORK = 0x4000, SIGCHLD = 17 };
enum { CLOSE_RANGE_UNSHARE = 2, F_SETFL = 4, F_DUPFD_CLOEXEC = 1030, O_NONBLOCK = 04000, SOCK_CLOEXEC = O_CLOEXEC };
enum { P_PIDFD = 3, WNOHANG = 1, WEXITED = 4, EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, SIG_SETMASK = 2 };

/* stdin, stdout, stderr and the control channel of a worker. */
enum { STREAMS = 4, IN = 0, CHANNEL = 3, STACK = 32768, EVENTS = 32 };

/*
 * pm's; `prepare` fills it. In `epoll` are the pidfds of all workers; the places lie at the low end of pm's table. `ends` are pm's ends of the
 * streams that lie ready for the next worker, its own being in their places; -1 for none.
 */
struct spawner {
  int epoll, null, places[STREAMS], ends[STREAMS];
  int first_reserved; /* descriptors from here on are not for workers */
};

struct start {
  struct spawner *spawner;
  const char *program, *folder;
  char **argv, **envp, **settings, **settings_end;
  u64 id;            /* what `reap` will call it; 32 bits */
  u64 writes_stdin;  /* whether pm keeps the other end of its stdin */
  u64 uses_reserve;  /* whether it may have descriptors that are not for workers */
  /* Filled in: pm's ends, -1 for none; the process. */
  int ends[STREAMS];
  int pid, pidfd;
  int error;         /* of what went wrong in the child before the program ran, or 0 */
};

/* As the kernel has it, its 64 bits of ours divided. */
struct epoll_event {
  u32 events, id;
  int pidfd;
};

struct ended {
  u64 id;
  int code, status; /* as waitid tells them; 0 and 0 when somebody else has taken them */
};

/* To be called once, early. 0, or a negative errno where the kernel, or who guards it, does not know all that is needed. */
static long prepare(struct spawner *spawner, int first_reserved) {
  spawner->first_reserved = first_reserved;
  long unknown = sys3(SYS_CLOSE_RANGE, ~0U, ~0U, 0);
  if (unknown < 0) return unknown;
  long self = sys3(SYS_PIDFD_OPEN, sys3(SYS_GETPID, 0, 0, 0), 0, 0);
  if (self < 0) return self;
  sys3(SYS_CLOSE, self, 0, 0);
  long null = sys3(SYS_OPEN, (long)"/dev/null", O_RDWR | O_CLOEXEC, 0);
  if (null < 0) return null;
  spawner->null = (int)null;
  for (int i = 0; i < STREAMS; i++) {
    long place = sys3(SYS_FCNTL, null, F_DUPFD_CLOEXEC, STREAMS);
    if (place < 0) return place;
    spawner->places[i] = (int)place;
    spawner->ends[i] = -1;
  }
  long epoll = sys3(SYS_EPOLL_CREATE1, O_CLOEXEC, 0, 0);
  spawner->epoll = (int)epoll;
  return epoll < 0 ? epoll : 0;
}

static int highest(const struct spawner *spawner) {
  int fd = 0;
  for (int i = 0; i < STREAMS; i++)
    if (spawner->places[i] > fd) fd = spawner->places[i];
  return fd;
}

/* Ends the child, whose memory is pm's own. */
static __attribute__((noreturn)) void spawn_failed(struct start *start, long error) {
  start->error = (int)-error;
  quit(127);
}

static __attribute__((noreturn)) void spawn_child(struct start *start) {
  const int *places = start->spawner->places;
  int high = highest(start->spawner);
  long cut = sys3(SYS_CLOSE_RANGE, high + 1, ~0U, CLOSE_RANGE_UNSHARE);
  if (cut < 0) spawn_failed(start, cut);
  for (int i = 0; i < STREAMS; i++) sys3(SYS_DUP2, places[i], i, 0);
  for (int fd = STREAMS; fd <= high; fd++) sys3(SYS_CLOSE, fd, 0, 0);
  sys3(SYS_SETSID, 0, 0, 0);
  long failed = sys3(SYS_CHDIR, (long)start->folder, 0, 0);
  if (failed < 0) spawn_failed(start, failed);
  apply_all(start->settings, start->settings_end);
  default_signals();
  spawn_failed(start, sys3(SYS_EXECVE, (long)start->program, (long)start->argv, (long)start->envp));
}

/* vfork, but with a stack of its own and all descriptors shared. */
static long clone_child(struct start *start, char *stack_end) {
  long result;
  register long r9 __asm__("r9") = (long)spawn_child;
  register long r10 __asm__("r10") = 0;
  register long r12 __asm__("r12") = (long)start;
  __asm__ volatile("syscall\n"
                   "  test %%rax, %%rax\n"
                   "  jnz 1f\n"
                   "  xor %%ebp, %%ebp\n"
                   "  mov %%r12, %%rdi\n"
                   "  call *%%r9\n"
                   "  hlt\n"
                   "1:"
                   : "=a"(result)
                   : "a"(SYS_CLONE), "D"(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD), "S"(stack_end),
                     "d"(&start->pidfd), "r"(r9), "r"(r10), "r"(r12)
                   : "rcx", "r11", "r8", "memory");
  return result;
}

/* A pipe with our end kept, and the worker's in its place; ours does not block. Nothing to do where that is so already. */
static long open_stream(struct spawner *spawner, int stream, u64 uses_reserve) {
  if (spawner->ends[stream] >= 0) return 0;
  int ends[2], ours = stream == IN;
  int is_channel = stream == CHANNEL;
  long failed = is_channel ? sys4(SYS_SOCKETPAIR, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */ | SOCK_CLOEXEC, 0, (long)ends)
                           : sys3(SYS_PIPE2, (long)ends, O_CLOEXEC, 0);
  if (failed < 0) return failed;
  sys3(SYS_FCNTL, ends[ours], F_SETFL, O_NONBLOCK);
  if (!uses_reserve && (ends[0] >= spawner->first_reserved || ends[1] >= spawner->first_reserved)) failed = -EMFILE;
  else failed = sys3(SYS_DUP3, ends[!ours], spawner->places[stream], O_CLOEXEC);
  sys3(SYS_CLOSE, ends[!ours], 0, 0);
  if (failed < 0) sys3(SYS_CLOSE, ends[ours], 0, 0);
  else spawner->ends[stream] = ends[ours];
  return failed < 0 ? failed : 0;
}

static void empty_place(const struct spawner *spawner, int stream) {
  sys3(SYS_DUP3, spawner->null, spawner->places[stream], O_CLOEXEC);
}

/* Where descriptors are short, none is held for a start that may not come: those who ask how pm does need some, too. */
static void close_streams(struct spawner *spawner) {
  for (int i = 0; i < STREAMS; i++) {
    if (spawner->ends[i] < 0) continue;
    sys3(SYS_CLOSE, spawner->ends[i], 0, 0);
    spawner->ends[i] = -1;
    empty_place(spawner, i);
  }
}

/*
 * Hands over the streams of a worker that has been started, and lays those that every worker has ready for the next one, which then need not
 * wait for them.
 */
static void hand_over(struct spawner *spawner, struct start *start) {
  long failed = 0;
  for (int i = 0; i < STREAMS; i++) {
    if (spawner->ends[i] < 0) continue;
    start->ends[i] = spawner->ends[i];
    spawner->ends[i] = -1;
    if (i == IN || failed < 0 || (failed = open_stream(spawner, i, 0)) < 0) empty_place(spawner, i);
  }
  if (failed < 0) close_streams(spawner);
}

/* Starts a worker; 0, or a negative errno, and then nothing is left of it. */
static long spawn(struct start *start) {
  char stack[STACK] __attribute__((aligned(16)));
  struct spawner *spawner = start->spawner;
  long failed = 0, pid = 0;
  start->error = 0;
  start->pidfd = -1;
  for (int i = 0; i < STREAMS; i++) start->ends[i] = -1;
  for (int i = start->writes_stdin ? IN : IN + 1; i < STREAMS && failed == 0; i++)
    failed = open_stream(spawner, i, start->uses_reserve);
  if (failed == 0) {
    u64 all = ~0UL, before;
    sys4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&all, (long)&before, sizeof all);
    failed = pid = clone_child(start, stack + STACK);
    sys4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&before, 0, sizeof before);
  }
  start->pid = (int)pid;
  if (failed > 0) failed = -start->error;
  if (failed == 0) {
    struct epoll_event event = {EPOLLIN, (u32)start->id, start->pidfd};
    sys4(SYS_EPOLL_CTL, spawner->epoll, EPOLL_CTL_ADD, start->pidfd, (long)&event);
    hand_over(spawner, start);
    return 0;
  }
  if (start->pidfd >= 0) {
    int info[32];
    sys6(SYS_WAITID, P_PIDFD, start->pidfd, (long)info, WEXITED, 0, 0);
    sys3(SYS_CLOSE, start->pidfd, 0, 0);
  }
  close_streams(spawner);
  return failed;
}

/* Reaps those that have ended, as many as there is room for; how many that were. */
static long reap(const struct spawner *spawner, struct ended *ended, long room) {
  struct epoll_event events[EVENTS];
  long count = sys4(SYS_EPOLL_WAIT, spawner->epoll, (long)events, room < EVENTS ? room : EVENTS, 0);
  for (long i = 0; i < count; i++) {
    int info[32]; /* siginfo_t: si_signo, si_errno, si_code, -, si_pid, si_uid, si_status */
    info[2] = info[6] = 0;
    sys6(SYS_WAITID, P_PIDFD, events[i].pidfd, (long)info, WEXITED | WNOHANG, 0, 0);
    /* A process that is just being started may hold the descriptor for another moment, and epoll would go on telling of it. */
    sys4(SYS_EPOLL_CTL, spawner->epoll, EPOLL_CTL_DEL, events[i].pidfd, 0);
    sys3(SYS_CLOSE, events[i].pidfd, 0, 0);
    ended[i].id = events[i].id;
    ended[i].code = info[2];
    ended[i].status = info[6];
  }
  return count < 0 ? 0 : count;
}
