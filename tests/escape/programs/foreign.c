// The other entries to the kernel, where numbers mean something else: 32-bit calls and the x32 table.
#include "attack.h"

int main(int count, char **args) {
    long result = -1;
    puts("before");
    fflush(stdout);
    if (count > 1 && !strcmp(args[1], "i386")) {
        // getpid; socketcall (102) is the one that filters miss
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(count > 2 ? 102 : 20), "b"(1), "c"(0) : "memory");
    } else {
        result = syscall(0x40000000 | SYS_getpid);
    }
    printf("after %ld\n", result);
    return 0;
}
