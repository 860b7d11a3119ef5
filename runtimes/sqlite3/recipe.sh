# The shell of SQLite.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=50

keeps() {
    case $1 in
        sqlite3 | libsqlite3-0 | libreadline8 | zlib1g) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather sqlite3
    path=packages/sqlite3/$(upstream_version sqlite3)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    find "$stage/usr/bin" ! -name sqlite3 ! -type d -delete
    finish_package "$stage/usr/bin/sqlite3"
}
