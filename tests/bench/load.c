/* A WebSocket load client that costs less than any server it measures.
 *
 * load PORT CONNECTIONS SECONDS BYTES DEPTH [hello]
 *
 * Shakes hands on all connections at once, prints one JSON line about that, then keeps DEPTH text
 * messages of BYTES bytes in flight on each for SECONDS and prints a line about the echoes. With
 * SECONDS = 0 it holds the connections until its standard input ends. With `hello` a connection is
 * open once it was welcomed.
 */
#define _GNU_SOURCE
#include "frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTING, SHAKING, GREETING, OPEN, DEAD };

struct peer {
  int fd, state, seen;
  size_t awaited;
  uint64_t since;
};

static const char HELLO[] =
    "{\"t\":\"hello\",\"consent\":\"anonymous\",\"territory\":\"DE\",\"page\":{\"url\":\"https://shop.example/\"}}";

static int greet(int fd) {
  unsigned char out[sizeof HELLO + 8];
  size_t size = frame(out, HELLO, sizeof HELLO - 1);
  return write(fd, out, size) == (ssize_t)size;
}

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0) { perror("socket"); exit(1); }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) { perror("connect"); exit(1); }
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 6) { fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS BYTES DEPTH [hello]\n"); return 2; }
  int port = atoi(argv[1]), total = atoi(argv[2]), depth = atoi(argv[5]);
  double seconds = atof(argv[3]);
  size_t bytes = (size_t)atoi(argv[4]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  unsigned char *burst = malloc((bytes + 14) * (size_t)depth);
  char *letters = malloc(bytes + 1);
  for (size_t i = 0; i < bytes; i++) letters[i] = (char)('a' + i % 26);
  size_t one = frame(burst, letters, bytes), whole = one * (size_t)depth;
  for (int i = 1; i < depth; i++) memcpy(burst + one * (size_t)i, burst, one);
  size_t answer = (one - 4) * (size_t)depth;

  struct peer *peers = calloc((size_t)total, sizeof *peers);
  struct epoll_event events[1024];
  int poll = epoll_create1(0), open = 0, dead = 0;
  uint64_t began = now_us();
  for (int i = 0; i < total; i++) {
    peers[i].fd = dial(port);
    peers[i].since = now_us();
    struct epoll_event want = {.events = EPOLLOUT, .data.ptr = &peers[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, peers[i].fd, &want);
  }
  static char in[1 << 16];
  while (open + dead < total) {
    int ready = epoll_wait(poll, events, 1024, 60000);
    if (ready <= 0) break;
    for (int e = 0; e < ready; e++) {
      struct peer *p = events[e].data.ptr;
      if (p->state == CONNECTING) {
        if (write(p->fd, REQUEST, sizeof REQUEST - 1) != sizeof REQUEST - 1) { p->state = DEAD; dead++; close(p->fd); continue; }
        struct epoll_event want = {.events = EPOLLIN, .data.ptr = p};
        epoll_ctl(poll, EPOLL_CTL_MOD, p->fd, &want);
        p->state = SHAKING;
      } else if (p->state == SHAKING) {
        ssize_t got = read(p->fd, in, sizeof in - 1);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 12 || memcmp(in + 9, "101", 3)) { p->state = DEAD; dead++; close(p->fd); continue; }
        if (argc > 6 && greet(p->fd)) { p->state = GREETING; continue; }
        p->state = OPEN;
        open++;
        count(now_us() - p->since);
      } else if (p->state == GREETING) {
        ssize_t got = read(p->fd, in, sizeof in);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 2 || in[0] != (char)0x81) { p->state = DEAD; dead++; close(p->fd); continue; }
        p->state = OPEN;
        open++;
        count(now_us() - p->since);
      }
    }
  }
  printf("{\"open\": %d, \"failed\": %d, \"seconds\": %.4f, \"p50_us\": %lu, \"p99_us\": %lu}\n", open, total - open,
         (double)(now_us() - began) / 1e6, percentile(.5), percentile(.99));
  fflush(stdout);
  if (seconds == 0) {
    while (read(0, in, sizeof in) > 0) {}
    return 0;
  }

  memset(slots, 0, sizeof slots);
  counted = 0;
  uint64_t done = 0, start = now_us(), end = start + (uint64_t)(seconds * 1e6);
  for (int i = 0; i < total; i++) {
    if (peers[i].state != OPEN) continue;
    peers[i].awaited = answer;
    peers[i].since = now_us();
    if (write(peers[i].fd, burst, whole) != (ssize_t)whole) { fprintf(stderr, "short write\n"); return 1; }
  }
  uint64_t now = start;
  while (now < end) {
    int ready = epoll_wait(poll, events, 1024, 100);
    now = now_us();
    for (int e = 0; e < ready; e++) {
      struct peer *p = events[e].data.ptr;
      if (p->state != OPEN) continue;
      ssize_t got = read(p->fd, in, sizeof in);
      if (got <= 0) {
        if (got < 0 && errno == EAGAIN) continue;
        fprintf(stderr, "a connection was closed\n");
        return 1;
      }
      p->awaited -= (size_t)got;
      if (p->awaited) continue;
      count(now - p->since);
      done += (uint64_t)depth;
      p->awaited = answer;
      p->since = now;
      if (write(p->fd, burst, whole) != (ssize_t)whole) { fprintf(stderr, "short write\n"); return 1; }
    }
  }
  printf("{\"events\": %lu, \"seconds\": %.4f, \"p50_us\": %lu, \"p99_us\": %lu}\n", done, (double)(now - start) / 1e6,
         percentile(.5), percentile(.99));
  return 0;
}
