/* Shoppers who click as fast as they are heard: views and inputs, numbered and acknowledged.
 *
 * job PORT CONNECTIONS SECONDS DEPTH SKUS MODE
 *
 * Says hello on every connection, then keeps DEPTH messages in flight on each for SECONDS. A burst is
 * answered when the acknowledgement of its last message has come (MODE ack), or when as many bytes
 * have come back as went (MODE echo). Prints one JSON line: events, seconds, offers, percentiles.
 */
#define _GNU_SOURCE
#include "shopper.h"

struct peer {
  int fd;
  uint32_t dice;
  long n, awaited;     /* the last number sent; the number, or the bytes, that are waited for */
  uint64_t since;
  size_t kept;         /* bytes of a frame that has not come whole */
  unsigned char *tail;
};

static uint64_t offers;

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
  const char *text;
  for (size_t step; (step = whole(in + at, size - at, &text)) > 0; at += step) {
    size_t bytes = step - (size_t)(text - (const char *)in - at);
    if (bytes > 16 && !memcmp(text, "{\"t\":\"ack\",\"n\":", 15)) {
      if (atol(text + 15) >= p->awaited) done = 1;
    } else if (bytes > 12 && !memcmp(text, "{\"t\":\"offer\"", 12)) {
      offers++;
    } else if ((in[at] & 15) == 8) {
      fprintf(stderr, "closed: %.*s\n", (int)bytes - 2, text + 2);
      exit(1);
    }
  }
  p->kept = size - at;
  memcpy(p->tail, in + at, p->kept);
  return done;
}

static void dial(struct peer *p, int port, int echo) {
  p->fd = dialled(port);
  p->tail = malloc(KEEP);
  p->n = 1;
  p->awaited = 1;
  if (echo) return;
  say(p->fd, HELLO);
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
      count(now_us() - p->since);
      done += (uint64_t)depth;
      burst(p, depth, skus, echo);
    }
  }
  printf("{\"events\": %lu, \"seconds\": %.4f, \"offers\": %lu, \"p50_us\": %lu, \"p99_us\": %lu}\n", done,
         (double)(now - start) / 1e6, offers, percentile(.5), percentile(.99));
  return 0;
}
