// What a process outside of any jail can do on a host: attempt WHAT [ADDRESS]. Ends with 0 when it can; else with 1 after the
// error's name. See hardening, which asks before and after the host is hardened.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_alg.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// How long an answer from the other end of a virtual cable may take, in milliseconds, on an emulated processor.
#define PATIENCE 2000

static long try_io_uring(void) {
    struct io_uring_params params = {0};
    return syscall(SYS_io_uring_setup, 1, &params);
}

// The shortest program there is: return 0.
static long try_bpf(void) {
    struct bpf_insn program[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
        .insns = (unsigned long)program,
        .insn_cnt = 2,
        .license = (unsigned long)"GPL",
    };
    return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

static long try_userfaultfd(void) { return syscall(SYS_userfaultfd, O_CLOEXEC); }

static long try_perf(void) {
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_TASK_CLOCK,
        .size = sizeof attr,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

// 3: read all of the kernel's log.
static long try_dmesg(void) {
    char log[64];
    return klogctl(3, log, sizeof log);
}

// One child looks into the other.
static long try_ptrace(void) {
    pid_t victim = fork();
    if (victim == 0) {
        pause();
        _exit(0);
    }
    pid_t tracer = fork();
    if (tracer == 0) _exit(ptrace(PTRACE_SEIZE, victim, 0, 0) < 0 ? errno : 0);
    int status = 0;
    waitpid(tracer, &status, 0);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    errno = WEXITSTATUS(status);
    return errno ? -1 : 0;
}

static long try_alg(void) {
    struct sockaddr_alg address = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
    int s = socket(AF_ALG, SOCK_SEQPACKET, 0);
    return s < 0 ? s : bind(s, (struct sockaddr *)&address, sizeof address);
}

static long try_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }

// IPv4 or IPv6, as the address looks; link-local ones are those of the cable.
static socklen_t parse(const char *text, struct sockaddr_storage *address) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(80);
        return sizeof *v4;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(80);
    v6->sin6_scope_id = strncmp(text, "fe80", 4) == 0 ? if_nametoindex("cable") : 0;
    return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
}

// A connection counts as made when the other end answers, be it by a refusal: the packet was there.
static long try_tcp(const char *text) {
    struct sockaddr_storage address;
    socklen_t length = parse(text, &address);
    int s = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect(s, (struct sockaddr *)&address, length) == 0) return 0;
    if (errno != EINPROGRESS) return -1;
    struct pollfd wait = {.fd = s, .events = POLLOUT};
    if (poll(&wait, 1, PATIENCE) == 1) return 0;
    errno = ETIMEDOUT;
    return -1;
}

// The kernel tells the sender of a packet that a filter drops it.
static long try_udp(const char *text) {
    struct sockaddr_storage address;
    socklen_t length = parse(text, &address);
    int s = socket(address.ss_family, SOCK_DGRAM, 0);
    return sendto(s, "x", 1, 0, (struct sockaddr *)&address, length);
}

static const struct {
    const char *name;
    long (*alone)(void);
    long (*to)(const char *);
} attempts[] = {
    {"io_uring", try_io_uring, NULL}, {"bpf", try_bpf, NULL},     {"userfaultfd", try_userfaultfd, NULL},
    {"perf", try_perf, NULL},         {"dmesg", try_dmesg, NULL}, {"ptrace", try_ptrace, NULL},
    {"alg", try_alg, NULL},           {"vsock", try_vsock, NULL}, {"tcp", NULL, try_tcp},
    {"udp", NULL, try_udp},
};

int main(int count, char **words) {
    for (size_t i = 0; count > 1 && i < sizeof attempts / sizeof *attempts; i++) {
        if (strcmp(attempts[i].name, words[1]) != 0) continue;
        if (attempts[i].to && count < 3) break;
        long result = attempts[i].alone ? attempts[i].alone() : attempts[i].to(words[2]);
        if (result >= 0) return 0;
        printf("%s\n", strerrorname_np(errno));
        return 1;
    }
    fprintf(stderr, "attempt: no such attempt\n");
    return 2;
}
