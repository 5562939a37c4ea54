/* The worker of all measures. No C library: its start costs what an exec costs, and its first instruction is its own.
 *
 *     worker exit RECORDS                  notes its start and its end, ends
 *     worker wait RECORDS                  waits for a signal: USR1 ends it with a note, TERM too
 *     worker flood RECORDS MS json|plain   at USR1 writes lines for MS milliseconds, a write each, then waits
 *     worker beat RECORDS COUNT US         at USR1 writes a line every US microseconds that carries the time, then waits
 *
 * RECORDS is a FIFO or a file; a record is 24 bytes: nanoseconds (CLOCK_MONOTONIC), pid, kind, value. Kinds: S first instruction,
 * E about to end, T saw TERM, L has written so many lines, B so many bytes. */
typedef unsigned long word;
typedef unsigned int half;

#if defined(__x86_64__)
enum { WRITE = 1, GETPID = 39, EXIT = 231, SIGMASK = 14, SIGWAIT = 128, CLOCK = 228, SLEEP = 230, OPENAT = 257 };
static long call(long number, long a, long b, long c, long d) {
  long result;
  register long fourth __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#elif defined(__aarch64__)
enum { WRITE = 64, GETPID = 172, EXIT = 94, SIGMASK = 135, SIGWAIT = 137, CLOCK = 113, SLEEP = 115, OPENAT = 56 };
static long call(long number, long a, long b, long c, long d) {
  register long nr __asm__("x8") = number, r0 __asm__("x0") = a, r1 __asm__("x1") = b, r2 __asm__("x2") = c, r3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(nr), "r"(r1), "r"(r2), "r"(r3) : "memory");
  return r0;
}
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x0, sp\n bl begin\n");
#else
#error "no system calls for this architecture yet"
#endif

enum { BLOCK = 0, UNBLOCK = 1, USR1 = 10, TERM = 15, LINES = 256, LINE_ROOM = 320 };
static int records = -1;
static half pid;
static char lines[LINES * LINE_ROOM];

static word now(void) {
  word time[2];
  call(CLOCK, 1, (long)time, 0, 0);
  return time[0] * 1000000000ul + time[1];
}

static void note(word at, char kind, word value) {
  struct { word at; half pid, kind; word value; } record = {at, pid, (half)kind, value};
  if (records >= 0) call(WRITE, records, (long)&record, sizeof record, 0);
}

static void __attribute__((noreturn)) end(void) {
  for (;;) call(EXIT, 0, 0, 0, 0);
}

static word number(const char *text) {
  word value = 0;
  for (; *text >= '0' && *text <= '9'; text++) value = value * 10 + (word)(*text - '0');
  return value;
}

static char *put(char *to, const char *text) {
  while (*text) *to++ = *text++;
  return to;
}

/* A line as Monolog writes it, or one of the same length that is no JSON; only the 19 digits differ. Returns its length. */
static word make_line(char *to, word value, int plain) {
  char *at = put(to, plain ? "[2026-11-21T22:10:54.123456+00:00] messenger.INFO: Received message, class App.Message.SendEmail, message_id="
                           : "{\"message\":\"Received message App\\\\Message\\\\SendEmail\",\"context\":{\"message_id\":\"");
  for (int digit = 18; digit >= 0; digit--, value /= 10) at[digit] = (char)('0' + value % 10);
  at = put(at + 19, plain ? " level=200 context={class: SendEmail, transport: async, attempt: 1, memory: 24 MB, time: 12 ms, from: redis} []\n"
                          : "\",\"class\":\"App\\\\Message\\\\SendEmail\"},\"level\":200,\"level_name\":\"INFO\",\"channel\":\"messenger\","
                            "\"datetime\":\"2026-11-21T22:10:54.123456+00:00\",\"extra\":{}}\n");
  return (word)(at - to);
}

static word put_out(const char *from, word length) {
  word done = 0;
  while (done < length) {
    long wrote = call(WRITE, 1, (long)(from + done), (long)(length - done), 0);
    if (wrote == -4 || wrote == -11) continue;
    if (wrote <= 0) break;
    done += (word)wrote;
  }
  return done;
}

static void flood(word ms, int plain) {
  word length = 0, bytes = 0, count = 0, until = now() + ms * 1000000ul;
  for (word at = 0; at < LINES; at++) length = make_line(lines + at * LINE_ROOM, pid * 1000ul + at, plain);
  for (int broken = 0; !broken && now() < until;)
    for (word at = 0; at < LINES; at++, count++, bytes += length)
      if ((broken = put_out(lines + at * LINE_ROOM, length) != length)) break;
  note(now(), 'L', count);
  note(now(), 'B', bytes);
}

static void beat(word count, word us) {
  word next = now() + pid * 7919ul % us * 1000; /* workers do not write in step */
  for (word done = 0; done < count; done++) {
    next += us * 1000;
    word until[2] = {next / 1000000000ul, next % 1000000000ul};
    call(SLEEP, 1, 1, (long)until, 0);
    put_out(lines, make_line(lines, now(), 0));
  }
  note(now(), 'B', count);
}

static int wait_for(word signals) {
  long signal;
  while ((signal = call(SIGWAIT, (long)&signals, 0, 0, 8)) <= 0) {}
  return (int)signal;
}

void __attribute__((used, noreturn)) begin(word *stack) {
  word started = now(), signals = 1ul << (USR1 - 1) | 1ul << (TERM - 1);
  char **words = (char **)(stack + 1);
  pid = (half)call(GETPID, 0, 0, 0, 0);
  if (stack[0] < 3) end();
  char mode = words[1][0];
  int writes = (mode == 'f' || mode == 'b') && stack[0] > 4;
  call(SIGMASK, BLOCK, (long)&signals, 0, 8);
  records = (int)call(OPENAT, -100, (long)words[2], 01 | 02000, 0);
  note(started, 'S', 0);
  if (mode == 'e') { note(now(), 'E', 0); end(); }
  int signal = wait_for(signals);
  if (writes && signal == USR1) {
    call(SIGMASK, UNBLOCK, (long)&signals, 0, 8); /* a writer may be ended in the middle of a write that waits */
    if (mode == 'f') flood(number(words[3]), words[4][0] == 'p');
    else beat(number(words[3]), number(words[4]));
    call(SIGMASK, BLOCK, (long)&signals, 0, 8);
    signal = wait_for(signals);
  }
  note(now(), signal == TERM ? 'T' : 'E', 0);
  end();
}
