/* One client that does nothing but harm, from an address of its own.
 *
 * flood PORT ADDRESS KIND SECONDS
 *
 *   messages  valid ones, 10,000 a second      pings     tiny ones, 10,000 a second
 *   garbage   a session that is closed for what it says first
 *   connects  connections that say nothing     health    requests to /healthz
 *   facts     reports without the key
 *
 * Whatever is closed comes back at once. At the end it prints what it did.
 */
#define _GNU_SOURCE
#include "frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WIDTH = 16, EACH_MS = 10 }; /* connections at once where each waits; messages a millisecond */

static const char HELLO[] =
    "{\"t\":\"hello\",\"consent\":\"anonymous\",\"territory\":\"DE\",\"page\":{\"url\":\"https://shop.example/\"}}";
static const char INPUT[] = "{\"t\":\"activity\",\"kind\":\"input\"}";
static const char HEALTH[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char FACTS[] =
    "POST /v1/facts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer not-the-key\r\n"
    "Content-Type: application/json\r\nContent-Length: 56\r\n\r\n"
    "[{\"type\":\"feed\",\"feed\":\"stock\",\"version\":1}]            ";

struct peer { int fd, open; };

static struct sockaddr_in to = {.sin_family = AF_INET}, from = {.sin_family = AF_INET};
static int ears;
static uint64_t connected, written, answered;

static void dial(struct peer *p) {
  p->open = 0;
  p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  struct linger at_once = {1, 0}; /* or this machine would run out of ports */
  setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (bind(p->fd, (struct sockaddr *)&from, sizeof from)) { perror("bind"); exit(1); }
  if (connect(p->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) { perror("connect"); exit(1); }
  struct epoll_event want = {.events = EPOLLOUT, .data.ptr = p};
  epoll_ctl(ears, EPOLL_CTL_ADD, p->fd, &want);
}

static void again(struct peer *p) {
  close(p->fd);
  dial(p);
}

int main(int argc, char **argv) {
  if (argc != 5) { fprintf(stderr, "usage: flood PORT ADDRESS KIND SECONDS\n"); return 2; }
  const char *kind = argv[3];
  signal(SIGPIPE, SIG_IGN); /* that the other side has gone is no surprise */
  to.sin_port = htons((uint16_t)atoi(argv[1]));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  inet_pton(AF_INET, argv[2], &from.sin_addr);
  int paced = !strcmp(kind, "messages") || !strcmp(kind, "pings"), silent = !strcmp(kind, "connects");
  int asks = !strcmp(kind, "health") || !strcmp(kind, "facts");
  static unsigned char hail[2048], unit[64], burst[EACH_MS * 64];
  size_t size = 0, step = 0;
  if (asks) {
    size = (size_t)sprintf((char *)hail, "%s", !strcmp(kind, "health") ? HEALTH : FACTS);
  } else {
    size = (size_t)sprintf((char *)hail, "%s", REQUEST);
    size += frame(hail + size, HELLO, sizeof HELLO - 1);
    if (!strcmp(kind, "garbage")) size += frame(hail + size, "garbage", 7);
  }
  step = frame(unit, !strcmp(kind, "pings") ? "p" : INPUT, !strcmp(kind, "pings") ? 1 : sizeof INPUT - 1);
  if (!strcmp(kind, "pings")) unit[0] = 0x89;
  for (int i = 0; i < EACH_MS; i++) memcpy(burst + step * (size_t)i, unit, step);

  struct peer peers[WIDTH];
  struct epoll_event events[WIDTH];
  static char in[1 << 16];
  ears = epoll_create1(0);
  int width = paced ? 1 : WIDTH;
  for (int i = 0; i < width; i++) dial(&peers[i]);
  uint64_t start = now_us(), end = start + (uint64_t)(atof(argv[4]) * 1e6), due = start;
  for (uint64_t now = start; now < end; now = now_us()) {
    int ready = epoll_wait(ears, events, WIDTH, paced ? 1 : 10);
    for (int e = 0; e < ready; e++) {
      struct peer *p = events[e].data.ptr;
      if (!p->open) {
        struct epoll_event want = {.events = EPOLLIN, .data.ptr = p};
        if (events[e].events & (EPOLLERR | EPOLLHUP)) { again(p); continue; }
        connected++;
        p->open = 1;
        if (silent || write(p->fd, hail, size) != (ssize_t)size) { again(p); continue; }
        epoll_ctl(ears, EPOLL_CTL_MOD, p->fd, &want);
        continue;
      }
      ssize_t got = read(p->fd, in, sizeof in);
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0) { again(p); continue; }
      answered++;
      if (asks && write(p->fd, hail, size) != (ssize_t)size) again(p);
    }
    for (; paced && due < now; due += 1000) {
      if (!peers[0].open) continue; /* what could not be sent meanwhile is not made up for */
      ssize_t put = write(peers[0].fd, burst, step * EACH_MS);
      if (put < 0 && errno != EAGAIN) { again(&peers[0]); continue; }
      if (put > 0 && put < (ssize_t)step * EACH_MS) { again(&peers[0]); continue; } /* a frame was cut */
      written += put > 0 ? EACH_MS : 0;
    }
  }
  double seconds = (double)(now_us() - start) / 1e6;
  printf("{\"connected_per_s\": %.0f, \"written_per_s\": %.0f, \"answered_per_s\": %.0f}\n",
         (double)connected / seconds, (double)written / seconds, (double)answered / seconds);
  return 0;
}
