# PHP for the command line.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=100

# Left out: what the distribution manages its modules with, interactive input, the cache of a server, guessing of file
# types by a table that is below /usr.
keeps() {
    case $1 in
        debconf | sensible-utils | media-types | ucf | psmisc | php-common | php*-opcache | php*-readline | \
            libmagic* | libmd0 | libbsd0 | libedit2) return 1 ;;
        *) ! is_in_base "$1" ;;
    esac
}

assemble() {
    local name
    name=$(first_candidate php8.2 php8.1)
    gather "$name"-{cli,common,mbstring,bcmath}
    path=packages/php/$(upstream_version "$name-cli")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "${stage:?}"/{etc,var} "$stage"/usr/lib/{systemd,tmpfiles.d} "$stage/usr/lib/php/${name#php}" "$stage"/usr/share/php*
    rm "$stage"/usr/lib/php/20*/fileinfo.so
    find "$stage/usr/bin" ! -name "$name" ! -type d -delete
    ln -s "$name" "$stage/usr/bin/php"
    write_settings
    finish_package "$stage/usr/bin/$name"
}

# All modules, and no limit of PHP's own on memory: the jail has one.
write_settings() {
    local modules module
    modules=$(echo "$stage"/usr/lib/php/20*)
    {
        echo "extension_dir=/piston/$path/${modules#"$stage"/}"
        for module in "$modules"/*.so; do
            echo "extension=${module##*/}"
        done
        echo "memory_limit=-1"
    } >"$stage/php.ini"
}
