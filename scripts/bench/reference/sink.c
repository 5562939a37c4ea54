/* Whoever reads a manager's stdout: takes all there is and counts.
 *
 *     sink COUNTS [LATENCIES]
 *
 * COUNTS, a mapped file: bytes, newlines, and CLOCK_MONOTONIC nanoseconds of the last read, 8 bytes each.
 * LATENCIES: for each read, how old the time in its first line from `worker beat` is, in nanoseconds, 8 bytes each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char mark[] = "\"message_id\":\"";
static char bytes[1 << 18];

int main(int count, char **words) {
  if (count < 2) return 64;
  int file = open(words[1], O_RDWR | O_CREAT, 0600);
  int latencies = count > 2 ? open(words[2], O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  if (file < 0 || ftruncate(file, 24)) return 73;
  volatile uint64_t *counts = mmap(0, 24, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (counts == MAP_FAILED) return 71;
  fcntl(0, F_SETFL, 0);
  for (;;) {
    ssize_t got = read(0, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec, lines = 0;
    for (char *at = bytes; (at = memchr(at, '\n', (size_t)(bytes + got - at))); at++) lines++;
    char *found = latencies < 0 ? 0 : memmem(bytes, (size_t)got, mark, sizeof mark - 1);
    if (found && found + sizeof mark + 19 < bytes + got) {
      uint64_t then = 0;
      for (char *digit = found + sizeof mark - 1; *digit >= '0' && *digit <= '9'; digit++) then = then * 10 + (uint64_t)(*digit - '0');
      uint64_t age = now - then;
      if (write(latencies, &age, sizeof age) != sizeof age) return 74;
    }
    counts[0] += (uint64_t)got;
    counts[2] = now;
    counts[1] += lines;
  }
}
