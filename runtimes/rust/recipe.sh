# Rust with its standard library. It links with GCC, of which the package has the part that links.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/gcc/recipe.sh"

disk=700

# Of GCC neither compilers nor sanitizers.
keeps() {
    case $1 in
        rustc | libstd-rust* | libllvm* | libedit2 | libbsd0 | libmd0 | libz3-4 | libxml2 | libicu* | liblzma5 | \
            libffi* | zlib1g | libzstd1 | binutils* | libbinutils | libctf* | libjansson4 | gcc-[0-9]* | \
            libgcc-*-dev | libc6-dev | linux-libc-dev | libcrypt*) ! is_in_base "$1" ;;
        *) return 1 ;;
    esac
}

assemble() {
    local major library
    choose_major
    gather rustc "gcc-$major"
    path=packages/rust/$(upstream_version rustc)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    library=$stage/usr/lib/gcc/x86_64-linux-gnu/$major
    prepare_toolchain
    rm -rf "$library"/{lto1,lto-wrapper,plugin,g++-mapper-server,include} "$stage"/usr/{include,share/rust*,lib/rustlib/*/bin,lib/rustlib/etc} \
        "$stage"/usr/bin/{rust-gdb*,rust-lldb*,rustdoc,*lto*,*-cpp*,g++,c++,cpp,gcc-ar,gcc-nm,gcc-ranlib,*gold}
    find "$library" "$stage/usr/bin" -xtype l -delete
    make_links_relative "$stage"
    keep_only_licences "$stage"
    # LLVM says itself where it looks for libraries, and rustc's word would not count.
    find_libraries_in_package "$library/collect2" "$stage/usr/bin/rustc" "$stage"/usr/lib/x86_64-linux-gnu/libLLVM-*.so.1 \
        "$stage"/usr/bin/x86_64-linux-gnu-{as,ld.bfd,ar}
    drop_privileges_of_files "$stage"
    add_stage_scripts
    write_specs
    mark_installed
    audit
    describe_sources | write_sources "usr/share/doc/*/copyright"
}
