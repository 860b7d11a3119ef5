#include <bits/stdc++.h>

int main() {
    std::map<std::string, std::vector<int>> table{{"a", {3, 1, 2}}};
    for (auto &[name, numbers] : table) std::sort(numbers.begin(), numbers.end());
    std::promise<int> promise;
    std::thread thread([&] { promise.set_value(table["a"][2]); });
    thread.join();
    std::filesystem::create_directories("x/y");
    try {
        throw std::runtime_error("thrown");
    } catch (const std::exception &error) {
        std::cout << promise.get_future().get() << ' ' << std::filesystem::is_directory("x/y") << ' ' << error.what()
                  << std::endl;
    }
}
