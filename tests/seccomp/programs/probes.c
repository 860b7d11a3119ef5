// Makes the calls that it is given, seven numbers each (the call, its arguments), and prints the errno of each.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **words) {
    for (int at = 1; at + 6 < count; at += 7) {
        unsigned long n[7];
        for (int i = 0; i < 7; i++) n[i] = strtoul(words[at + i], NULL, 10);
        long result = syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
        printf("%d\n", result < 0 ? errno : 0);
    }
    return 0;
}
