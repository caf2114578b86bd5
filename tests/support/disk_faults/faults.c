/* Between a process and its disk: records every write and sync of chosen files, or makes one fail.

   Preloaded. FAULTS_DIR names the folder whose files are watched. With FAULTS_RECORD every operation
   is appended to that file, in order. A write of "<n> <errno> <kind>" to a file called `control` in
   the folder makes the n-th following operation on a database fail; kind: 0 any, 1 writes, 2 syncs.
   Another process puts the same text into a file called `inject`, which is taken and removed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 3 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long fail_at, fail_errno, fail_kind, seen;
static int log_fd = -2;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);

__attribute__((constructor)) static void find(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
}

/* The name of a watched file behind a descriptor, without its folder; 0: not watched. */
static const char *watched(int fd, char *path, size_t size) {
  const char *folder = getenv("FAULTS_DIR");
  char link[40];
  if (!folder) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  size_t prefix = strlen(folder);
  if (strncmp(path, folder, prefix) || path[prefix] != '/') return 0;
  return path + prefix + 1;
}

static void record(uint8_t kind, const char *name, int64_t offset, const void *data, uint32_t size) {
  const char *target = getenv("FAULTS_RECORD");
  if (!target) return;
  if (log_fd == -2) log_fd = open(target, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct { uint8_t kind, length; int64_t offset; uint32_t size; } __attribute__((packed)) head = {
      kind, (uint8_t)strlen(name), offset, size};
  real_write(log_fd, &head, sizeof head);
  real_write(log_fd, name, head.length);
  if (size) real_write(log_fd, data, size);
}

static void command(const char *text, size_t size) {
  char copy[64] = {0};
  memcpy(copy, text, size < 63 ? size : 63);
  sscanf(copy, "%ld %ld %ld", &fail_at, &fail_errno, &fail_kind);
  seen = 0;
}

/* Take the command of another process, if there is one. */
static void take_injected(void) {
  char path[4096], text[64];
  snprintf(path, sizeof path, "%s/inject", getenv("FAULTS_DIR"));
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t size = read(fd, text, sizeof text);
  close(fd);
  unlink(path);
  if (size > 0) command(text, size);
}

/* Whether this operation is to fail; otherwise it is recorded. Call with the lock held. */
static int fails(int kind, const char *name, int64_t offset, const void *data, uint32_t size) {
  take_injected();
  int sort = kind == SYNC ? 2 : 1;
  if (strstr(name, ".db") && !strstr(name, "-shm") && (!fail_kind || fail_kind == sort)) {
    seen++;
    if (fail_at && seen == fail_at) {
      fail_at = 0;
      return 1;
    }
  }
  record(kind, name, offset, data, size);
  return 0;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
  char path[4096];
  const char *name = watched(fd, path, sizeof path);
  if (!name) return real_pwrite(fd, data, size, offset);
  pthread_mutex_lock(&lock);
  int failed = fails(WRITE, name, offset, data, size);
  ssize_t result = failed ? -1 : real_pwrite(fd, data, size, offset);
  pthread_mutex_unlock(&lock);
  if (failed) errno = fail_errno;
  return result;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size) {
  char path[4096];
  const char *name = watched(fd, path, sizeof path);
  if (!name) return real_write(fd, data, size);
  pthread_mutex_lock(&lock);
  int failed = 0;
  if (!strcmp(name, "control")) command(data, size);
  else failed = fails(WRITE, name, -1, data, size);
  ssize_t result = failed ? -1 : real_write(fd, data, size);
  pthread_mutex_unlock(&lock);
  if (failed) errno = fail_errno;
  return result;
}

static int synced(int fd, int (*real)(int)) {
  char path[4096];
  const char *name = watched(fd, path, sizeof path);
  if (!name) return real(fd);
  pthread_mutex_lock(&lock);
  int failed = fails(SYNC, name, 0, 0, 0);
  int result = failed ? -1 : real(fd);
  pthread_mutex_unlock(&lock);
  if (failed) errno = fail_errno;
  return result;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int ftruncate64(int fd, off_t size) {
  char path[4096];
  const char *name = watched(fd, path, sizeof path);
  if (!name) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  int failed = fails(TRUNCATE, name, size, 0, 0);
  int result = failed ? -1 : real_ftruncate(fd, size);
  pthread_mutex_unlock(&lock);
  if (failed) errno = fail_errno;
  return result;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* How many watched operations there were since the last command. */
long faults_seen(void) { return seen; }
/* Whether the armed one is still to come. */
long faults_armed(void) { return fail_at; }
