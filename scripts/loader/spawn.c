/*
 * Starting and reaping workers, called by the running pm through bun:ffi (src/system/native-spawn.ts): `pm-limits` tells where these
 * functions are. What Bun.spawn and `pm __exec` do one after the other is done here between one clone and one exec.
 *
 * However many files pm has open, a start costs the same. The child shares pm's table of descriptors until it has cut off all of it but the
 * lowest; so its ends of the pipes are put into places at its low end that are set aside for them when pm starts.
 *
 * pm need not wait until the child has become the worker's program: in a burst of starts it has better things to do, and another processor
 * does the rest. What the child still needs of pm's memory and descriptors until then is a pad of its own. There are two of them, so that the
 * next start need not wait either; a third waits for the first.
 */
#pragma once
#include "exec.c"
#include "sys.h"

enum {
  SYS_DUP2 = 33, SYS_SOCKETPAIR = 53, SYS_CLONE = 56, SYS_CHDIR = 80, SYS_SETSID = 112, SYS_EPOLL_WAIT = 232, SYS_EPOLL_CTL = 233,
  SYS_FUTEX = 202, SYS_WAITID = 247, SYS_EPOLL_CREATE1 = 291, SYS_DUP3 = 292, SYS_PIPE2 = 293, SYS_PIDFD_OPEN = 434,
  SYS_CLOSE_RANGE = 436,
};
enum { CLONE_VM = 0x100, CLONE_FILES = 0x400, CLONE_PIDFD = 0x1000, CLONE_CHILD_CLEARTID = 0x200000, SIGCHLD = 17, FUTEX_WAIT = 0 };
enum { CLOSE_RANGE_UNSHARE = 2, F_SETFL = 4, F_DUPFD_CLOEXEC = 1030, O_NONBLOCK = 04000, SOCK_CLOEXEC = O_CLOEXEC };
enum { P_PIDFD = 3, WNOHANG = 1, WEXITED = 4, EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLLIN = 1, SIG_SETMASK = 2 };

/* stdin, stdout, stderr and the control channel of a worker. */
enum { STREAMS = 4, IN = 0, CHANNEL = 3, PADS = 2, STACK = 32768, EVENTS = 32 };

/*
 * What one start has to itself. The places lie at the low end of pm's table; `ends` are pm's ends of the streams that lie ready for a worker,
 * its own being in their places; -1 for none.
 */
struct pad {
  int places[STREAMS], ends[STREAMS];
  char stack[STACK] __attribute__((aligned(16)));
};

/* pm's; `prepare` fills it. In `epoll` are the pidfds of all workers. */
struct spawner {
  struct pad pads[PADS];
  int epoll, null;
  int highest;        /* of all places */
  int first_reserved; /* descriptors from here on are not for workers */
};

struct start {
  struct spawner *spawner;
  struct pad *pad;
  const char *program, *folder;
  char **argv, **envp, **settings, **settings_end;
  u64 id;            /* what `reap` will call it; 32 bits */
  u64 writes_stdin;  /* whether pm keeps the other end of its stdin */
  u64 uses_reserve;  /* whether it may have descriptors that are not for workers */
  /* Filled in: pm's ends, -1 for none; the process. */
  int ends[STREAMS];
  int pid, pidfd;
  int under_way;     /* 1 until the child needs nothing of this any more: the kernel makes it 0 then, and wakes up who waits */
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
  spawner->highest = (int)null;
  for (struct pad *pad = spawner->pads; pad < spawner->pads + PADS; pad++)
    for (int i = 0; i < STREAMS; i++) {
      long place = sys3(SYS_FCNTL, null, F_DUPFD_CLOEXEC, STREAMS);
      if (place < 0) return place;
      pad->places[i] = (int)place;
      pad->ends[i] = -1;
      if (place > spawner->highest) spawner->highest = (int)place;
    }
  long epoll = sys3(SYS_EPOLL_CREATE1, O_CLOEXEC, 0, 0);
  spawner->epoll = (int)epoll;
  return epoll < 0 ? epoll : 0;
}

/* Ends the child, whose memory is pm's own. */
static __attribute__((noreturn)) void spawn_failed(struct start *start, long error) {
  start->error = (int)-error;
  quit(127);
}

