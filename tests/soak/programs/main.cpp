#include <iostream>
#include <string>

int main(int, char **args) {
    std::string input;
    std::getline(std::cin, input);
    std::cout << "NONCE\n" << args[1] << '\n' << input << '\n';
    for (int line = 0; line < LINES; line++) std::cout << "NONCE " << line << '\n';
}
