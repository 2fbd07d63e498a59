// Load for one local port, from one thread with epoll; prints one line of JSON.
//   load down|up    streams of bulk data, for -s seconds
//   load rate       -n connections at a time: connect, one byte there and back, close; for -s seconds
//   load ping       one byte there and back, over and over, on -n open connections, for -s seconds
//   load open       opens -n connections, one byte there and back on each, prints, and keeps them until stdin ends
//   load first      -n connections one after the other, -g milliseconds apart: time to the first byte
//   load burst      -n connections at once: time to the first byte of each
// Options: -a HOST:PORT  -n COUNT  -s SECONDS  -w SECONDS of warm-up  -g MILLISECONDS  -p PID,PID,… whose CPU time counts
//   -c HOST:PORT  speak CONNECT to this target first, the first byte right behind it;  -l  wait for the 200 before it
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PIDS 64
#define PATIENCE_S 30.0
// Opening thousands at once would measure queues, not memory.
#define OPENING_AT_ONCE 32

static struct {
  struct sockaddr_in address;
  int count;
  double seconds, warm_up, gap_ms;
  const char *target;
  bool late;
  int pids[MAX_PIDS], pid_count;
} options = {.count = 1, .seconds = 2, .warm_up = 0.7};

static int epoll;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// ---- CPU time of the measured processes

static double cpu_seconds(void) {
  unsigned long ticks = 0;
  for (int i = 0; i < options.pid_count; i++) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", options.pids[i]);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) continue;
    text[length] = 0;
    // The second field is the program's name, which may hold spaces and brackets.
    char *rest = strrchr(text, ')');
    unsigned long user, system;
    if (rest && sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2) ticks += user + system;
  }
  return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

// ---- Samples

struct samples {
  double *seconds;
  size_t count, room;
};

static void add(struct samples *s, double seconds) {
  if (s->count == s->room) {
    s->room = s->room ? s->room * 2 : 4096;
    s->seconds = realloc(s->seconds, s->room * sizeof *s->seconds);
  }
  s->seconds[s->count++] = seconds;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sort(struct samples *s) { qsort(s->seconds, s->count, sizeof *s->seconds, ascending); }

static double microseconds(const struct samples *s, double quantile) {
  return s->count ? s->seconds[(size_t)(quantile * (double)(s->count - 1))] * 1e6 : 0;
}

// ---- One measurement window: warm-up, then `-s` seconds

static struct {
  double begin, end, started, cpu;
  bool open;
} window;

static void plan_window(void) {
  window.begin = now() + options.warm_up;
  window.end = window.begin + options.seconds;
}

// True once: when the warm-up is over.
static bool window_opens(double time) {
  if (window.open || time < window.begin) return false;
  window.open = true;
  window.cpu = cpu_seconds();
  window.started = now();
  return true;
}

static bool window_is_over(double time) { return window.open && time >= window.end; }

// ---- Sockets

static void watch(int fd, uint32_t events, void *data, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = data};
  epoll_ctl(epoll, operation, fd, &event);
}

