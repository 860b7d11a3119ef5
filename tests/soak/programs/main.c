#include <stdio.h>

int main(int count, char **args) {
    char input[256] = "";
    if (!fgets(input, sizeof input, stdin)) return 1;
    printf("NONCE\n%s\n%s", args[1], input);
    for (int line = 0; line < LINES; line++) printf("NONCE %d\n", line);
    return 0;
}
