/* What a shopper in C is made of, beside frames and waits: a greeting, and what comes back. */
#include "frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEEP = 1 << 16 };

static const char HELLO[] =
    "{\"t\":\"hello\",\"n\":1,\"consent\":\"anonymous\",\"territory\":\"DE\","
    "\"page\":{\"url\":\"https://shop.example/\",\"kind\":\"product\"}}";

/* A handshake from an address of this machine; 0: whichever. */
static int dialled_from(int port, uint32_t address) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
  char in[4096];
  int one = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (address && bind(fd, (struct sockaddr *)&from, sizeof from)) { perror("bind"); exit(1); }
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) { perror("connect"); exit(1); }
  if (write(fd, REQUEST, sizeof REQUEST - 1) < 0) { perror("write"); exit(1); }
  for (size_t got = 0; !got || memcmp(in + got - 4, "\r\n\r\n", 4);) {
    ssize_t more = read(fd, in + got, sizeof in - got);
    if (more <= 0 || memcmp(in + 9, "101", 3)) { fprintf(stderr, "refused\n"); exit(1); }
    got += (size_t)more;
  }
  return fd;
}

static int dialled(int port) { return dialled_from(port, 0); }

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
