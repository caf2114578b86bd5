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
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTING, SHAKING, GREETING, OPEN, DEAD };

struct peer {
  int fd, state, seen;
  size_t awaited;
  uint64_t since;
};

enum { SLOTS = 1 << 23 };
static uint32_t slots[SLOTS]; /* latencies, one slot per microsecond, 8 s at most */
static uint64_t counted;
static const char REQUEST[] =
    "GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: https://shop.example\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactful.v1\r\n\r\n";

static const char HELLO[] =
    "{\"t\":\"hello\",\"consent\":\"anonymous\",\"territory\":\"DE\",\"page\":{\"url\":\"https://shop.example/\"}}";

static uint64_t now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

static void count(uint64_t us) {
  slots[us < SLOTS ? us : SLOTS - 1]++;
  counted++;
}

static uint64_t percentile(double share) {
  uint64_t below = 0, wanted = (uint64_t)((double)counted * share);
  for (uint32_t us = 0; us < SLOTS; us++)
    if ((below += slots[us]) > wanted) return us;
  return SLOTS - 1;
}

/* A text frame whose mask is zero, which is a mask too. */
static int greet(int fd) {
  unsigned char frame[6 + sizeof HELLO - 1] = {0x81, 0x80 | (sizeof HELLO - 1)};
  memcpy(frame + 6, HELLO, sizeof HELLO - 1);
  return write(fd, frame, sizeof frame) == (ssize_t)sizeof frame;
}

static size_t build(unsigned char *out, size_t bytes) {
  size_t at = 0;
  out[at++] = 0x81;
  if (bytes < 126) {
    out[at++] = (unsigned char)(0x80 | bytes);
  } else {
    out[at++] = 0x80 | 126;
    out[at++] = (unsigned char)(bytes >> 8);
    out[at++] = (unsigned char)bytes;
  }
  static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
  memcpy(out + at, key, 4);
  at += 4;
  for (size_t i = 0; i < bytes; i++) out[at + i] = (unsigned char)('a' + i % 26) ^ key[i % 4];
  return at + bytes;
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
  size_t one = build(burst, bytes), whole = one * (size_t)depth;
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
