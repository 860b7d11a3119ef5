# CPython 3.10.0 from its own sources, for clients that pin that version. See README.md: not built yet.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/python/recipe.sh"

disk=1000

readonly source_url=https://www.python.org/ftp/python/3.10.0/Python-3.10.0.tar.xz
readonly source_sha256=5a99f8e7a6a11a7b98b4e75e0d1303d3832cada5534068f69c7b6222a7b1b002

# What its modules load; the headers to compile them come from the host.
keeps() {
    case $1 in
        libbz2-1.0 | libffi* | liblzma5 | libncursesw6 | libreadline8 | libsqlite3-0 | libssl3 | libuuid1 | zlib1g) ;;
        *) return 1 ;;
    esac
}

assemble() {
    local minor=3.10 library
    path=packages/python/3.10.0
    require_on_host gcc:gcc make:make xz:xz-utils /usr/include/zlib.h:zlib1g-dev /usr/include/bzlib.h:libbz2-dev \
        /usr/include/lzma.h:liblzma-dev /usr/include/sqlite3.h:libsqlite3-dev /usr/include/readline/readline.h:libreadline-dev \
        /usr/include/openssl/ssl.h:libssl-dev /usr/include/uuid/uuid.h:uuid-dev \
        /usr/include/x86_64-linux-gnu/ffi.h:libffi-dev
    fetch_url "$source_url" "$source_sha256"
    gather libbz2-1.0 libffi8 liblzma5 libncursesw6 libreadline8 libsqlite3-0 libssl3 libuuid1 zlib1g
    make_merged_usr "$stage"
    unpack_into "$stage"
    compile_source LICENSE --with-ensurepip=no
    library=$stage/usr/lib/python$minor
    find "$library" -name __pycache__ -prune -exec rm -r {} +
    rm -rf "$library"/{test,idlelib,lib2to3/tests,config-*} "$stage"/usr/{include,share/man,lib/pkgconfig,lib/*.a}
    ln -sf "python$minor" "$stage/usr/bin/python"
    finish_python
    { describe_sources; echo "url Python-3.10.0.tar.xz $source_url $source_sha256"; } |
        write_sources "usr/share/doc/*/copyright"
}
