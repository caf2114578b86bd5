/* What every client in C measures and speaks with: a histogram of waits, the handshake, a text frame. */
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 1 << 23 };

static uint32_t slots[SLOTS]; /* latencies, one slot per microsecond, 8 s at most */
static uint64_t counted;
static const char REQUEST[] =
    "GET /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Origin: https://shop.example\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tactful.v1\r\n\r\n";

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