static int dial(int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (connect(fd, (struct sockaddr *)&options.address, sizeof options.address) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

static int connect_request(char *into, size_t room) {
  return snprintf(into, room, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", options.target, options.target);
}

// ---- A probe: one connection, one byte there and back

enum stage { UNUSED, DIALLING, ANSWER, ECHO };
enum outcome { PENDING, DONE, FAILED };

struct probe {
  int fd;
  enum stage stage;
  double started, answered;
  char status[13];
  int status_length, end_of_head;
};

static bool say(struct probe *p, const char *bytes, int length) { return send(p->fd, bytes, (size_t)length, MSG_NOSIGNAL) == length; }

static bool start_probe(struct probe *p) {
  *p = (struct probe){.started = now(), .stage = DIALLING, .fd = dial(SOCK_NONBLOCK)};
  if (p->fd < 0) return false;
  watch(p->fd, EPOLLOUT, p, EPOLL_CTL_ADD);
  return true;
}

static enum outcome open_up(struct probe *p) {
  char bytes[600];
  int length = 0;
  p->stage = ECHO;
  if (options.target) {
    length = connect_request(bytes, sizeof bytes - 1);
    p->stage = ANSWER;
  }
  if (!options.target || !options.late) bytes[length++] = 'a';
  watch(p->fd, EPOLLIN, p, EPOLL_CTL_MOD);
  return say(p, bytes, length) ? PENDING : FAILED;
}

// Reads the head of the answer; returns how many bytes belong to it.
static ssize_t read_answer(struct probe *p, const char *bytes, ssize_t length) {
  static const char end[] = "\r\n\r\n";
  for (ssize_t i = 0; i < length; i++) {
    if (p->status_length < 12) p->status[p->status_length++] = bytes[i];
    p->end_of_head = bytes[i] == end[p->end_of_head] ? p->end_of_head + 1 : bytes[i] == '\r';
    if (p->end_of_head == 4) {
      p->answered = now();
      p->stage = ECHO;
      return i + 1;
    }
  }
  return length;
}

static enum outcome listen_to(struct probe *p) {
  char bytes[2048];
  ssize_t length = recv(p->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return PENDING;
  if (length <= 0) return FAILED;
  ssize_t at = 0;
  if (p->stage == ANSWER) {
    at = read_answer(p, bytes, length);
    if (p->stage == ANSWER) return PENDING;
    if (strncmp(p->status + 8, " 200", 4)) return FAILED;
    if (options.late) return at == length && say(p, "a", 1) ? PENDING : FAILED;
  }
  if (at == length) return PENDING;
  return length - at == 1 && bytes[at] == 'a' ? DONE : FAILED;
}

static enum outcome advance(struct probe *p) { return p->stage == DIALLING ? open_up(p) : listen_to(p); }

/* By a reset: thousands of connections a second would otherwise fill the system's table with ended ones (TIME_WAIT). */
static void end_probe(struct probe *p) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(p->fd);
  p->stage = UNUSED;
}

// ---- What is measured

static void rate(void) {
  struct probe *probes = calloc((size_t)options.count, sizeof *probes);
  struct samples samples = {0};
  long errors = 0;
  plan_window();
  for (;;) {
    for (int i = 0; i < options.count; i++)
      if (probes[i].stage == UNUSED && !start_probe(&probes[i])) errors++, usleep(1000);
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 100);
    double time = now();
    if (window_opens(time)) samples.count = 0;
    if (window_is_over(time)) break;
    for (int i = 0; i < ready; i++) {
      struct probe *p = events[i].data.ptr;
      enum outcome outcome = advance(p);
      if (outcome == PENDING) continue;
      if (outcome == DONE) add(&samples, now() - p->started);
      else errors++;
      end_probe(p);
    }
  }
  double cpu = cpu_seconds() - window.cpu, seconds = now() - window.started;
  if (samples.count == 0) errors++;
  sort(&samples);
  printf("{\"perSecond\":%.1f,\"cpuMs\":%.4f,\"cpuPercent\":%.0f,\"p50Us\":%.0f,\"p99Us\":%.0f,\"errors\":%ld}\n",
         (double)samples.count / seconds, cpu * 1e3 / (double)(samples.count ? samples.count : 1), cpu / seconds * 100,
         microseconds(&samples, 0.5), microseconds(&samples, 0.99), errors);
}

static void print_opened(struct samples *first, struct samples *answered, long errors) {
  sort(first);
  sort(answered);
  printf("{\"count\":%zu,\"errors\":%ld,\"p50Us\":%.0f,\"maxUs\":%.0f,\"answeredP50Us\":%.0f,\"answeredMaxUs\":%.0f}\n", first->count,
         errors, microseconds(first, 0.5), microseconds(first, 1), microseconds(answered, 0.5), microseconds(answered, 1));
  fflush(stdout);
}

static void open_many(int at_once, bool stay) {
  struct probe *probes = calloc((size_t)options.count, sizeof *probes);
  struct samples first = {0}, answered = {0};
  long errors = 0;
  int next = 0, opening = 0;
  double deadline = now() + PATIENCE_S;
  while ((long)first.count + errors < options.count && now() < deadline) {
    for (; next < options.count && opening < at_once; next++) {
      if (start_probe(&probes[next])) opening++;
      else errors++;
    }
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 1000);
    for (int i = 0; i < ready; i++) {
      struct probe *p = events[i].data.ptr;
      enum outcome outcome = advance(p);
      if (outcome == PENDING) continue;
      opening--;
      watch(p->fd, 0, p, EPOLL_CTL_DEL);
      if (outcome == FAILED) errors++;
      else {
        add(&first, now() - p->started);
        if (p->answered > 0) add(&answered, p->answered - p->started);
      }
    }
  }
  print_opened(&first, &answered, options.count - (long)first.count);
  char unused;
  if (stay && read(STDIN_FILENO, &unused, 1) < 0) exit(1);
}

static void one_after_the_other(void) {
  struct samples first = {0}, answered = {0};
  for (int i = 0; i < options.count; i++) {
    struct probe p;
    enum outcome outcome = start_probe(&p) ? PENDING : FAILED;
    double deadline = now() + PATIENCE_S;
    while (outcome == PENDING && now() < deadline) {
      struct epoll_event event;
      if (epoll_wait(epoll, &event, 1, 1000) > 0) outcome = advance(&p);
    }
    if (outcome == DONE) {
      add(&first, now() - p.started);
      if (p.answered > 0) add(&answered, p.answered - p.started);
    }
    if (p.fd >= 0) close(p.fd);
    usleep((useconds_t)(options.gap_ms * 1000));
  }
  print_opened(&first, &answered, options.count - (long)first.count);
}

// Opens a connection that carries raw bytes, waiting for each step.
static int open_stream(void) {
  int fd = dial(0);
  if (fd < 0) fail("connect");
  if (!options.target) return fd;
  char text[600];
  struct probe p = {.fd = fd, .stage = ANSWER};
  if (!say(&p, text, connect_request(text, sizeof text))) fail("CONNECT");
  // Byte by byte, because what follows the head is not to be read here.
  while (p.stage == ANSWER)
    if (recv(fd, text, 1, 0) != 1) fail("answer to CONNECT");
    else read_answer(&p, text, 1);
  if (strncmp(p.status + 8, " 200", 4)) fail("refused");
  return fd;
}

// The same pages again and again: sending must cost the load as little as possible.
static int pages_to_send(off_t bytes) {
  int fd = memfd_create("pages", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, bytes)) fail("memfd");
  char *pages = mmap(NULL, (size_t)bytes, PROT_WRITE, MAP_SHARED, fd, 0);
  if (pages == MAP_FAILED) fail("mmap");
  memset(pages, 'y', (size_t)bytes);
  munmap(pages, (size_t)bytes);
  return fd;
}

