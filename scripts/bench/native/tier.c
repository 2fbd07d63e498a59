// An Access Tier to measure against: demands a client certificate, and has the services behind it built in.
//   tier PORT CA CERTIFICATE KEY
// PORT echoes, PORT+1 discards, PORT+2 generates until the peer closes; PORT+3 speaks CONNECT, over HTTP/2 where the
// client offers it by ALPN and over HTTP/1.1 otherwise, and the target's port picks the service: 7, 9 or 19.
// One thread. SIGUSR1 prints the number of full and of resumed handshakes since the last time.
#define _GNU_SOURCE
#include "tier.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_BYTES 16384
#define MAX_HEAD_BYTES 8192
// So many steps for one connection, then the others have their turn.
#define STEPS 64

char scratch[SCRATCH_BYTES];
const char pattern[SCRATCH_BYTES];
static SSL_CTX *context;
static int epoll;
static volatile sig_atomic_t full, resumed;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void listen_for(struct connection *c, uint32_t events) {
  if (c->events == events) return;
  c->events = events;
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static enum progress blocked(struct connection *c, int result) {
  int why = SSL_get_error(c->ssl, result);
  ERR_clear_error();
  if (why == SSL_ERROR_WANT_READ) listen_for(c, EPOLLIN);
  else if (why == SSL_ERROR_WANT_WRITE) listen_for(c, EPOLLOUT);
  else return OVER;
  return WAIT;
}

enum progress read_some(struct connection *c, char *into, size_t room, size_t *moved) {
  *moved = 0;
  int result = SSL_read(c->ssl, into, (int)room);
  if (result <= 0) return blocked(c, result);
  *moved = (size_t)result;
  return GO_ON;
}

enum progress write_some(struct connection *c, const char *from, size_t length, size_t *moved) {
  *moved = 0;
  int result = SSL_write(c->ssl, from, (int)length);
  if (result <= 0) return blocked(c, result);
  *moved = (size_t)result;
  return GO_ON;
}

static void hold(struct connection *c, const char *bytes, size_t length) {
  c->held = realloc(c->held, c->held_end + length);
  memcpy(c->held + c->held_end, bytes, length);
  c->held_end += length;
}

static void drop_held(struct connection *c) {
  free(c->held);
  c->held = NULL;
  c->held_at = c->held_end = 0;
}

static enum progress send_held(struct connection *c) {
  size_t moved;
  enum progress progress = write_some(c, c->held + c->held_at, c->held_end - c->held_at, &moved);
  if (progress != GO_ON) return progress;
  c->held_at += moved;
  if (c->held_at == c->held_end) drop_held(c);
  return GO_ON;
}

static enum progress echo(struct connection *c) {
  size_t got, sent;
  enum progress progress = read_some(c, scratch, RECORD_BYTES, &got);
  if (progress != GO_ON) return progress;
  progress = write_some(c, scratch, got, &sent);
  if (progress != OVER && sent < got) hold(c, scratch + sent, got - sent);
  return progress;
}

bool service_of(const char *authority, enum service *service) {
  const char *colon = strrchr(authority, ':');
  switch (colon ? atoi(colon + 1) : 0) {
    case 7: *service = ECHO; return true;
    case 9: *service = DISCARD; return true;
    case 19: *service = GENERATE; return true;
    default: return false;
  }
}

// HTTP/1.1 CONNECT. What the client sent right behind its request goes to the service.
static enum progress read_request(struct connection *c) {
  size_t got;
  enum progress progress = read_some(c, scratch, MAX_HEAD_BYTES, &got);
  if (progress != GO_ON) return progress;
  hold(c, scratch, got);
  char *end = memmem(c->held, c->held_end, "\r\n\r\n", 4);
  if (!end) return c->held_end > MAX_HEAD_BYTES ? OVER : GO_ON;
  char authority[256];
  *end = 0;
  bool understood = sscanf(c->held, "CONNECT %255s HTTP/1.", authority) == 1 && service_of(authority, &c->service);
  char *head = c->held;
  size_t early_at = (size_t)(end - head) + 4, early = c->held_end - early_at;
  c->held = NULL;
  c->held_at = c->held_end = 0;
  const char *answer = understood ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
  hold(c, answer, strlen(answer));
  if (understood && c->service == ECHO && early > 0) hold(c, head + early_at, early);
  free(head);
  return GO_ON;
}

static enum progress serve_once(struct connection *c) {
  size_t moved;
  if (c->http2) return http2_serve(c);
  if (c->service == CONNECT) return read_request(c);
  if (c->held) return send_held(c);
  if (c->service == ECHO) return echo(c);
  if (c->service == DISCARD) return read_some(c, scratch, SCRATCH_BYTES, &moved);
  return write_some(c, pattern, RECORD_BYTES, &moved);
}

static enum progress shake_hands(struct connection *c) {
  int result = SSL_accept(c->ssl);
  if (result != 1) return blocked(c, result);
  c->shaken = true;
  if (SSL_session_reused(c->ssl)) resumed++;
  else full++;
  const unsigned char *protocol;
  unsigned length;
  SSL_get0_alpn_selected(c->ssl, &protocol, &length);
  if (length == 2) c->http2 = http2_start(c);
  return GO_ON;
}

static enum progress serve(struct connection *c) {
  for (int i = 0; i < STEPS; i++) {
    enum progress progress = c->shaken ? serve_once(c) : shake_hands(c);
    if (progress != GO_ON) return progress;
  }
  // OpenSSL may hold bytes that epoll knows nothing of; "writable" is true at once and brings us back.
  listen_for(c, EPOLLIN | EPOLLOUT);
  return WAIT;
}

static void close_connection(struct connection *c) {
  if (c->http2) http2_free(c->http2);
  SSL_shutdown(c->ssl);
  SSL_free(c->ssl);
  close(c->fd);
  free(c->held);
  free(c);
}

static void watch(struct connection *c) {
  c->events = EPOLLIN;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void accept_some(struct connection *listener) {
  for (int i = 0; i < 16; i++) {
    int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct connection *c = calloc(1, sizeof *c);
    *c = (struct connection){.fd = fd, .service = listener->service, .ssl = SSL_new(context)};
    SSL_set_fd(c->ssl, fd);
    SSL_set_app_data(c->ssl, c);
    watch(c);
  }
}

static void listen_on(int port, enum service service) {
  struct connection *c = calloc(1, sizeof *c);
  *c = (struct connection){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), .service = service, .listening = true};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(c->fd, (struct sockaddr *)&address, sizeof address) || listen(c->fd, 4096)) fail("listen");
  watch(c);
}

