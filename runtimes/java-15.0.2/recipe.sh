# OpenJDK 15.0.2, the build of jdk.java.net, for clients that pin that version. See README.md: not built yet.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/java/recipe.sh"

disk=600

readonly source_url=https://download.java.net/java/GA/jdk15.0.2/0d1cfde4252546c6931946de8db48ee2/7/GPL/openjdk-15.0.2_linux-x64_bin.tar.gz
readonly source_sha256=91ac6fc353b6bf39d995572b700e37a20e119a87034eeb939a6f24356fbcd207

keeps() {
    [[ $1 == zlib1g ]]
}

assemble() {
    local jdk
    path=packages/java/15.0.2
    fetch_url "$source_url" "$source_sha256"
    gather zlib1g
    make_merged_usr "$stage"
    unpack_into "$stage"
    jdk=$stage/usr/lib/jvm/java-15
    mkdir -p "$jdk"
    tar -xzf "$tarball" -C "$jdk" --strip-components=1 --no-same-owner
    step "trimming"
    # What draws, prints and sounds needs libraries that no jail has.
    rm -rf "$jdk"/{jmods,man,demo,lib/src.zip,lib/security/cacerts} "$jdk"/lib/server/classes*.jsa \
        "$jdk"/lib/lib{awt_xawt,jawt,jsound,splashscreen}.so
    mv "$stage"/usr/lib/x86_64-linux-gnu/*.so* "$jdk/lib/"
    make_links_relative "$stage"
    keep_only_licences "$stage"
    drop_privileges_of_files "$stage"
    add_stage_scripts "jdk=/piston/$path/${jdk#"$stage"/}"
    mark_installed
    prepare_jdk "/piston/$path/${jdk#"$stage"/}"
    audit "${jdk#"$stage"/}/lib" "${jdk#"$stage"/}/lib/server"
    { describe_sources; echo "url openjdk-15.0.2 $source_url $source_sha256"; } |
        write_sources "usr/share/doc/*/copyright, ${jdk#"$stage"/}/legal"
}
