# Go with its standard library, which the builder compiles once without cgo, since there is no C compiler beside it.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=550

keeps() {
    [[ $1 == golang-*-go || $1 == golang-*-src ]]
}

assemble() {
    local name root
    name=$(first_candidate golang-1.19 golang-1.18)
    gather "$name-go"
    path=packages/go/$(upstream_version "$name-go")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    root=usr/lib/${name/golang/go}
    merge_sources
    rm -rf "$stage/$root"/{api,misc,test,doc,pkg/linux_amd64_race} \
        "$stage/$root"/pkg/tool/linux_amd64/{cover,doc,fix,nm,objdump,pprof,test2json,trace,vet,api,dist,distpack}
    find "$stage/$root/src" \( -name testdata -type d -prune -o -name '*_test.go' \) -exec rm -r {} +
    find "$stage/$root/src/cmd" -mindepth 1 -delete
    make_links_relative "$stage"
    keep_only_licences "$stage"
    drop_privileges_of_files "$stage"
    add_stage_scripts "root=/piston/$path/$root"
    mark_installed
    step "compiling the standard library"
    inside /usr/bin/env GOROOT="/piston/$path/$root" GOCACHE=/tmp/cache CGO_ENABLED=0 GOFLAGS=-p=1 \
        "/piston/$path/$root/bin/go" install std >>"$log"
    step "compiling what the compile stage starts"
    cp "$recipe/build.go" "$stage/"
    # Without paths and versions of the build, so that it is the same each time.
    inside /usr/bin/env GOROOT="/piston/$path/$root" GOCACHE=/tmp/cache CGO_ENABLED=0 GOFLAGS=-p=1 \
        "/piston/$path/$root/bin/go" build -trimpath -ldflags=-s -o "/piston/$path/build" "/piston/$path/build.go" >>"$log"
    rm "$stage/build.go"
    audit
    describe_sources | write_sources "usr/share/doc/*/copyright"
}

# The distribution has the sources below /usr/share and links to them.
merge_sources() {
    local link source shared=$stage/usr/share/${root##*/}
    find "$stage/$root" -type l -lname '*share/*' | while read -r link; do
        source=$shared/${link#"$stage/$root"/}
        rm "$link"
        [[ ! -e $source ]] || mv "$source" "$link"
    done
    rm -rf "$shared"
}
