int plain() {
    return 5;
}
