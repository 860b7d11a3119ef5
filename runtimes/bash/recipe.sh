# Bash as a language: a copy of its own, so that its version does not follow that of the base.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=50

keeps() {
    [[ $1 == bash ]]
}

assemble() {
    gather bash
    path=packages/bash/$(upstream_version bash)
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}/etc" "$stage"/usr/share/debianutils
    find "$stage/usr/bin" ! -name bash ! -type d -delete
    finish_package
}
