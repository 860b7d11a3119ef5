# What the scripts of this folder share: where things are, what a machine must have, how failures read.
#
# Sourced with $me set to the command that the user typed; a missing prerequisite ends it with one sentence.
# shellcheck shell=bash disable=SC2034,SC2154
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
store=$root/.node/store
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
agent=$CARGO_TARGET_DIR/release/capsule-agent
tools=$CARGO_TARGET_DIR/tools
cd "$root"

die() {
    echo "$me: $1" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null
}

# --- What can't be installed from here ---

require_machine() {
    [[ "$(uname -sm)" == "Linux x86_64" ]] ||
        die "CodeCapsule runs on x86-64 Linux and this is $(uname -sm): use such a machine or VM"
    ((EUID == 0)) ||
        die "root is needed to make namespaces, cgroups and mounts: run it again as root (sudo -E $me keeps cargo in sight)"
    have apt-get ||
        die "there is no apt-get: the runtimes are made of Debian 12's or Ubuntu 22.04's packages, use one of these"
    require_namespaces
    require_controllers
}

require_namespaces() {
    unshare --mount --pid --fork --net --ipc --uts --cgroup true 2>/dev/null ||
        die "root may not make namespaces here: use a machine, a VM or a privileged container"
    unshare --user true 2>/dev/null ||
        die "user namespaces are off here: allow them with sysctl -w user.max_user_namespaces=10000 (in a container: on its host)"
}

# Either all controllers are in the v2 tree, or all are mounted as v1.
require_controllers() {
    local name offered=""
    if offered=$(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null); then
        [[ -w /sys/fs/cgroup/cgroup.procs ]] ||
            die "/sys/fs/cgroup is read-only here: use a machine, a VM or a privileged container"
        for name in memory pids cpu; do
            [[ " $offered " == *" $name "* ]] ||
                die "the cgroup controller $name is off: enable it on the kernel command line (e.g. cgroup_enable=$name)"
        done
    else
        for name in memory pids cpu cpuacct; do
            grep -qE " - cgroup [^ ]+ ([^ ]*,)?$name(,|\$)" /proc/self/mountinfo ||
                die "the cgroup controller $name is not mounted: boot with cgroup v2, or mount it below /sys/fs/cgroup"
        done
    fi
}

# rustup puts cargo where a login shell finds it and sudo does not.
require_cargo() {
    local wanted found
    have cargo || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    have cargo ||
        die "there is no cargo in PATH: install Rust (https://rustup.rs), or add the folder of cargo to PATH"
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2) ||
        die "cargo is there but does not start: repair the Rust installation (rustup default stable)"
    [[ $(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1) == "$wanted" ]] ||
        die "cargo is $found and the project needs $wanted: update Rust (rustup update stable)"
}

# --- What can ---

# install_missing COMMAND-OR-FILE:PACKAGE ...: installs from the distribution the packages whose command or file is not there.
install_missing() {
    local pair missing=()
    for pair in "$@"; do
        have "${pair%%:*}" || [[ -e ${pair%%:*} ]] || missing+=("${pair#*:}")
    done
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}"
    apt_install "${missing[@]}" || { refresh_lists && apt_install "${missing[@]}"; } ||
        die "can't install ${missing[*]}: install them by hand (apt-get install ${missing[*]}), then run it again"
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" \
        </dev/null >/dev/null 2>&1
}

refresh_lists() {
    apt-get -qq update ||
        die "can't fetch the list of distribution packages: check the network and the apt sources, then run it again"
}

# A linker and the C library's start files, for cargo; curl, to ask the node; what seals runtimes into images.
install_for_building() {
    install_missing cc:gcc mkfs.erofs:erofs-utils /usr/include/stdlib.h:libc6-dev curl:curl \
        /etc/ssl/certs/ca-certificates.crt:ca-certificates
}

# --- Building ---

# Each package by itself: built together they would share features of their dependencies, and the agent would be built
# anew whenever it is asked for with other company.
build_release() {
    local package
    for package in "$@"; do
        cargo build --release --locked --package "$package" || die "building $package failed (above)"
    done
}

build_runtimes() {
    runtimes/build --out "$store" || exit 1
}

# install_tool NAME VERSION [FLAG ...]: a tool of cargo's, built from source into the target folder.
install_tool() {
    local name=$1 version=$2
    shift 2
    ! "$tools/bin/$name" --version 2>/dev/null | grep -qF "$version" || return 0
    cargo install --quiet --locked --debug "$name@$version" "$@" --root "$tools" --target-dir "$tools/target"
    rm -rf "$tools/target"
}

# --- A node of our own, beside others ---

is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
    local port
    for ((port = 20000 + RANDOM % 10000; ; port++)); do
        is_taken "$port" || break
    done
    echo "$port"
}

# wait_until_ready PORT PID: until the node has run a program, as long as the process lives and at most a minute.
wait_until_ready() {
    local end=$((SECONDS + 60))
    until curl --silent --fail --output /dev/null --max-time 5 "http://127.0.0.1:$1/readyz"; do
        ((SECONDS < end)) && kill -0 "$2" 2>/dev/null || return 1
        sleep 0.02
    done
}