static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *length, const unsigned char *offered,
                           unsigned offered_length, void *unused) {
  (void)unused;
  static const unsigned char all[] = "\x02h2\x08http/1.1";
  struct connection *c = SSL_get_app_data(ssl);
  if (c->service != CONNECT) return SSL_TLSEXT_ERR_NOACK;
  const unsigned char *known = speaks_http2 ? all : all + 3;
  unsigned known_length = (unsigned)(sizeof all - 1 - (size_t)(known - all));
  int found = SSL_select_next_proto((unsigned char **)chosen, length, known, known_length, offered, offered_length);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void make_context(const char *ca, const char *certificate, const char *key) {
  context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_load_verify_locations(context, ca, NULL) != 1) {
    ERR_print_errors_fp(stderr);
    exit(1);
  }
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  // The same cipher for every candidate, whatever its library would rather have.
  SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, SCRATCH_BYTES);
  // Without it a server that verifies clients refuses resumed handshakes.
  SSL_CTX_set_session_id_context(context, (const unsigned char *)"tier", 4);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
}

static void print_handshakes(int signal) {
  (void)signal;
  char line[64];
  int length = snprintf(line, sizeof line, "full=%d resumed=%d\n", (int)full, (int)resumed);
  if (write(STDOUT_FILENO, line, (size_t)length) < 0) _exit(1);
  full = resumed = 0;
}

int main(int count, char **arguments) {
  if (count != 5) {
    fputs("tier PORT CA CERTIFICATE KEY\n", stderr);
    return 2;
  }
  int port = atoi(arguments[1]);
  make_context(arguments[2], arguments[3], arguments[4]);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action = {.sa_handler = print_handshakes, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, NULL);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int service = ECHO; service <= CONNECT; service++) listen_on(port + service, (enum service)service);
  puts("ready");
  fflush(stdout);
  for (struct epoll_event events[256];;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->listening) accept_some(c);
      else if (serve(c) == OVER) close_connection(c);
    }
  }
}
