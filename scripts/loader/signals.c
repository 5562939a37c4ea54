/*
 * What comes before pm listens. The kernel throws a signal to PID 1 away when nobody there has a handler for it, so that an order to stop in
 * the first moments of a container would be lost, and the platform would wait out its whole grace. A blocked signal it keeps:
 * src/runtime/signals.ts lets through what came meanwhile. Threads that Bun starts before that go on without these signals.
 */
#pragma once
#include "sys.h"

enum { SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGTERM = 15, SIG_BLOCK = 0 };

static void keep_signals(void) {
  if (sys3(SYS_GETPID, 0, 0, 0) != 1) return;
  u64 set = 1UL << (SIGHUP - 1) | 1UL << (SIGINT - 1) | 1UL << (SIGQUIT - 1) | 1UL << (SIGTERM - 1);
  sys4(SYS_RT_SIGPROCMASK, SIG_BLOCK, (long)&set, 0, sizeof set);
}
