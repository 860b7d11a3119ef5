# What the builder tells the person who runs it: one line per step, one sentence when it fails.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2154

say() {
    printf '[%s] %s\n' "$1" "$2"
}

# The status 3 tells the surrounding shell that the reason has been said.
die() {
    printf 'runtimes/build: %s\n' "$1" >&4
    exit 3
}
exec 4>&2

# Names the step that begins now: the progress line, and what is said if it fails.
step() {
    say "${recipe##*/}" "$1"
    echo "$1" >"$state/step"
}

# Runs one runtime's build in a shell of its own, so that `set -e` holds in it and its variables end with it. What the
# tools complain about goes to the log.
explain_failure() {
    local name=$1 status
    shift
    set +e
    (set -e; "$@" 2>>"$log")
    status=$?
    set -e
    case $status in
        0) ;;
        3) exit 3 ;;
        *) (($(free_mebibytes) >= 20)) || die "the disk below $out is full: make room and run it again"
           die "the step '$(<"$state/step")' of $name failed: see the end of $log, then run it again" ;;
    esac
}
