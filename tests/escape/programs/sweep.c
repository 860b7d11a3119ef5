// Every call that the policy does not allow at all, by number: argument pairs of number and errno.
#include "attack.h"

int main(int count, char **args) {
    for (int i = 1; i + 1 < count; i += 2) {
        long number = atol(args[i]);
        char what[32];
        snprintf(what, sizeof what, "system call %ld", number);
        EXPECT(atoi(args[i + 1]), what, syscall(number, 0L, 0L, 0L, 0L, 0L, 0L));
    }
    return done();
}
