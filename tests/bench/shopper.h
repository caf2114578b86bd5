/* What a shopper in C is made of: frames, a greeting, and a histogram of waits. */
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

static uint32_t slots[SLOTS];
static uint64_t counted;
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

static int dialled(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  char in[4096];
  int one = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) { perror("connect"); exit(1); }
  if (write(fd, REQUEST, sizeof REQUEST - 1) < 0) { perror("write"); exit(1); }
  for (size_t got = 0; !got || memcmp(in + got - 4, "\r\n\r\n", 4);) {
    ssize_t more = read(fd, in + got, sizeof in - got);
    if (more <= 0 || memcmp(in + 9, "101", 3)) { fprintf(stderr, "refused\n"); exit(1); }
    got += (size_t)more;
  }
  return fd;
}

static void say(int fd, const char *text) {
  unsigned char out[512];
  size_t size = frame(out, text, strlen(text));
  if (write(fd, out, size) != (ssize_t)size) { fprintf(stderr, "short write\n"); exit(1); }
}

/* The size of the frame at `in`, and where its text begins; 0: it is not all there. */
static size_t whole(const unsigned char *in, size_t size, const char **text) {
  if (size < 2) return 0;
  size_t head = 2, bytes = in[1] & 127;
  if (bytes == 126) {
    if (size < 4) return 0;
    head = 4;
    bytes = (size_t)in[2] << 8 | in[3];
  }
  *text = (const char *)in + head;
  return size < head + bytes ? 0 : head + bytes;
}
