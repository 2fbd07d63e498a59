// What the parts of the Access-Tier stand-in share: tier.c (TLS, raw services, HTTP/1.1) and tier-http2.c.
#ifndef TIER_H
#define TIER_H
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum service { ECHO, DISCARD, GENERATE, CONNECT };

// WAIT: epoll calls again. OVER: to be closed.
enum progress { GO_ON, WAIT, OVER };

struct http2;

struct connection {
  int fd;
  SSL *ssl;
  enum service service;
  bool listening, shaken;
  uint32_t events;
  // Read, and still to be sent back; or the request head while it is not complete.
  char *held;
  size_t held_at, held_end;
  struct http2 *http2;
};

#define SCRATCH_BYTES 65536
// One thread: everybody reads into this, and keeps a copy of what cannot be passed on at once.
extern char scratch[SCRATCH_BYTES];
// What GENERATE sends.
extern const char pattern[SCRATCH_BYTES];

// On GO_ON, `*moved` bytes went through.
enum progress read_some(struct connection *c, char *into, size_t room, size_t *moved);
enum progress write_some(struct connection *c, const char *from, size_t length, size_t *moved);

// Which service a CONNECT target means: by its port, as RFC 862 to 864 number them. Anything else is refused.
bool service_of(const char *authority, enum service *service);

// False where this was built without libnghttp2.
extern const bool speaks_http2;
struct http2 *http2_start(struct connection *c);
enum progress http2_serve(struct connection *c);
void http2_free(struct http2 *h);

#endif
