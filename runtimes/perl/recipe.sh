# Perl with its whole standard library, without its manual.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=100

keeps() {
    case $1 in
        perl* | libperl* | libcrypt1 | libdb5.3 | libgdbm* | zlib1g | libbz2-1.0) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather perl
    path=packages/perl/$(upstream_version perl)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}/etc"
    find "$stage/usr/bin" ! -name perl ! -type d -delete
    # Headers of C in Perl are in folders that differ only in case from those of modules, which no archive may have.
    find "$stage" \( -name '*.pod' -o -name '*.ph' \) -delete
    finish_package "minor=$(cd "$stage/usr/share/perl" && echo 5.[0-9][0-9])" "$stage/usr/bin/perl"
}
