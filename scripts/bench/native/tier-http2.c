// HTTP/2 CONNECT (RFC 9113 8.5) for the Access-Tier stand-in. Windows are wide, so that the stand-in never holds anybody
// up; what is echoed is only given back to the window once it was sent, so that a slow reader is felt by the sender.
#include "tier.h"

#if !__has_include(<nghttp2/nghttp2.h>)

const bool speaks_http2 = false;
struct http2 *http2_start(struct connection *c) { return (void)c, NULL; }
enum progress http2_serve(struct connection *c) { return (void)c, OVER; }
void http2_free(struct http2 *h) { (void)h; }

#else
#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>

// As Go's servers announce it; a client with more tunnels needs more connections.
#define MAX_STREAMS 250
#define STREAM_WINDOW (16 << 20)
#define CONNECTION_WINDOW (256 << 20)
#define OUT_BYTES (128 << 10)
// A frame and its head are a little more than a TLS record takes: one alone would leave a record of nine bytes behind it.
#define ENOUGH_BYTES (64 << 10)

const bool speaks_http2 = true;

struct stream {
  enum service service;
  bool understood, ended;
  char *held;
  size_t held_at, held_end;
  struct stream *next, **link;
};

struct http2 {
  nghttp2_session *session;
  struct stream *streams;
  char out[OUT_BYTES];
  size_t out_at, out_end;
};

static void remember(struct http2 *h, struct stream *stream) {
  stream->next = h->streams;
  stream->link = &h->streams;
  if (stream->next) stream->next->link = &stream->next;
  h->streams = stream;
}

static void forget(struct stream *stream) {
  *stream->link = stream->next;
  if (stream->next) stream->next->link = stream->link;
  free(stream->held);
  free(stream);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *connection) {
  struct stream *stream = calloc(1, sizeof *stream);
  remember(((struct connection *)connection)->http2, stream);
  return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
                     const uint8_t *value, size_t length, uint8_t flags, void *unused) {
  (void)flags, (void)unused;
  struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  char authority[256];
  if (!stream || name_length != 10 || memcmp(name, ":authority", 10) || length >= sizeof authority) return 0;
  memcpy(authority, value, length);
  authority[length] = 0;
  stream->understood = service_of(authority, &stream->service);
  return 0;
}

static ssize_t next_bytes(nghttp2_session *session, int32_t id, uint8_t *into, size_t room, uint32_t *flags,
                          nghttp2_data_source *source, void *unused) {
  (void)unused;
  struct stream *stream = source->ptr;
  if (stream->service == GENERATE) {
    memcpy(into, pattern, room);
    return (ssize_t)room;
  }
  size_t waiting = stream->held_end - stream->held_at, length = waiting < room ? waiting : room;
  if (length > 0) {
    memcpy(into, stream->held + stream->held_at, length);
    stream->held_at += length;
    nghttp2_session_consume(session, id, length);
  }
  if (stream->held_at == stream->held_end) {
    free(stream->held);
    stream->held = NULL;
    stream->held_at = stream->held_end = 0;
    if (stream->ended) *flags |= NGHTTP2_DATA_FLAG_EOF;
    else if (length == 0) return NGHTTP2_ERR_DEFERRED;
  }
  return (ssize_t)length;
}

static int answer(nghttp2_session *session, int32_t id, struct stream *stream) {
  char *status = stream->understood ? "200" : "403";
  nghttp2_nv field = {(uint8_t *)":status", (uint8_t *)status, 7, 3, NGHTTP2_NV_FLAG_NONE};
  nghttp2_data_provider provider = {.source.ptr = stream, .read_callback = next_bytes};
  return nghttp2_submit_response(session, id, &field, 1, stream->understood ? &provider : NULL);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *unused) {
  (void)unused;
  int32_t id = frame->hd.stream_id;
  struct stream *stream = id ? nghttp2_session_get_stream_user_data(session, id) : NULL;
  if (!stream) return 0;
  if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
    stream->ended = true;
    if (frame->hd.type == NGHTTP2_DATA) nghttp2_session_resume_data(session, id);
  }
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) return answer(session, id, stream);
  return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t length, void *unused) {
  (void)flags, (void)unused;
  struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
  if (!stream || !stream->understood || stream->service != ECHO) return nghttp2_session_consume(session, id, length);
  size_t waiting = stream->held_end - stream->held_at;
  // Bytes that go and come without a pause would else never be given back, and be copied with every piece.
  if (stream->held_at > waiting) {
    memmove(stream->held, stream->held + stream->held_at, waiting);
    stream->held_at = 0;
    stream->held_end = waiting;
  }
  stream->held = realloc(stream->held, stream->held_end + length);
  memcpy(stream->held + stream->held_end, bytes, length);
  stream->held_end += length;
  nghttp2_session_resume_data(session, id);
  return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *unused) {
  (void)error, (void)unused;
  struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
  if (!stream) return 0;
  // What a reset stream still held counts against the whole connection's window.
  nghttp2_session_consume_connection(session, stream->held_end - stream->held_at);
  forget(stream);
  return 0;
}

struct http2 *http2_start(struct connection *c) {
  struct http2 *h = calloc(1, sizeof *h);
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
  nghttp2_option *option;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_server_new2(&h->session, callbacks, c, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
  };
  nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings);
  nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
  return h;
}

static bool collect_output(struct http2 *h) {
  while (h->out_end < ENOUGH_BYTES) {
    const uint8_t *bytes;
    ssize_t length = nghttp2_session_mem_send(h->session, &bytes);
    if (length < 0) return false;
    if (length == 0) break;
    memcpy(h->out + h->out_end, bytes, (size_t)length);
    h->out_end += (size_t)length;
  }
  return true;
}

enum progress http2_serve(struct connection *c) {
  struct http2 *h = c->http2;
  size_t moved;
  if (h->out_at == h->out_end) {
    h->out_at = h->out_end = 0;
    if (!collect_output(h)) return OVER;
  }
  if (h->out_end > 0) {
    enum progress progress = write_some(c, h->out + h->out_at, h->out_end - h->out_at, &moved);
    if (progress == GO_ON) h->out_at += moved;
    return progress;
  }
  if (!nghttp2_session_want_read(h->session)) return OVER;
  enum progress progress = read_some(c, scratch, SCRATCH_BYTES, &moved);
  if (progress != GO_ON) return progress;
  return nghttp2_session_mem_recv(h->session, (uint8_t *)scratch, moved) < 0 ? OVER : GO_ON;
}

void http2_free(struct http2 *h) {
  nghttp2_session_del(h->session);
  while (h->streams) forget(h->streams);
  free(h);
}
#endif
