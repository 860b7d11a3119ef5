# The lean root of jails: C library, shell, the few tools that stage scripts use, time zones.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=100

path=${lean_base#"$out"/}

readonly lean_packages=(bash dash coreutils debianutils diffutils findutils grep gzip mawk sed tar libc-bin libgcc-s1
    libstdc++6 tzdata netbase ncurses-base)

# Of the closure only these: the rest is what the host's own administration needs (dpkg, debconf, perl).
keeps() {
    case $1 in
        gcc-*-base | libc6 | libc-bin | libgcc-s1 | libstdc++6 | libtinfo6 | libacl1 | libattr1 | libgmp10 | \
            libpcre2-8-0 | libpcre3 | libselinux1 | bash | dash | coreutils | debianutils | diffutils | findutils | \
            grep | gzip | mawk | sed | tar | tzdata | netbase | ncurses-base) ;;
        *) return 1 ;;
    esac
}

assemble() {
    gather "${lean_packages[@]}"
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    keep_needed_converters "$stage/usr/lib/x86_64-linux-gnu/gconv"
    rm -rf "$stage"/usr/share/zoneinfo/{posix,right} "$stage"/usr/share/{debconf,debianutils,gcc,polkit-1} \
        "$stage"/usr/lib/{systemd,tmpfiles.d} "${stage:?}"/{home,root,var}
    find "$stage/etc" ! -type d ! -name services ! -name protocols -delete
    find "$stage/usr/sbin" ! -type d ! -name 'ldconfig*' -delete
    add_configuration
    finish_base
}

# The common end of both bases.
finish_base() {
    make_links_relative "$stage"
    keep_only_licences "$stage"
    drop_privileges_of_files "$stage"
    add_mount_points
    chroot "$stage" /sbin/ldconfig
    audit_base
    describe_sources | write_sources "/usr/share/doc/*/copyright" usr/share/doc/SOURCES
}

# Encodings that text files of today come in; the C library has a hundred more for mainframes and telegraphs.
keep_needed_converters() {
    find "$1" -name '*.so' ! -name 'UTF-*' ! -name 'UNICODE*' ! -name 'ISO8859-*' ! -name 'CP125*' ! -name 'KOI8-*' \
        -delete
}

add_configuration() {
    mkdir -p "$stage/etc"
    cp "$recipe"/etc/* "$stage/etc/"
    ln -s ../usr/share/zoneinfo/Etc/UTC "$stage/etc/localtime"
    # Names that the distribution's `alternatives` would have set.
    ln -sf mawk "$stage/usr/bin/awk"
    [[ -e $stage/usr/bin/which ]] || ln -sf which.debianutils "$stage/usr/bin/which"
    ln -sf dash "$stage/usr/bin/sh"
}

add_mount_points() {
    mkdir -p "$stage"/{box,tmp,dev,proc,run,piston/packages,var}
    ln -s ../tmp "$stage/var/tmp"
}
