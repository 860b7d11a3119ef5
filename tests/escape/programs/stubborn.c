// Programs that would rather not end.
#include "attack.h"

static void ignore_all(void) { for (int i = 1; i < 65; i++) signal(i, SIG_IGN); }

int main(int count, char **args) {
    const char *way = count > 1 ? args[1] : "";
    puts("started");
    fflush(stdout);
    if (!strcmp(way, "ignores signals")) { ignore_all(); for (;;) pause(); }
    if (!strcmp(way, "blocks signals")) { sigset_t all; sigfillset(&all); sigprocmask(SIG_SETMASK, &all, 0); for (;;) pause(); }
    if (!strcmp(way, "stops itself")) { raise(SIGSTOP); return 0; }
    if (!strcmp(way, "stops all")) { kill(-1, SIGSTOP); kill(0, SIGSTOP); return 0; }
    if (!strcmp(way, "stopped children")) { for (int i = 0; i < 30; i++) if (!fork()) { raise(SIGSTOP); } pause(); }
    if (!strcmp(way, "vfork")) { if (vfork() == 0) { ignore_all(); for (;;) sleep(60); } }
    if (!strcmp(way, "fifo")) { mkfifo("/tmp/fifo", 0600); open("/tmp/fifo", O_RDONLY); }
    if (!strcmp(way, "spins")) for (;;) {}
    if (!strcmp(way, "closes all")) { for (int i = 0; i < 2048; i++) close(i); ignore_all(); for (;;) pause(); }
    if (!strcmp(way, "stops init")) { kill(getppid(), SIGSTOP); kill(1, SIGSTOP); kill(1, SIGKILL); kill(-1, SIGKILL); return 0; }
    if (!strcmp(way, "unmaps")) {
        char *p = mmap(0, 400 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        *p = 1;
        for (;;) pause();
    }
    if (!strcmp(way, "threads")) { pthread_t t; for (int i = 0; i < 20; i++) pthread_create(&t, 0, (void *(*)(void *))pause, 0); ignore_all(); pthread_exit(0); }
    if (!strcmp(way, "leader gone")) { pthread_t t; pthread_create(&t, 0, (void *(*)(void *))pause, 0); pthread_exit(0); }
    if (!strcmp(way, "execs")) execl("/proc/self/exe", "a", "execs", NULL);
    return 0;
}
