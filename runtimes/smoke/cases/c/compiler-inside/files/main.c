#include <stdlib.h>

int main(void) {
    return system("exec 2>&1; cd /tmp"
                  " && echo '#include <iostream>\nint main(int n, char **) { int x[1] = {n}; std::cout << x[n - 1]; }' >a.cc"
                  " && g++ -O2 -flto -fsanitize=address,undefined -fopenmp a.cc && ASAN_OPTIONS=detect_leaks=0 ./a.out"
                  " && g++ -fuse-ld=gold -pthread a.cc -lpthread -ldl -lrt && ./a.out");
}
