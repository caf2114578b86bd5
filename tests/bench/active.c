/* Shoppers who click on while each of them is offered something once.
 *
 * active PORT SESSIONS
 *
 * Says hello on every connection and prints a line. Then does what it reads, and prints a line of JSON
 * after each:
 *   views N              everybody looks at N items, one after the other
 *   click RATE SECONDS   inputs from shopper after shopper, so many a second in all
 *   offer RATE SECONDS   the same while each needs rescue once, evenly spread; how long the offer took
 */
#define _GNU_SOURCE
#include "shopper.h"

enum { HEARD = 2048, REST = 50 }; /* so many rescues later a shopper goes on to another page */

struct peer {
  int fd;
  uint64_t asked; /* when it needed rescue; 0: it does not wait for an offer */
  size_t kept;
  unsigned char tail[HEARD];
};

static const char INPUT[] = "{\"t\":\"activity\",\"kind\":\"input\"}";
static const char NEED[] =
    "{\"t\":\"page\",\"url\":\"https://shop.example/c\",\"kind\":\"cancel\",\"moment\":\"rescue\"}";
static const char ON[] = "{\"t\":\"page\",\"url\":\"https://shop.example/p\",\"kind\":\"product\"}";

static struct peer *peers;
static int total, ears;
static uint64_t welcomes;

static void hear(struct peer *p) {
  static unsigned char in[KEEP + HEARD];
  memcpy(in, p->tail, p->kept);
  ssize_t got = read(p->fd, in + p->kept, KEEP);
  if (got <= 0) { fprintf(stderr, "a connection was closed\n"); exit(1); }
  size_t size = p->kept + (size_t)got, at = 0;
  const char *text;
  for (size_t step; (step = whole(in + at, size - at, &text)) > 0; at += step) {
    if (!memcmp(text, "{\"t\":\"offer\"", 12) && p->asked) {
      count(now_us() - p->asked);
      p->asked = 0;
    } else if (!memcmp(text, "{\"t\":\"welcome\"", 14)) {
      welcomes++;
    }
  }
  p->kept = size - at;
  if (p->kept > HEARD) { fprintf(stderr, "a frame is too long\n"); exit(1); }
  memcpy(p->tail, in + at, p->kept);
}

static void listen_for(int ms) {
  struct epoll_event events[256];
  int ready = epoll_wait(ears, events, 256, ms);
  for (int e = 0; e < ready; e++) hear(events[e].data.ptr);
}

static void listen_until(uint64_t end) {
  while (now_us() < end) listen_for(1);
}

/* A client that was kept from its core for long does not make up for it: that would be a flood. */
static uint64_t click(double rate, double seconds, int offers) {
  uint64_t sent = 0, missed = 0, needed = 0, start = now_us(), now = start;
  uint64_t end = start + (uint64_t)(seconds * 1e6), most = (uint64_t)(rate * 0.02) + 1;
  while (now < end || (offers && needed < (uint64_t)total)) {
    double passed = (double)(now < end ? now - start : end - start) / 1e6;
    uint64_t due = (uint64_t)(passed * rate);
    if (due > sent + missed + most) missed = due - sent - most;
    for (; sent + missed < due; sent++) say(peers[sent % (uint64_t)total].fd, INPUT);
    uint64_t wanted = offers ? (uint64_t)(passed / seconds * total) : 0;
    for (int burst = 0; needed < wanted && burst < 8; needed++, burst++) {
      struct peer *p = &peers[needed * 7919 % (uint64_t)total]; /* a prime: in no order of theirs */
      p->asked = now_us();
      say(p->fd, NEED);
      if (needed >= REST) say(peers[(needed - REST) * 7919 % (uint64_t)total].fd, ON);
    }
    listen_for(0);
    now = now_us();
  }
  return sent;
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: active PORT SESSIONS\n"); return 2; }
  int port = atoi(argv[1]);
  total = atoi(argv[2]);
  ears = epoll_create1(0);
  peers = calloc((size_t)total, sizeof *peers);
  for (int i = 0; i < total; i++) {
    peers[i].fd = dialled(port);
    say(peers[i].fd, HELLO);
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = &peers[i]};
    epoll_ctl(ears, EPOLL_CTL_ADD, peers[i].fd, &want);
    listen_for(0);
  }
  while (welcomes < (uint64_t)total) listen_for(100);
  printf("{}\n");
  fflush(stdout);
  char line[128], what[16];
  double one, two;
  while (fgets(line, sizeof line, stdin) && sscanf(line, "%15s %lf %lf", what, &one, &two) >= 2) {
    uint64_t sent = 0;
    counted = 0;
    memset(slots, 0, sizeof slots);
    if (!strcmp(what, "views")) {
      for (int k = 0; k < (int)one; k++) {
        char text[64];
        snprintf(text, sizeof text, "{\"t\":\"view\",\"sku\":\"s%d\"}", k);
        for (int i = 0; i < total; i++) {
          say(peers[i].fd, text);
          listen_for(0);
        }
        listen_until(now_us() + 300000);
      }
    } else {
      int offers = !strcmp(what, "offer");
      sent = click(one, two, offers);
      uint64_t latest = now_us() + 10000000;
      listen_until(now_us() + 500000);
      while (offers && counted < (uint64_t)total && now_us() < latest) listen_for(10);
    }
    printf("{\"clicks\": %lu, \"offers\": %lu, \"p50_us\": %lu, \"p90_us\": %lu, \"p99_us\": %lu, \"max_us\": %lu}\n",
           sent, counted, percentile(.5), percentile(.9), percentile(.99), percentile(.9999));
    fflush(stdout);
  }
  return 0;
}
