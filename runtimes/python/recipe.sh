# CPython as the distribution has it, with its whole standard library, byte-compiled.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=100

# Left out: what only the distribution's own administration of Python programs uses.
keeps() {
    case $1 in
        python3 | python3-minimal | libpython3-stdlib | media-types | mime-support | readline-common | \
            dpkg | tar | libmd0 | debconf) return 1 ;;
        *) ! is_in_base "$1" ;;
    esac
}

assemble() {
    local minor library
    unpack_python python
    finish_python
    describe_sources | write_sources "usr/share/doc/*/copyright"
}

# unpack_python PACKAGE: fills $stage; sets $minor (3.11) and $library, where its modules are.
unpack_python() {
    gather python3 python3-distutils
    minor=$(sed -n 's/.* python\(3\.[0-9]*\)=.*/\1/p' "$state/taken")
    path=packages/$1/$(upstream_version "python$minor")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    library=$stage/usr/lib/python$minor
    # The distribution's crash reporter hook, and its advice about pip.
    rm -rf "$library"/{sitecustomize.py,EXTERNALLY-MANAGED} "${stage:?}"/{etc,usr/share/python3,usr/lib/binfmt.d}
    ln -s "python$minor" "$stage/usr/bin/python3"
    ln -s "python$minor" "$stage/usr/bin/python"
}

finish_python() {
    local modules=$stage/usr/lib/python3/dist-packages
    mkdir -p "$modules"
    cp "${BASH_SOURCE[0]%/*}"/{prestart.pth,codecapsule_prestart.py} "$modules/"
    make_links_relative "$stage"
    keep_only_licences "$stage"
    find_libraries_in_package "$stage/usr/bin/python$minor"
    drop_privileges_of_files "$stage"
    add_stage_scripts "minor=$minor"
    mark_installed
    step "byte-compiling the libraries"
    # At their final place, because the paths end up in tracebacks. Unchecked: the tree never changes. Without random
    # hashes, by which sets would be written in another order each time.
    inside /usr/bin/env PYTHONHASHSEED=0 "/piston/$path/usr/bin/python$minor" -m compileall -q \
        --invalidation-mode unchecked-hash "/piston/$path/usr/lib"
    audit
}
