# The distribution's packages: which ones a runtime consists of, getting them, unpacking them.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# apt as if nothing at all were installed, so that the answer is the same on every host; it leaves the host's own
# caches alone and does not change to the _apt user, who may not write where the cache is.
apt_from_nothing() {
    local command=$1
    shift
    : >"$state/no-packages"
    "$command" -o Dir::State::status="$state/no-packages" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Retries=3 -qq "$@"
}

refresh_lists() {
    step "refreshing the list of distribution packages"
    apt-get -qq -o APT::Update::Error-Mode=any -o Acquire::Retries=3 update >>"$log" ||
        die "cannot fetch the list of distribution packages: check the network and the host's apt sources, then run it again"
}

have_candidates() {
    local found
    found=$(apt_from_nothing apt-cache policy "$@" | grep -c '^  Candidate: [^(]')
    ((found == $#))
}

require_candidates() {
    have_candidates "$@" && return
    refresh_lists
    have_candidates "$@" ||
        die "this distribution lacks one of the packages $*: use Debian 12 or Ubuntu 22.04 (with its universe section)"
}

# Prints the first of the given packages that this distribution has, which is the newest version of a language; if none,
# the first one.
first_candidate() {
    local name
    for name in "$@"; do
        ! have_candidates "$name" || break
        name=$1
    done
    echo "$name"
}

# Prints "name version" of the given packages and everything that they depend on.
list_closure() {
    apt_from_nothing apt-get --simulate install "$@" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p'
}

# Prints "file algorithm:hash name=version" for "name version" lines on stdin, in the same order.
list_files() {
    local chosen
    mapfile -t chosen < <(tr ' ' =)
    apt_from_nothing apt-get download --print-uris "${chosen[@]}" >"$state/uris"
    printf '%s\n' "${chosen[@]}" | awk -v uris="$state/uris" '
        # A file is called name_version_architecture.deb, with a colon in the version written as %3a.
        BEGIN { while ((getline <uris) > 0) { key = $2; sub(/_[^_]*$/, "", key); file[key] = $2; hash[key] = $4 } }
        { key = $1; sub(/=/, "_", key); gsub(/:/, "%3a", key); print file[key], hash[key], $1 }'
}

matches() {
    local file=$1 algorithm=${2%%:*} hash=${2#*:}
    [[ -f $file && "$("${algorithm,,}sum" "$file")" == "$hash "* ]]
}

# Gets the files of "file hash package" lines on stdin into the cache. What an earlier run got is not fetched again.
fetch() {
    local incoming=$state/incoming lines missing=() line file hash package
    mkdir -p "$incoming"
    mapfile -t lines
    for line in "${lines[@]}"; do
        read -r file hash package <<<"$line"
        ! matches "$incoming/$file" "$hash" || mv "$incoming/$file" "$cache/$file"
        matches "$cache/$file" "$hash" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    step "downloading ${#missing[@]} distribution packages"
    (cd "$incoming" && apt_from_nothing apt-get download "${missing[@]}" >>"$log") || return 1
    for line in "${lines[@]}"; do
        read -r file hash package <<<"$line"
        [[ ! -f $incoming/$file ]] || mv "$incoming/$file" "$cache/$file"
        matches "$cache/$file" "$hash" || return 1
    done
}

# Gets the given packages, and of what they depend on those that the function `keeps` names. Writes what was taken to
# $state/taken, as "file hash name=version" lines.
gather() {
    require_candidates "$@"
    step "choosing distribution packages"
    choose_and_fetch "$@" && return
    # The mirror may have replaced a version since its list was read.
    refresh_lists
    choose_and_fetch "$@" ||
        die "cannot download distribution packages: check the network, then run it again; it goes on where it stopped"
}

choose_and_fetch() {
    list_closure "$@" | while read -r name version; do
        if keeps "$name"; then echo "$name $version"; fi
    done | list_files >"$state/taken" && fetch <"$state/taken"
}

# Unpacks the gathered packages into a folder, less what nobody reads in a jail.
unpack_into() {
    local file
    step "unpacking"
    while read -r file _; do
        dpkg-deb --fsys-tarfile "$cache/$file" | tar -x -C "$1" --keep-directory-symlink --no-same-owner \
            --exclude='./usr/share/man' --exclude='./usr/share/info' --exclude='./usr/share/locale' \
            --exclude='./usr/share/lintian' --exclude='./usr/share/bug' --exclude='./usr/share/doc-base' \
            --exclude='./usr/share/menu' --exclude='./usr/share/applications' --exclude='./usr/share/pixmaps' \
            --exclude='./usr/share/icons' --exclude='./usr/share/gdb' --exclude='./usr/share/apport' \
            --exclude='./usr/share/bash-completion' --exclude='./usr/share/binfmts'
    done <"$state/taken"
}

# Prints "deb name version sha256" of what was gathered, for SOURCES.
describe_sources() {
    local file package
    while read -r file _ package; do
        printf 'deb %s %s %s\n' "${package%%=*}" "${package#*=}" "$(sha256sum "$cache/$file" | cut -d' ' -f1)"
    done <"$state/taken"
}

# 3.11.2-6+deb12u6 -> 3.11.2: upstream's part of a package's version, three numbers as semver wants them.
upstream_version() {
    sed -n "s/.* $1=\([0-9]*:\)\?\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*/\2.\3.\4/p" "$state/taken"
}

# Sets $patchelf: a tool of the build, unpacked beside the packages and run from there.
fetch_patchelf() {
    local file
    require_candidates patchelf
    list_closure patchelf | grep '^patchelf ' | list_files >"$state/tool"
    fetch <"$state/tool" || die "cannot download patchelf: check the network, then run it again"
    read -r file _ <"$state/tool"
    rm -rf "$state/tools"
    mkdir "$state/tools"
    dpkg-deb -x "$cache/$file" "$state/tools"
    patchelf=$state/tools/usr/bin/patchelf
}
