int deeper(void) {
    return 7;
}
