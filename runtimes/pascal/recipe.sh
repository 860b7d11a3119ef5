# Free Pascal with its run-time library and the units of its class library that need nothing beside them.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=200

# Programs are linked statically and without the C library, so of binutils only the linker is wanted.
keeps() {
    case $1 in
        fp-* | binutils* | libbinutils | libctf* | libjansson4 | libzstd1 | zlib1g) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather fp-compiler-3.2.2 fp-units-rtl-3.2.2 fp-units-base-3.2.2 fp-units-fcl-3.2.2
    path=packages/pascal/$(upstream_version fp-compiler-3.2.2)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}/etc" "$stage"/usr/share/fpcsrc "$stage"/usr/lib/{bfd-plugins,compat-ld,gold-ld,x86_64-linux-gnu/gprofng}
    find "$stage/usr/bin" ! -name ppcx64-3.2.2 ! -name x86_64-linux-gnu-ld.bfd ! -type d -delete
    ln -s x86_64-linux-gnu-ld.bfd "$stage/usr/bin/ld.bfd"
    ln -s x86_64-linux-gnu-ld.bfd "$stage/usr/bin/ld"
    # Databases and servers, a third of the units.
    rm -r "$stage"/usr/lib/x86_64-linux-gnu/fpc/*/units/x86_64-linux/fcl-{db,sdo,web}
    finish_package "$stage/usr/bin/x86_64-linux-gnu-ld.bfd"
}
