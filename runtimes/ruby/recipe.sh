# Ruby with its standard library and the gems that are part of it.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=100

# Left out: what the distribution adds for its own programs, and other gems.
keeps() {
    case $1 in
        debconf | openssl | ca-certificates | rubygems-integration | ruby-* | ruby | rake | libruby) return 1 ;;
        *) ! is_in_base "$1" ;;
    esac
}

assemble() {
    local name minor
    name=$(first_candidate ruby3.1 ruby3.0)
    minor=${name#ruby}
    gather "$name"
    path=packages/ruby/$(upstream_version "$name")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}"/{etc,var} "$stage"/usr/share/{ri,rubygems-integration} "$stage"/usr/lib/ruby/*/rdoc
    find "$stage/usr/bin" ! -name "$name" ! -type d -delete
    ln -s "$name" "$stage/usr/bin/ruby"
    finish_package "minor=$minor" "$stage/usr/bin/$name"
}
