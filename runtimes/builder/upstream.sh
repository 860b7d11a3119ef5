# Sources of those who make a language: an archive on their own server, recognised by the hash that the recipe pins.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# fetch_url URL SHA256: sets $tarball.
fetch_url() {
    local incoming=$state/incoming/url
    tarball=$cache/${1##*/}
    ! matches "$tarball" "SHA256:$2" || return 0
    step "downloading ${1##*/}"
    mkdir -p "$state/incoming"
    curl --fail --location --silent --show-error --retry 3 --output "$incoming" "$1" ||
        die "cannot download $1: this recipe takes a machine that reaches it; put the file into $cache, or check the network"
    matches "$incoming" "SHA256:$2" ||
        die "what came from $1 is not the file that the recipe names: do not use it"
    mv "$incoming" "$tarball"
}

# require_on_host COMMAND-OR-FILE:PACKAGE ...: what compiling takes comes from the distribution, and is not installed
# behind the back of whoever runs this.
require_on_host() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || [[ -e ${pair%%:*} ]] || missing+=("${pair#*:}")
    done
    ((${#missing[@]} == 0)) ||
        die "compiling this takes packages that are not installed: apt-get install ${missing[*]}, then run it again"
}

# compile_source LICENCE OPTION...: compiles what was fetched last, configured with these options for the place where the
# package will be, and installs it below $stage/usr, with its licence.
compile_source() {
    local licence=$1 work=$state/work
    shift
    step "compiling, which takes from minutes (Python) to an hour (GCC)"
    rm -rf "$work"
    mkdir -p "$work/source" "$work/object"
    tar -xf "$tarball" -C "$work/source" --strip-components=1 --no-same-owner
    (
        cd "$work/object" &&
            ../source/configure --prefix="/piston/$path/usr" "$@" &&
            make -j "$(nproc)" &&
            make install DESTDIR="$work/installed"
    ) >>"$log" 2>&1
    mkdir -p "$stage/usr/share/doc/upstream"
    cp "$work/source/$licence" "$stage/usr/share/doc/upstream/copyright"
    cp -a "$work/installed/piston/$path/usr/." "$stage/usr/"
    rm -rf "$work"
}
