/* The linker that GCC starts: mold, which takes a tenth of the time. Where mold fails GNU ld does it again, so that errors
 * read as everywhere. Compiled by the recipe, which says where both are.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Links without a word. Threads would take longer to start than they save. */
static int link_with_mold(int count, char **arguments)
{
    posix_spawn_file_actions_t silence;
    char **more = calloc(count + 4, sizeof *more);
    pid_t mold;
    int status;

    if (!more)
        return 0;
    more[0] = MOLD;
    more[1] = "--no-threads";
    /* As GNU ld: nested functions of C whose address is taken are called on the stack. */
    more[2] = "-z";
    more[3] = "execstack-if-needed";
    for (int i = 1; i < count; i++)
        more[i + 3] = arguments[i];
    if (posix_spawn_file_actions_init(&silence)
        || posix_spawn_file_actions_addopen(&silence, 1, "/dev/null", O_WRONLY, 0)
        || posix_spawn_file_actions_adddup2(&silence, 1, 2)
        || posix_spawn(&mold, MOLD, &silence, NULL, more, environ))
        return 0;
    return waitpid(mold, &status, 0) == mold && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int count, char **arguments)
{
    if (link_with_mold(count, arguments))
        return 0;
    execv(GNU_LD, arguments);
    perror(GNU_LD);
    return 1;
}
