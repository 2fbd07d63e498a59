// A link with a delay between two network namespaces, for kernels without netem.
//   link NAMESPACE NAMESPACE MILLISECONDS
// Makes a TUN device in each (10.99.0.1 in the first, 10.99.0.2 in the second) and passes packets on after the delay.
// The devices go with this process.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_BYTES 2048
#define QUEUE 8192

struct packet {
  long long due;
  ssize_t length;
  char bytes[PACKET_BYTES];
};

struct side {
  int fd;
  // What this side received, until the other side may have it.
  struct packet *queue;
  unsigned head, tail;
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void set_address(int control, struct ifreq *request, unsigned long what, const char *address) {
  struct sockaddr_in *in = (struct sockaddr_in *)&request->ifr_addr;
  memset(in, 0, sizeof *in);
  in->sin_family = AF_INET;
  inet_pton(AF_INET, address, &in->sin_addr);
  if (ioctl(control, what, request)) fail(address);
}

// Leaves this process in that namespace; the device stays usable from anywhere.
static int make_device(const char *namespace, const char *address, const char *peer) {
  int ns = open(namespace, O_RDONLY | O_CLOEXEC);
  if (ns < 0 || setns(ns, CLONE_NEWNET)) fail(namespace);
  close(ns);
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_name = "link0"};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request)) fail("/dev/net/tun");
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  set_address(control, &request, SIOCSIFADDR, address);
  set_address(control, &request, SIOCSIFDSTADDR, peer);
  request.ifr_qlen = QUEUE;
  if (ioctl(control, SIOCSIFTXQLEN, &request)) fail("queue length");
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_POINTOPOINT;
  if (ioctl(control, SIOCSIFFLAGS, &request)) fail("up");
  close(control);
  return fd;
}

static void receive(struct side *from, long long due) {
  while (from->tail - from->head < QUEUE) {
    struct packet *p = &from->queue[from->tail % QUEUE];
    p->length = read(from->fd, p->bytes, PACKET_BYTES);
    if (p->length <= 0) return;
    p->due = due;
    from->tail++;
  }
}

// Returns when the next packet is due.
static long long deliver(struct side *from, struct side *to, long long now) {
  for (; from->head != from->tail; from->head++) {
    struct packet *p = &from->queue[from->head % QUEUE];
    if (p->due > now) return p->due;
    // A full device drops, as a link does.
    if (write(to->fd, p->bytes, (size_t)p->length) < 0) continue;
  }
  return now + 1000000000LL;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fputs("link NAMESPACE NAMESPACE MILLISECONDS\n", stderr);
    return 2;
  }
  // Without it the kernel may wake us 50 microseconds late.
  prctl(PR_SET_TIMERSLACK, 1000);
  long long delay = (long long)(atof(arguments[3]) * 1e6);
  struct side a = {.fd = make_device(arguments[1], "10.99.0.1", "10.99.0.2"), .queue = calloc(QUEUE, sizeof(struct packet))};
  struct side b = {.fd = make_device(arguments[2], "10.99.0.2", "10.99.0.1"), .queue = calloc(QUEUE, sizeof(struct packet))};
  puts("ready");
  fflush(stdout);
  for (;;) {
    long long now = now_ns(), next_a = deliver(&a, &b, now), next_b = deliver(&b, &a, now);
    long long wait = (next_a < next_b ? next_a : next_b) - now;
    struct timespec timeout = {.tv_sec = wait / 1000000000LL, .tv_nsec = wait % 1000000000LL};
    struct pollfd both[2] = {{a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}};
    ppoll(both, 2, &timeout, NULL);
    now = now_ns();
    receive(&a, now + delay);
    receive(&b, now + delay);
  }
}
