# GCC 10.2.0 from its own sources, with the distribution's linker and C library, for clients that pin that version. See
# README.md: not built yet.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/gcc/recipe.sh"

disk=6000

readonly source_url=https://ftp.gnu.org/gnu/gcc/gcc-10.2.0/gcc-10.2.0.tar.xz
readonly source_sha256=b8dd4368bb9c7f0b98188317ee0254dd8cc99d1e3a18d0ff146c855fe16c1d8c

# What a compiler needs beside itself.
keeps() {
    case $1 in
        binutils* | libbinutils | libctf* | libjansson4 | libc6-dev | linux-libc-dev | libcrypt* | libmpc3 | libmpfr6 | \
            libzstd1 | zlib1g) ! is_in_base "$1" ;;
        *) return 1 ;;
    esac
}

assemble() {
    local major=10.2.0 library=$stage/usr/lib/gcc/x86_64-linux-gnu/10.2.0
    path=packages/gcc/10.2.0
    require_on_host gcc:gcc g++:g++ make:make xz:xz-utils flex:flex /usr/include/x86_64-linux-gnu/gmp.h:libgmp-dev \
        /usr/include/mpfr.h:libmpfr-dev /usr/include/mpc.h:libmpc-dev
    fetch_url "$source_url" "$source_sha256"
    gather binutils libc6-dev libmpc3 libmpfr6
    make_merged_usr "$stage"
    unpack_into "$stage"
    # Laid out as the distribution's. Its sanitizers do not know the C library of today.
    compile_source COPYING3 --libexecdir="/piston/$path/usr/lib" --build=x86_64-linux-gnu --enable-languages=c,c++ \
        --enable-multiarch --disable-multilib --disable-bootstrap --disable-libsanitizer --disable-nls
    step "trimming"
    drop_unused
    ln -sf gcc "$stage/usr/bin/cc"
    ln -s ../../../../bin/x86_64-linux-gnu-as "$library/as"
    ln -s ../../../../bin/x86_64-linux-gnu-ld.bfd "$library/ld"
    copy_base_libraries
    make_links_relative "$stage"
    keep_only_licences "$stage"
    find_libraries_in_package "$library"/{cc1,cc1plus,collect2,lto1,lto-wrapper} \
        "$stage"/usr/bin/x86_64-linux-gnu-{as,ld.bfd,ld.gold,ar,nm,objdump,objcopy,strip,readelf}
    drop_privileges_of_files "$stage"
    add_stage_scripts
    write_specs
    mark_installed
    audit
    { describe_sources; echo "url gcc-10.2.0.tar.xz $source_url $source_sha256"; } |
        write_sources "usr/share/doc/*/copyright"
}