struct stream {
  int fd;
  off_t offset;
};

static void bulk(bool up) {
  const off_t page_bytes = 8 << 20;
  int pages = up ? pages_to_send(page_bytes) : -1;
  struct stream *streams = calloc((size_t)options.count, sizeof *streams);
  for (int i = 0; i < options.count; i++) {
    streams[i].fd = open_stream();
    fcntl(streams[i].fd, F_SETFL, O_NONBLOCK);
    watch(streams[i].fd, up ? EPOLLOUT : EPOLLIN, &streams[i], EPOLL_CTL_ADD);
  }
  double total = 0, before = 0;
  int dead = 0;
  plan_window();
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 100);
    double time = now();
    if (window_opens(time)) before = total;
    if (window_is_over(time)) break;
    for (int i = 0; i < ready; i++) {
      struct stream *s = events[i].data.ptr;
      for (int turn = 0; turn < 8; turn++) {
        if (s->offset >= page_bytes) s->offset = 0;
        // MSG_TRUNC: counted and thrown away by the kernel, never copied.
        ssize_t moved = up ? sendfile(s->fd, pages, &s->offset, 1 << 18) : recv(s->fd, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
        if (moved < 0 && errno == EAGAIN) break;
        if (moved <= 0) {
          watch(s->fd, 0, s, EPOLL_CTL_DEL);
          dead++;
          break;
        }
        total += (double)moved;
      }
    }
  }
  double cpu = cpu_seconds() - window.cpu, seconds = now() - window.started, megabytes = (total - before) / 1e6;
  // Nothing at all is no slow candidate, but one that does not work, or a machine that is busy with other things.
  if (megabytes <= 0) dead++, megabytes = 1e-6;
  printf("{\"mbPerSecond\":%.1f,\"cpuSecondsPerGb\":%.4f,\"cpuPercent\":%.0f,\"errors\":%d}\n", megabytes / seconds,
         cpu / (megabytes / 1e3), cpu / seconds * 100, dead);
}

