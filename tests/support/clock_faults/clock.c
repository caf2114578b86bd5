/* A wall clock that another process sets.

   Preloaded. CLOCK_AHEAD names a file of eight bytes: by how many seconds, as a double, the clock of
   the day is ahead. It is mapped, so a change counts from the next look at the clock on. The monotonic
   clock is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const volatile double *ahead;

__attribute__((constructor)) static void find(void) {
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  const char *path = getenv("CLOCK_AHEAD");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *mapped = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) ahead = mapped;
}

int clock_gettime(clockid_t id, struct timespec *at) {
  int result = real_clock_gettime(id, at);
  if (result || id != CLOCK_REALTIME || !ahead) return result;
  double whole = floor(*ahead);
  at->tv_sec += (time_t)whole;
  at->tv_nsec += (long)((*ahead - whole) * 1e9);
  if (at->tv_nsec >= 1000000000) {
    at->tv_sec++;
    at->tv_nsec -= 1000000000;
  }
  return 0;
}
