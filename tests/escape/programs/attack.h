// Common to the hostile programs: a call, and what it has to answer. Only what is wrong is printed, and how many calls
// were made at the end, so that a program that stops early is noticed.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <sys/ioctl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/mount.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int checked;

static inline void check(const char *what, long result, int error, int expected) {
    checked++;
    int got = result < 0 ? error : 0;
    if (got != expected) printf("WRONG %s: %s instead of %s\n", what, strerrorname_np(got), strerrorname_np(expected));
}

// The call fails with this errno, or succeeds where it is 0.
#define EXPECT(expected, what, call)                \
    do {                                            \
        errno = 0;                                  \
        long result_ = (long)(call);                \
        check(what, result_, errno, expected);      \
    } while (0)

// The same for a raw system call.
#define SYS(expected, name, ...) EXPECT(expected, #name, syscall(SYS_##name, ##__VA_ARGS__))
#define NUMBER(expected, number, ...) EXPECT(expected, #number, syscall(number, ##__VA_ARGS__))

static inline int done(void) {
    printf("%d calls\n", checked);
    return 0;
}
