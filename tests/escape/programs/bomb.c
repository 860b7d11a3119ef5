// Processes and threads without end, by the road that the argument names.
#include "attack.h"

static void *sleeper(void *unused) { pause(); return unused; }
static void *spawner(void *unused) {
    for (;;) {
        pthread_t thread;
        pthread_create(&thread, 0, spawner, 0);
    }
    return unused;
}

int main(int count, char **args) {
    const char *road = count > 1 ? args[1] : "";
    if (!strcmp(road, "fork")) for (;;) fork();
    if (!strcmp(road, "vfork")) for (;;) if (vfork() == 0) { syscall(SYS_exit, 0); }
    if (!strcmp(road, "thread")) spawner(0);
    if (!strcmp(road, "orphans")) for (;;) if (fork() == 0 && fork() != 0) _exit(0);
    if (!strcmp(road, "sessions")) for (;;) if (fork() == 0) { setsid(); signal(SIGTERM, SIG_IGN); signal(SIGHUP, SIG_IGN); }
    if (!strcmp(road, "exec")) for (;;) if (fork() == 0) execl("/proc/self/exe", "a", "exec", NULL);
    if (!strcmp(road, "count")) {
        // How many there may be, this one among them.
        int alive = 1;
        while (alive < 5000 && fork() > 0) alive++;
        if (getpid() == getsid(0)) printf("%d %s\n", alive, strerrorname_np(errno)); else pause();
        fflush(stdout);
    }
    if (!strcmp(road, "threads")) {
        int alive = 1;
        pthread_t thread;
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        while (alive < 5000 && pthread_create(&thread, &small, sleeper, 0) == 0) alive++;
        printf("%d\n", alive);
    }
    if (!strcmp(road, "storm")) {
        // Orphans die faster than init can collect them; the end must be told all the same.
        for (int i = 0; i < 40; i++)
            if (fork() == 0)
                for (;;) {
                    int child = fork();
                    if (child == 0) { fork(); _exit(0); }
                    if (child > 0) waitpid(child, 0, 0);
                }
        usleep(300000);
        puts("the end");
    }
    return 0;
}
