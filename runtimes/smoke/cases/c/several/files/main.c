#include "util.h"
#include <math.h>
#include <stdio.h>

int main(int count, char **words) {
    int number = 0;
    FILE *data = fopen("numbers.txt", "r");
    if (!data || fscanf(data, "%d", &number) != 1) return 1;
    printf("%d %s %d %d %.1f\n", count, words[2], twice(number), deeper(), sqrt(count));
    return 3;
}