static __attribute__((noreturn)) void spawn_child(struct start *start) {
  const int *places = start->pad->places;
  int high = start->spawner->highest;
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

/* As vfork, but pm goes on at once, so that the child has a stack of its own; and all descriptors are shared. */
static long clone_child(struct start *start) {
  long result;
  register long r9 __asm__("r9") = (long)spawn_child;
  register long r10 __asm__("r10") = (long)&start->under_way;
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
                   : "a"(SYS_CLONE), "D"(CLONE_VM | CLONE_FILES | CLONE_PIDFD | CLONE_CHILD_CLEARTID | SIGCHLD),
                     "S"(start->pad->stack + STACK), "d"(&start->pidfd), "r"(r9), "r"(r10), "r"(r12)
                   : "rcx", "r11", "r8", "memory");
  return result;
}

/* A pipe with our end kept, and the worker's in its place; ours does not block. Nothing to do where that is so already. */
static long open_stream(const struct spawner *spawner, struct pad *pad, int stream, u64 uses_reserve) {
  if (pad->ends[stream] >= 0) return 0;
  int ends[2], ours = stream == IN;
  int is_channel = stream == CHANNEL;
  long failed = is_channel ? sys4(SYS_SOCKETPAIR, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */ | SOCK_CLOEXEC, 0, (long)ends)
                           : sys3(SYS_PIPE2, (long)ends, O_CLOEXEC, 0);
  if (failed < 0) return failed;
  sys3(SYS_FCNTL, ends[ours], F_SETFL, O_NONBLOCK);
  if (!uses_reserve && (ends[0] >= spawner->first_reserved || ends[1] >= spawner->first_reserved)) failed = -EMFILE;
  else failed = sys3(SYS_DUP3, ends[!ours], pad->places[stream], O_CLOEXEC);
  sys3(SYS_CLOSE, ends[!ours], 0, 0);
  if (failed < 0) sys3(SYS_CLOSE, ends[ours], 0, 0);
  else pad->ends[stream] = ends[ours];
  return failed < 0 ? failed : 0;
}

static void empty_place(const struct spawner *spawner, const struct pad *pad, int stream) {
  sys3(SYS_DUP3, spawner->null, pad->places[stream], O_CLOEXEC);
}

/* Where descriptors are short, none is held for a start that may not come: those who ask how pm does need some, too. */
static void close_streams(const struct spawner *spawner, struct pad *pad) {
  for (int i = 0; i < STREAMS; i++) {
    if (pad->ends[i] < 0) continue;
    sys3(SYS_CLOSE, pad->ends[i], 0, 0);
    pad->ends[i] = -1;
    empty_place(spawner, pad, i);
  }
}

/*
 * Clones the process of a worker, on a pad where no other start is under way; 0, or a negative errno, and then nothing is left of it. What
 * comes of it `begun` tells.
 */
static long spawn(struct start *start) {
  struct spawner *spawner = start->spawner;
  struct pad *pad = start->pad;
  long failed = 0;
  start->error = 0;
  for (int i = start->writes_stdin ? IN : IN + 1; i < STREAMS && failed == 0; i++)
    failed = open_stream(spawner, pad, i, start->uses_reserve);
  if (failed == 0) {
    u64 all = ~0UL, before;
    start->under_way = 1;
    sys4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&all, (long)&before, sizeof all);
    failed = clone_child(start);
    sys4(SYS_RT_SIGPROCMASK, SIG_SETMASK, (long)&before, 0, sizeof before);
  }
  if (failed < 0) {
    start->under_way = 0;
    close_streams(spawner, pad);
    return failed;
  }
  start->pid = (int)failed;
  struct epoll_event event = {EPOLLIN, (u32)start->id, start->pidfd};
  sys4(SYS_EPOLL_CTL, spawner->epoll, EPOLL_CTL_ADD, start->pidfd, (long)&event);
  for (int i = 0; i < STREAMS; i++) {
    start->ends[i] = pad->ends[i];
    pad->ends[i] = -1;
  }
  return 0;
}

/*
 * Waits until the process runs its program: 0; or the errno of why it does not, and then it ends. To be called once for each that was
 * spawned: only then are the worker's ends of its streams nobody else's. Those that every worker has are laid ready here for the next one on
 * the first pad, where all are started but the second of a burst.
 */
static long begun(struct start *start) {
  struct spawner *spawner = start->spawner;
  struct pad *pad = start->pad;
  while (*(volatile int *)&start->under_way) sys6(SYS_FUTEX, (long)&start->under_way, FUTEX_WAIT, 1, 0, 0, 0);
  int lays_ready = pad == spawner->pads;
  long failed = 0;
  for (int i = 0; i < STREAMS; i++) {
    if (start->ends[i] < 0) continue;
    if (i == IN || !lays_ready || failed < 0 || (failed = open_stream(spawner, pad, i, 0)) < 0) empty_place(spawner, pad, i);
  }
  if (failed < 0) close_streams(spawner, pad);
  return start->error;
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
