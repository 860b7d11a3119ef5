# GNU's awk.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=50

keeps() {
    case $1 in
        gawk | libmpfr6 | libreadline8 | libsigsegv2) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather gawk
    path=packages/gawk/$(upstream_version gawk)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}/etc"
    find "$stage/usr/bin" ! -name gawk ! -type d -delete
    ln -s gawk "$stage/usr/bin/awk"
    finish_package "$stage/usr/bin/gawk"
}
