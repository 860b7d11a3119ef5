int main() {
    return nothing;
}
