// Crashes in every way: nothing of it may be written down, and no helper of the host's may start.
#include "attack.h"

int main(void) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGQUIT, SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSYS, SIGXCPU, SIGXFSZ};
    static const rlim_t sizes[] = {0, 1, RLIM_INFINITY};
    struct rlimit limit;
    for (unsigned size = 0; size < 3; size++) {
        // Says yes and does nothing: under 0, too, a core_pattern helper would start.
        EXPECT(0, "setrlimit", setrlimit(RLIMIT_CORE, &(struct rlimit){sizes[size], sizes[size]}));
        EXPECT(0, "old setrlimit", syscall(SYS_setrlimit, RLIMIT_CORE, &(struct rlimit){sizes[size], sizes[size]}));
        EXPECT(0, "prlimit", prlimit(0, RLIMIT_CORE, &(struct rlimit){sizes[size], sizes[size]}, 0));
        EXPECT(0, "getrlimit", getrlimit(RLIMIT_CORE, &limit));
        if (limit.rlim_cur != 1 || limit.rlim_max != 1) puts("WRONG core limit");
        for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
            int status = 0;
            if (fork() == 0) { chdir("/tmp"); raise(signals[i]); _exit(0); }
            wait(&status);
            if (!WIFSIGNALED(status) || WCOREDUMP(status)) printf("WRONG end by %d: %d\n", signals[i], status);
            checked++;
        }
    }
    DIR *folder = opendir("/tmp");
    while (readdir(folder)) checked++; // only . and ..
    return done();
}
