# Python with the libraries that users ask for most: those of libraries.lock, which names each with its hash.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/python/recipe.sh"

disk=500

# What libraries.lock was made for: the Python of Debian 12.
readonly locked_for=3.11

assemble() {
    local minor library
    unpack_python python-data
    [[ $minor == "$locked_for" ]] ||
        die "the locked libraries are for Python $locked_for and this distribution has $minor: build python-data on Debian 12"
    add_libraries "$stage/usr/lib/python3/dist-packages"
    finish_python
    { describe_sources; describe_wheels "$recipe/libraries.lock"; } |
        write_sources "usr/share/doc/*/copyright, usr/lib/python3/dist-packages/*.dist-info"
}

# Without their own tests, which are a fifth of them, and their scripts.
add_libraries() {
    local wheel
    fetch_wheels "$recipe/libraries.lock" "$locked_for"
    step "unpacking libraries"
    mkdir -p "$1"
    while read -r wheel _; do
        unzip -q -o "$wheel" -d "$1"
    done < <(list_wheels "$recipe/libraries.lock")
    find "$1" -type d -name tests -prune -exec rm -r {} +
    rm -rf "$1"/*.data
}
