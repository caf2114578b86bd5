/* Shoppers in steady conversation, and how long each acknowledgement takes, whatever else runs here.
 *
 * talk PORT SESSIONS
 *
 * Each comes from an address of its own, says hello, and a line is printed. For each line `RATE SECONDS`
 * on its standard input it sends so many numbered messages a second, evenly spread over all, and prints a
 * line of JSON. The kernel notes when an answer has arrived: a client that is kept from its core by
 * somebody else does not count that.
 */
#define _GNU_SOURCE
#include "shopper.h"

enum { UNDER_WAY = 256, FIRST_ADDRESS = 0x7f010001 }; /* 127.1.0.1 */

struct peer {
  int fd;
  uint64_t told, heard;      /* the highest n sent, and acknowledged */
  uint64_t sent[UNDER_WAY];  /* when, by n */
  size_t kept;
  unsigned char tail[KEEP];
};

static struct peer *peers;
static int total, ears;
static uint64_t welcomes, unheard;

static uint64_t wall_us(void) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at); /* as the kernel's notes are */
  return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

static void acknowledged(struct peer *p, uint64_t n, uint64_t at) {
  for (; p->heard < n && p->heard < p->told; unheard--) {
    uint64_t sent = p->sent[++p->heard % UNDER_WAY];
    count(at > sent ? at - sent : 0);
  }
}

static void hear(struct peer *p) {
  char room[256];
  struct iovec into = {p->tail + p->kept, KEEP - p->kept};
  struct msghdr asked = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  ssize_t got = recvmsg(p->fd, &asked, 0);
  if (got <= 0) { fprintf(stderr, "a connection was closed\n"); exit(1); }
  uint64_t at_us = wall_us();
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&asked); c; c = CMSG_NXTHDR(&asked, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec arrived;
    memcpy(&arrived, CMSG_DATA(c), sizeof arrived);
    at_us = (uint64_t)arrived.tv_sec * 1000000 + (uint64_t)arrived.tv_nsec / 1000;
  }
  size_t size = p->kept + (size_t)got, at = 0;
  const char *text;
  for (size_t step; (step = whole(p->tail + at, size - at, &text)) > 0; at += step) {
    if (!memcmp(text, "{\"t\":\"ack\",\"n\":", 15)) acknowledged(p, strtoull(text + 15, 0, 10), at_us);
    if (!memcmp(text, "{\"t\":\"welcome\"", 14)) welcomes++;
  }
  p->kept = size - at;
  memmove(p->tail, p->tail + at, p->kept);
}

static void listen_for(int ms) {
  struct epoll_event events[256];
  int ready = epoll_wait(ears, events, 256, ms);
  for (int e = 0; e < ready; e++) hear(events[e].data.ptr);
}

static void tell(struct peer *p) {
  char text[128];
  p->told++;
  int looks = p->told % 4 == 0; /* at an item, else a sign of life */
  if (looks)
    snprintf(text, sizeof text, "{\"t\":\"view\",\"sku\":\"s%lu\",\"n\":%lu}", p->told / 4 % 60, p->told);
  else
    snprintf(text, sizeof text, "{\"t\":\"activity\",\"kind\":\"input\",\"n\":%lu}", p->told);
  p->sent[p->told % UNDER_WAY] = wall_us();
  unheard++;
  say(p->fd, text);
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: talk PORT SESSIONS\n"); return 2; }
  int port = atoi(argv[1]), one = 1;
  total = atoi(argv[2]);
  ears = epoll_create1(0);
  peers = calloc((size_t)total, sizeof *peers);
  for (int i = 0; i < total; i++) {
    struct epoll_event want = {.events = EPOLLIN, .data.ptr = &peers[i]};
    peers[i].fd = dialled_from(port, FIRST_ADDRESS + (uint32_t)i);
    setsockopt(peers[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    peers[i].told = peers[i].heard = 1; /* that of the hello */
    say(peers[i].fd, HELLO);
    epoll_ctl(ears, EPOLL_CTL_ADD, peers[i].fd, &want);
  }
  while (welcomes < (uint64_t)total) listen_for(100);
  printf("{}\n");
  fflush(stdout);
  double rate, seconds;
  char line[128];
  while (fgets(line, sizeof line, stdin) && sscanf(line, "%lf %lf", &rate, &seconds) == 2) {
    uint64_t sent = 0, all = (uint64_t)(rate * seconds), start = now_us();
    counted = 0;
    memset(slots, 0, sizeof slots);
    while (sent < all) {
      uint64_t due = (uint64_t)((double)(now_us() - start) / 1e6 * rate);
      for (; sent < due && sent < all; sent++) tell(&peers[sent % (uint64_t)total]);
      listen_for(1);
    }
    for (uint64_t latest = now_us() + 5000000; unheard && now_us() < latest;) listen_for(1);
    if (unheard) { fprintf(stderr, "%lu messages were not acknowledged\n", unheard); return 1; }
    printf("{\"answers\": %lu, \"p50_us\": %lu, \"p90_us\": %lu, \"p99_us\": %lu, \"max_us\": %lu}\n", counted,
           percentile(.5), percentile(.9), percentile(.99), percentile(.99999));
    fflush(stdout);
  }
  return 0;
}
