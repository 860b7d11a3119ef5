// Floods the streams that the argument names, from several processes.
#include "attack.h"

static char text[65536];

int main(int count, char **args) {
    const char *where = count > 1 ? args[1] : "";
    memset(text, 'y', sizeof text);
    if (!strcmp(where, "held")) {
        // A child keeps both streams open and writes on, the same until it is killed; its parent is done.
        puts("done");
        fflush(stdout);
        if (fork() == 0) { setsid(); for (;;) { usleep(1000); if (write(1, "done\n", 5) < 0) {} } }
        return 0;
    }
    if (!strcmp(where, "held quietly")) { puts("done"); fflush(stdout); if (fork() == 0) { setsid(); for (;;) pause(); } return 0; }
    if (!strcmp(where, "packets")) {
        // One packet per byte, in a pipe as large as it gets.
        fcntl(1, F_SETPIPE_SZ, 1 << 20);
        if (fcntl(1, F_SETFL, O_DIRECT) == 0) puts("WRONG O_DIRECT");
        for (;;) if (write(1, "p", 1) < 0) {}
    }
    if (!strcmp(where, "nothing")) for (;;) if (write(1, "", 0) < 0) {}
    if (!strcmp(where, "halves")) for (;;) if (write(1, "\xf0\x9f", 2) < 0) {}
    fork();
    fork();
    for (;;) {
        if (strstr(where, "out") && write(1, text, sizeof text) < 0) {}
        if (strstr(where, "err") && write(2, text, sizeof text) < 0) {}
    }
}
