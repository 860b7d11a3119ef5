#include "part.hpp"

int main() {
    return part() + plain();
}