struct pinger {
  int fd;
  double sent;
};

static void ping(void) {
  struct pinger *pingers = calloc((size_t)options.count, sizeof *pingers);
  struct samples samples = {0};
  long errors = 0;
  for (int i = 0; i < options.count; i++) {
    pingers[i].fd = open_stream();
    watch(pingers[i].fd, EPOLLIN, &pingers[i], EPOLL_CTL_ADD);
    pingers[i].sent = now();
    if (send(pingers[i].fd, "a", 1, MSG_NOSIGNAL) != 1) errors++;
  }
  plan_window();
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, 100);
    double time = now();
    if (window_opens(time)) samples.count = 0;
    if (window_is_over(time)) break;
    for (int i = 0; i < ready; i++) {
      struct pinger *p = events[i].data.ptr;
      char byte;
      if (recv(p->fd, &byte, 1, MSG_DONTWAIT) != 1) {
        watch(p->fd, 0, p, EPOLL_CTL_DEL);
        errors++;
        continue;
      }
      double arrived = now();
      add(&samples, arrived - p->sent);
      p->sent = arrived;
      if (send(p->fd, "a", 1, MSG_NOSIGNAL) != 1) errors++;
    }
  }
  double cpu = cpu_seconds() - window.cpu;
  sort(&samples);
  printf("{\"p50Us\":%.1f,\"p99Us\":%.1f,\"cpuUs\":%.2f,\"errors\":%ld}\n", microseconds(&samples, 0.5), microseconds(&samples, 0.99),
         cpu * 1e6 / (double)(samples.count ? samples.count : 1), errors);
}

// ---- Command line

static void parse_address(char *text) {
  char *colon = strrchr(text, ':');
  if (!colon) fail("HOST:PORT");
  *colon = 0;
  options.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
  inet_pton(AF_INET, text, &options.address.sin_addr);
}

int main(int count, char **arguments) {
  for (int option; (option = getopt(count, arguments, "a:n:s:w:g:p:c:l")) != -1;) {
    if (option == 'a') parse_address(optarg);
    else if (option == 'n') options.count = atoi(optarg);
    else if (option == 's') options.seconds = atof(optarg);
    else if (option == 'w') options.warm_up = atof(optarg);
    else if (option == 'g') options.gap_ms = atof(optarg);
    else if (option == 'c') options.target = optarg;
    else if (option == 'l') options.late = true;
    else if (option == 'p') {
      for (char *pid = strtok(optarg, ","); pid && options.pid_count < MAX_PIDS; pid = strtok(NULL, ","))
        options.pids[options.pid_count++] = atoi(pid);
    } else return 2;
  }
  const char *what = optind < count ? arguments[optind] : "";
  signal(SIGPIPE, SIG_IGN);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!strcmp(what, "down")) bulk(false);
  else if (!strcmp(what, "up")) bulk(true);
  else if (!strcmp(what, "rate")) rate();
  else if (!strcmp(what, "ping")) ping();
  else if (!strcmp(what, "open")) open_many(OPENING_AT_ONCE, true);
  else if (!strcmp(what, "burst")) open_many(options.count, false);
  else if (!strcmp(what, "first")) one_after_the_other();
  else return 2;
  return 0;
}
