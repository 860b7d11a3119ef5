# Packages of PyPI: fetched with pip itself, recognised by the hashes that the recipe's lock file pins.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2154

require_pip() {
    ! command -v pip3 >/dev/null || return 0
    step "installing pip, which is needed to fetch libraries of Python"
    apt-get -qq install -y --no-install-recommends python3-pip >>"$log" 2>&1 ||
        { refresh_lists && apt-get -qq install -y --no-install-recommends python3-pip >>"$log" 2>&1; } ||
        die "cannot install pip: install python3-pip by hand, then run it again"
}

# Prints "file sha256" of the wheels in the cache that a lock file names.
list_wheels() {
    local hash file
    for file in "$cache"/*.whl; do
        [[ -f $file ]] || continue
        hash=$(sha256sum "$file" | cut -d' ' -f1)
        ! grep -q "sha256:$hash" "$1" || echo "$file $hash"
    done
}

# fetch_wheels LOCK VERSION-OF-PYTHON: gets the wheels of a lock file, which has one line with one hash for each.
fetch_wheels() {
    local lock=$1 minor=$2 incoming=$state/incoming/pypi
    (($(list_wheels "$lock" | wc -l) < $(grep -c sha256: "$lock"))) || return 0
    require_pip
    step "downloading libraries from PyPI"
    rm -rf "$incoming"
    mkdir -p "$incoming"
    pip3 --disable-pip-version-check --quiet download --require-hashes --no-deps --only-binary=:all: \
        --implementation cp --python-version "$minor" --abi "cp${minor/./}" --abi abi3 --abi none \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
        --dest "$incoming" --requirement "$lock" >>"$log" ||
        die "cannot download the libraries that $lock names from PyPI: see the end of $log, then run it again"
    mv "$incoming"/*.whl "$cache/"
}

# Prints "pypi name version sha256" of a lock file, for SOURCES.
describe_wheels() {
    sed -n 's/^\([^ =]*\)==\([^ ]*\) --hash=sha256:\(.*\)$/pypi \1 \2 \3/p' "$1"
}
