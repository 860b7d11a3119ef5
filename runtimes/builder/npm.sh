# Packages of npm: fetched with npm itself, recognised by the hash that the recipe pins.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

require_npm() {
    ! command -v npm >/dev/null || return 0
    step "installing npm, which is needed to fetch node"
    apt-get -qq install -y --no-install-recommends npm >>"$log" 2>&1 ||
        { refresh_lists && apt-get -qq install -y --no-install-recommends npm >>"$log" 2>&1; } ||
        die "cannot install npm: install it by hand, then run it again"
}

# Prints the sha512 of a file as npm writes it.
integrity_of() {
    sha512sum "$1" | cut -d' ' -f1 | sed 's/../\\x&/g' | xargs -0 printf '%b' | tr -d '\n' | base64 -w 0
}

# fetch_npm NAME VERSION SHA512-BASE64: sets $tarball.
fetch_npm() {
    local incoming=$state/incoming/npm file
    # npm calls the file of @types/node types-node.
    file=${1#@}
    file=${file//\//-}-$2.tgz
    tarball=$cache/$file
    [[ ! -f $tarball || $(integrity_of "$tarball") != "$3" ]] || return 0
    require_npm
    step "downloading $1 $2 from npm"
    rm -rf "$incoming"
    mkdir -p "$incoming"
    (cd "$incoming" && npm pack --silent --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 "$1@$2" >>"$log") ||
        die "cannot download $1 from npm: check the network, then run it again"
    mv "$incoming/$file" "$tarball"
    [[ $(integrity_of "$tarball") == "$3" ]] ||
        die "$1 $2 from npm is not the file that the recipe names: do not use this npm source"
}

# unpack_npm FOLDER [MEMBER...]: unpacks what was fetched last, or some of it.
unpack_npm() {
    local into=$1
    shift
    mkdir -p "$into"
    tar -xzf "$tarball" -C "$into" --strip-components=1 --no-same-owner --wildcards "$@"
}

# describe_npm NAME VERSION SHA512-BASE64: a line for SOURCES.
describe_npm() {
    echo "npm $1 $2 sha512-$3"
}
