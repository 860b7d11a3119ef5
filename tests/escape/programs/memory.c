// Takes memory by the road that the argument names, from several processes at once, until somebody stops it.
#include "attack.h"

enum { PIECE = 1 << 20 };
static char piece[PIECE];

static void heap(void) { for (;;) { char *p = malloc(PIECE); if (p) memset(p, 1, PIECE); } }
static void map(void) {
    for (;;) {
        char *p = mmap(0, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (p != MAP_FAILED) memset(p, 1, PIECE);
    }
}
static void stack(void) { char room[PIECE]; memset(room, 1, PIECE); stack(); __asm__ volatile("" ::"r"(room) : "memory"); }
static void in_folder(const char *folder) {
    char name[64];
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "%s/%d-%d", folder, getpid(), i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        for (int k = 0; k < 9 && fd >= 0; k++)
            if (write(fd, piece, PIECE) < 0) break;
        close(fd);
    }
}
static void in_box(void) { in_folder("/box"); }
static void in_tmp(void) { in_folder("/tmp"); }
static void in_shm(void) { in_folder("/dev/shm"); }
static void in_all(void) { if (!fork()) in_tmp(); if (!fork()) in_shm(); in_box(); }
static void memfd(void) {
    for (;;) {
        int fd = memfd_create("a", 0);
        if (fd < 0 || ftruncate(fd, 9 * PIECE)) continue;
        char *p = mmap(0, 9 * PIECE, PROT_WRITE, MAP_SHARED, fd, 0);
        if (p != MAP_FAILED) memset(p, 1, 9 * PIECE);
    }
}
static void system_v(void) {
    for (;;) {
        char *p = shmat(shmget(IPC_PRIVATE, 8 * PIECE, 0600), 0, 0);
        if (p != (void *)-1) memset(p, 1, 8 * PIECE);
    }
}
static void queues(void) {
    static struct { long type; char text[8000]; } message = {1, {0}};
    for (;;) {
        int queue = msgget(IPC_PRIVATE, 0600);
        while (queue >= 0 && msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) {}
        if (queue < 0) _exit(0);
    }
}
static void pipes(void) {
    int ends[2];
    while (pipe2(ends, O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, PIECE);
        while (write(ends[1], piece, PIECE) > 0) {}
    }
    pause();
}
static void unix_sockets(void) {
    int ends[2], size = 16 * PIECE;
    while (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0) {
        setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        while (send(ends[0], piece, 100000, 0) > 0) {}
    }
    pause();
}
static void udp_sockets(void) {
    int size = 16 * PIECE, fd;
    while ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) >= 0) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof to;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        bind(fd, (void *)&to, sizeof to);
        getsockname(fd, (void *)&to, &length);
        for (int i = 0; i < 8; i++) sendto(fd, piece, 60000, 0, (void *)&to, sizeof to);
    }
    pause();
}
static void tcp_sockets(void) {
    int size = 16 * PIECE, server = socket(AF_INET, SOCK_STREAM, 0), fd;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof to;
    bind(server, (void *)&to, sizeof to);
    listen(server, 4096);
    getsockname(server, (void *)&to, &length);
    while ((fd = socket(AF_INET, SOCK_STREAM, 0)) >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        if (connect(fd, (void *)&to, sizeof to)) break;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        while (send(fd, piece, PIECE, 0) > 0) {}
    }
    pause();
}
static void page_tables(void) {
    // One page of each 2 MiB: as many page tables as pages.
    for (uintptr_t at = 0x100000000000; ; at += 2 << 20) {
        char *p = mmap((void *)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (p != MAP_FAILED) *p = 1;
    }
}
static void arguments(void) {
    // Each exec carries the strings along in new pages, in as many processes as there may be.
    static char long_text[120000];
    memset(long_text, 'a', sizeof long_text - 1);
    char *argv[40] = {"/proc/self/exe", "arguments"};
    for (int i = 2; i < 39; i++) argv[i] = long_text;
    execv("/proc/self/exe", argv);
}

static const struct { const char *name; void (*take)(void); int processes; } roads[] = {
    {"heap", heap, 1}, {"map", map, 2}, {"stack", stack, 1}, {"box", in_box, 2}, {"tmp", in_tmp, 1}, {"shm", in_shm, 1},
    {"tmpfs", in_all, 1}, {"memfd", memfd, 2}, {"system v", system_v, 2}, {"queues", queues, 4}, {"pipes", pipes, 8},
    {"unix", unix_sockets, 8}, {"udp", udp_sockets, 8}, {"tcp", tcp_sockets, 8}, {"page tables", page_tables, 2},
    {"arguments", arguments, 30},
};

int main(int count, char **args) {
    for (unsigned i = 0; i < sizeof roads / sizeof *roads; i++)
        if (count > 1 && !strcmp(args[1], roads[i].name)) {
            for (int n = 1; n < (count > 2 ? 1 : roads[i].processes); n++)
                if (fork() == 0) break;
            roads[i].take();
        }
    puts("no such road");
    return 0;
}
