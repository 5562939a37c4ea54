/* Linux on x86-64 without a C library: system calls, and the few functions on text that the stub needs. */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define UNUSED __attribute__((unused))
#define PAGE 4096UL

enum {
  SYS_READ = 0, SYS_WRITE = 1, SYS_OPEN = 2, SYS_CLOSE = 3, SYS_MMAP = 9, SYS_RT_SIGACTION = 13, SYS_RT_SIGPROCMASK = 14,
  SYS_ACCESS = 21, SYS_GETPID = 39, SYS_EXECVE = 59, SYS_FCNTL = 72, SYS_UMASK = 95, SYS_GETPPID = 110, SYS_SETGROUPS = 116, SYS_SETRESUID = 117,
  SYS_SETRESGID = 119, SYS_SETPRIORITY = 141, SYS_PRCTL = 157, SYS_EXIT_GROUP = 231, SYS_PRLIMIT64 = 302, SYS_MEMFD_CREATE = 319,
};
enum { ENOENT = 2, EBADF = 9, EINVAL = 22, EMFILE = 24 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CLOEXEC = 02000000, O_PATH = 010000000 };
enum { F_GETFD = 1 };
enum { PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_FIXED_NOREPLACE = 0x100000 };
enum { MFD_CLOEXEC = 1 };
enum { RLIMIT_FSIZE = 1, RLIMIT_NOFILE = 7 };
enum { PR_SET_PDEATHSIG = 1, PR_SET_NO_NEW_PRIVS = 38 };

/* Gives what the kernel gives: a value, or a negative errno. */
static inline long sys6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
static inline UNUSED long sys3(long number, long a, long b, long c) { return sys6(number, a, b, c, 0, 0, 0); }
static inline UNUSED long sys4(long number, long a, long b, long c, long d) { return sys6(number, a, b, c, d, 0, 0); }

static UNUSED __attribute__((noreturn)) void quit(int code) {
  for (;;) sys3(SYS_EXIT_GROUP, code, 0, 0);
}

static UNUSED u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}

static UNUSED int starts_with(const char *text, const char *prefix) {
  while (*prefix && *text == *prefix) text++, prefix++;
  return !*prefix;
}

static UNUSED int equals(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* Reads digits of the base from *at on and moves it behind them; the result wraps beyond 64 bits. */
static UNUSED u64 read_number(const char **at, u64 base) {
  u64 number = 0;
  for (; **at >= '0' && (u64)(**at - '0') < base; (*at)++) number = number * base + (u64)(**at - '0');
  return number;
}

/* A line under way; what does not fit is left out. */
struct line {
  u64 used;
  char text[1024];
};

static UNUSED void add_text(struct line *line, const char *text) {
  for (; *text && line->used < sizeof line->text - 1; text++) line->text[line->used++] = *text;
}

static UNUSED void add_number(struct line *line, u64 number) {
  char digits[24];
  u64 at = sizeof digits;
  digits[--at] = 0;
  do digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  add_text(line, digits + at);
}

/* The name of an error that is likely here, else its number. */
static UNUSED void add_error(struct line *line, long error) {
  /* An array of arrays: a table of pointers would need relocations, and nobody relocates the stub. */
  static const struct {
    u8 number;
    char name[14];
  } names[] = {
      {1, "EPERM"},   {2, "ENOENT"},  {3, "ESRCH"},   {5, "EIO"},      {7, "E2BIG"},         {8, "ENOEXEC"}, {9, "EBADF"},
      {11, "EAGAIN"}, {12, "ENOMEM"}, {13, "EACCES"}, {14, "EFAULT"},  {16, "EBUSY"},        {19, "ENODEV"}, {20, "ENOTDIR"},
      {21, "EISDIR"}, {22, "EINVAL"}, {23, "ENFILE"}, {24, "EMFILE"},  {26, "ETXTBSY"},      {28, "ENOSPC"}, {30, "EROFS"},
      {34, "ERANGE"}, {38, "ENOSYS"}, {40, "ELOOP"},  {95, "EOPNOTSUPP"}, {36, "ENAMETOOLONG"},
  };
  for (u64 i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].number == error) {
      add_text(line, names[i].name);
      return;
    }
  add_number(line, (u64)error);
}

/* Writes the line with a newline to stderr, in one piece, and ends. */
static UNUSED __attribute__((noreturn)) void quit_saying(int code, struct line *line) {
  line->text[line->used++] = '\n';
  sys3(SYS_WRITE, 2, (long)line->text, (long)line->used);
  quit(code);
}
