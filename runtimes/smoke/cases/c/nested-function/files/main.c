#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    int sign = -1, numbers[] = {3, 1, 2};
    int compare(const void *a, const void *b) { return sign * (*(const int *)a - *(const int *)b); }

    qsort(numbers, 3, sizeof *numbers, compare);
    printf("%d %d %d\n", numbers[0], numbers[1], numbers[2]);
    return 0;
}
