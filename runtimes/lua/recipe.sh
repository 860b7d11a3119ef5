# Lua, with its standard library, which is part of the interpreter.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=50

keeps() {
    case $1 in
        lua5.4 | libreadline8) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather lua5.4
    path=packages/lua/$(upstream_version lua5.4)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm "$stage/usr/bin/luac5.4"
    ln -s lua5.4 "$stage/usr/bin/lua"
    finish_package "$stage/usr/bin/lua5.4"
}
