/* Shoppers who click as fast as they are heard: views and inputs, numbered and acknowledged.
 *
 * job PORT CONNECTIONS SECONDS DEPTH SKUS MODE
 *
 * Says hello on every connection, then keeps DEPTH messages in flight on each for SECONDS. A burst is
 * answered when the acknowledgement of its last message has come (MODE ack), or when as many bytes
 * have come back as went (MODE echo). Prints one JSON line: events, seconds, offers, percentiles.
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 1 << 23, KEEP = 1 << 16 };

struct peer {
  int fd;
  uint32_t dice;
  long n, awaited;     /* the last number sent; the number, or the bytes, that are waited for */
  uint64_t since;
  size_t kept;         /* bytes of a frame that has not come whole */
  unsigned char *tail;
};

static uint32_t slots[SLOTS];
static uint64_t counted, offers;
static const char REQUEST[] =
    "GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: https://shop.example\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactful.v1\r\n\r\n";
static const char HELLO[] =
    "{\"t\":\"hello\",\"n\":1,\"consent\":\"anonymous\",\"territory\":\"DE\","
    "\"page\":{\"url\":\"https://shop.example/\",\"kind\":\"product\"}}";

static uint64_t now_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

static uint64_t percentile(double share) {
  uint64_t below = 0, wanted = (uint64_t)((double)counted * share);
  for (uint32_t us = 0; us < SLOTS; us++)
    if ((below += slots[us]) > wanted) return us;
  return SLOTS - 1;
}

static size_t frame(unsigned char *out, const char *text, size_t bytes) {
  static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
  size_t at = 0;
  out[at++] = 0x81;
  if (bytes < 126) {
    out[at++] = (unsigned char)(0x80 | bytes);
  } else {
    out[at++] = 0x80 | 126;
    out[at++] = (unsigned char)(bytes >> 8);
    out[at++] = (unsigned char)bytes;
  }
  memcpy(out + at, key, 4);
  at += 4;
  for (size_t i = 0; i < bytes; i++) out[at + i] = (unsigned char)text[i] ^ key[i % 4];
  return at + bytes;
}

/* Four in ten messages are views of some item, the others inputs. */
static void burst(struct peer *p, int depth, int skus, int echo) {
  static unsigned char out[1 << 16];
  char text[128];
  size_t at = 0;
  long back = 0;
  for (int i = 0; i < depth; i++) {
    p->dice = p->dice * 1664525 + 1013904223;
    uint32_t die = p->dice >> 16;
    int size = die % 10 < 4
        ? snprintf(text, sizeof text, "{\"t\":\"view\",\"n\":%ld,\"sku\":\"s%u\"}", ++p->n, die / 10 % (uint32_t)skus)
        : snprintf(text, sizeof text, "{\"t\":\"activity\",\"n\":%ld,\"kind\":\"input\"}", ++p->n);
    back += 2 + size;
    at += frame(out + at, text, (size_t)size);
  }
  p->awaited = echo ? back : p->n;
  p->since = now_us();
  if (write(p->fd, out, at) != (ssize_t)at) { fprintf(stderr, "short write\n"); exit(1); }
}

/* Whether what was waited for is there. */
static int taken(struct peer *p, int echo) {
  static unsigned char in[KEEP * 2];
  memcpy(in, p->tail, p->kept);
  ssize_t got = read(p->fd, in + p->kept, KEEP);
  if (got <= 0) {
    if (got < 0 && errno == EAGAIN) return 0;
    fprintf(stderr, "a connection was closed\n");
    exit(1);
  }
  if (echo) return (p->awaited -= got) == 0;
  size_t size = p->kept + (size_t)got, at = 0;
  int done = 0;
  while (size - at >= 2) {
    size_t head = 2, bytes = in[at + 1] & 127;
    if (bytes == 126) {
      if (size - at < 4) break;
      head = 4;
      bytes = (size_t)in[at + 2] << 8 | in[at + 3];
    }
    if (size - at < head + bytes) break;
    const char *text = (const char *)in + at + head;
    if (bytes > 16 && !memcmp(text, "{\"t\":\"ack\",\"n\":", 15)) {
      if (atol(text + 15) >= p->awaited) done = 1;
    } else if (bytes > 12 && !memcmp(text, "{\"t\":\"offer\"", 12)) {
      offers++;
    } else if ((in[at] & 15) == 8) {
      fprintf(stderr, "closed: %.*s\n", (int)bytes - 2, text + 2);
      exit(1);
    }
    at += head + bytes;
  }
  p->kept = size - at;
  memcpy(p->tail, in + at, p->kept);
  return done;
}

static void dial(struct peer *p, int port, int echo) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  char in[4096];
  int one = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  p->fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(p->fd, (struct sockaddr *)&to, sizeof to)) { perror("connect"); exit(1); }
  if (write(p->fd, REQUEST, sizeof REQUEST - 1) < 0) { perror("write"); exit(1); }
  for (size_t got = 0; !got || memcmp(in + got - 4, "\r\n\r\n", 4);) {
    ssize_t more = read(p->fd, in + got, sizeof in - got);
    if (more <= 0 || memcmp(in + 9, "101", 3)) { fprintf(stderr, "refused\n"); exit(1); }
    got += (size_t)more;
  }
  p->tail = malloc(KEEP);
  p->n = 1;
  p->awaited = 1;
  if (echo) return;
  unsigned char out[512];
  size_t size = frame(out, HELLO, sizeof HELLO - 1);
  if (write(p->fd, out, size) < 0) { perror("write"); exit(1); }
  while (!taken(p, 0)) {}
}

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "usage: job PORT CONNECTIONS SECONDS DEPTH SKUS ack|echo\n"); return 2; }
  int port = atoi(argv[1]), total = atoi(argv[2]), depth = atoi(argv[4]), skus = atoi(argv[5]);
  int echo = !strcmp(argv[6], "echo"), poll = epoll_create1(0);
  double seconds = atof(argv[3]);
  struct peer *peers = calloc((size_t)total, sizeof *peers);
  struct epoll_event events[1024];
  for (int i = 0; i < total; i++) {
    peers[i].dice = (uint32_t)i * 2654435761u;
    dial(&peers[i], port, echo);
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = &peers[i]};
    epoll_ctl(poll, EPOLL_CTL_ADD, peers[i].fd, &want);
  }
  uint64_t done = 0, start = now_us(), now = start, end = start + (uint64_t)(seconds * 1e6);
  for (int i = 0; i < total; i++) burst(&peers[i], depth, skus, echo);
  while (now < end) {
    int ready = epoll_wait(poll, events, 1024, 100);
    now = now_us();
    for (int e = 0; e < ready; e++) {
      struct peer *p = events[e].data.ptr;
      if (!taken(p, echo)) continue;
      uint64_t us = now_us() - p->since;
      slots[us < SLOTS ? us : SLOTS - 1]++;
      counted++;
      done += (uint64_t)depth;
      burst(p, depth, skus, echo);
    }
  }
  printf("{\"events\": %lu, \"seconds\": %.4f, \"offers\": %lu, \"p50_us\": %lu, \"p99_us\": %lu}\n", done,
         (double)(now - start) / 1e6, offers, percentile(.5), percentile(.99));
  return 0;
}
