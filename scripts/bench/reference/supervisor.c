/* What the kernel allows: the least a supervisor can do that does pm's work, with nothing to configure and nobody to ask it.
 *
 *     supervisor WORKERS COMMAND [WORD ...]
 *
 * Keeps so many processes alive, each started again at once. Reads the stdout of each through a pipe, finds its lines, and puts
 * worker_id and consumer into the "extra" of each (no test whether it is JSON), or a prefix before a line without one.
 * TERM ends all, then itself. Its own stdout is written without care: a reader that stands still stops it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ = 1 << 16, ROOM = 1 << 17, OUT = 1 << 19 };
extern char **environ;

typedef struct {
  pid_t pid;
  int pipe;
  size_t kept;
  char *bytes, member[64], prefix[32];
} Worker;

static Worker *workers;
static char **command, out[OUT];
static size_t queued;
static int count, epoll, living, ending;

static void flush(void) {
  for (size_t done = 0; done < queued;) {
    ssize_t wrote = write(1, out + done, queued - done);
    if (wrote < 0 && errno != EINTR) exit(74);
    if (wrote > 0) done += (size_t)wrote;
  }
  queued = 0;
}

static void add(const char *from, size_t length) {
  memcpy(out + queued, from, length);
  queued += length;
}

static void start(Worker *worker) {
  int ends[2];
  sigset_t none;
  sigemptyset(&none);
  if (pipe2(ends, O_CLOEXEC)) exit(71);
  pid_t pid = vfork();
  if (pid == 0) {
    dup2(ends[1], 1);
    sigprocmask(SIG_SETMASK, &none, 0);
    execve(command[0], command, environ);
    _exit(127);
  }
  close(ends[1]);
  if (pid < 0) exit(71);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  worker->pid = pid;
  worker->pipe = ends[0];
  worker->kept = 0;
  living++;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = worker};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
}

static void finish_line(Worker *worker, char *line, size_t length) {
  if (queued + length + sizeof worker->member > OUT) flush();
  static const char empty[] = "\"extra\":{}}\n", key[] = "\"extra\":{";
  char *at = length >= sizeof empty - 1 && !memcmp(line + length - sizeof empty + 1, empty, sizeof empty - 1)
                 ? line + length - sizeof empty + 1
                 : *line == '{' ? memmem(line, length, key, sizeof key - 1) : 0;
  if (!at) {
    add(worker->prefix, strlen(worker->prefix));
    add(line, length);
    return;
  }
  size_t head = (size_t)(at - line) + sizeof key - 1;
  add(line, head);
  add(worker->member, strlen(worker->member) - (line[head] == '}')); /* no comma before an end */
  add(line + head, length - head);
}

/* One read. Whether the pipe is at its end. */
static int take(Worker *worker) {
  if (!worker->bytes) worker->bytes = malloc(ROOM);
  ssize_t got = read(worker->pipe, worker->bytes + worker->kept, worker->kept < READ ? READ : ROOM - worker->kept);
  if (got <= 0) return got == 0;
  char *line = worker->bytes, *stop = line + worker->kept + got, *newline;
  for (; (newline = memchr(line, '\n', (size_t)(stop - line))); line = newline + 1) finish_line(worker, line, (size_t)(newline + 1 - line));
  worker->kept = (size_t)(stop - line);
  if (worker->kept == ROOM) worker->kept = 0;
  memmove(worker->bytes, line, worker->kept);
  return 0;
}

static void forget_pipe(Worker *worker) {
  if (worker->pipe >= 0) close(worker->pipe);
  worker->pipe = -1;
}

static void reap(void) {
  pid_t pid;
  while ((pid = waitpid(-1, 0, WNOHANG)) > 0)
    for (Worker *worker = workers; worker < workers + count; worker++)
      if (worker->pid == pid) {
        living--;
        worker->pid = 0;
        if (worker->pipe >= 0) take(worker);
        forget_pipe(worker);
        if (!ending) start(worker);
        break;
      }
}

int main(int words, char **word) {
  if (words < 3) return 64;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  count = atoi(word[1]);
  command = word + 2;
  workers = calloc((size_t)count + 1, sizeof *workers);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigprocmask(SIG_BLOCK, &wanted, 0);
  int signals = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event);
  for (int at = 0; at < count; at++) {
    snprintf(workers[at].member, sizeof workers[at].member, "\"worker_id\":%d,\"consumer\":\"w\",", at + 1);
    snprintf(workers[at].prefix, sizeof workers[at].prefix, "[worker %d w] ", at + 1);
    workers[at].pipe = -1;
    start(&workers[at]);
  }
  while (!ending || living) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, -1), signalled = 0, asked = 0;
    for (int at = 0; at < ready; at++) {
      Worker *worker = events[at].data.ptr;
      struct signalfd_siginfo info;
      if (worker && worker->pipe >= 0 && take(worker)) forget_pipe(worker);
      while (!worker && read(signals, &info, sizeof info) > 0) {
        signalled = 1;
        asked |= info.ssi_signo == SIGTERM;
      }
    }
    if (queued) flush();
    if (asked) {
      ending = 1;
      for (int at = 0; at < count; at++)
        if (workers[at].pid) kill(workers[at].pid, SIGTERM);
    }
    if (signalled) reap();
    if (queued) flush();
  }
  return 0;
}
