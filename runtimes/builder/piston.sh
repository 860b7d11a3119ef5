# What makes a folder a package in Piston's format.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2154

# The recipe's own files, with the version and the other values of `name=value` arguments filled in for @name@.
add_stage_scripts() {
    local file setting platform edits
    platform=$(. /etc/os-release && echo "$ID-$VERSION_ID-amd64")
    edits=(-e "s|@here@|/piston/$path|g" -e "s|@version@|${path##*/}|g" -e "s|@platform@|$platform|g")
    for setting in "$@"; do
        edits+=(-e "s|@${setting%%=*}@|${setting#*=}|g")
    done
    cp "$here/builder/environment" "$stage/environment"
    for file in pkg-info.json runtime.toml environment compile run; do
        [[ ! -f $recipe/$file ]] || cp "$recipe/$file" "$stage/$file"
        [[ ! -f $stage/$file ]] || sed -i "${edits[@]}" "$stage/$file"
    done
    chmod 755 "$stage/run"
    [[ ! -f $stage/compile ]] || chmod 755 "$stage/compile"
}

# What Piston makes at install time: the environment of a stage, and the mark that says "installed".
mark_installed() {
    step "writing the environment"
    # shellcheck disable=SC2016
    inside /usr/bin/env -i /bin/bash -c 'cd "$1" && source environment && env' environment "/piston/$path" |
        grep -v -E '^(PWD|OLDPWD|SHLVL|_)=' | sort >"$stage/.env"
    date +%s%3N >"$stage/.ppman-installed"
}

# write_sources LICENCES [FILE]: the sources come on stdin.
write_sources() {
    {
        echo "# What this folder was made from: kind, name, version, hash. Licences: $1"
        cat
    } >"$stage/${2-SOURCES}"
}

# The common end of a recipe of distribution packages that lie in $stage, trimmed: finish_package [NAME=VALUE...]
# [PROGRAM...], with values for the stage scripts and the programs (absolute paths) that are to find libraries in the
# package.
finish_package() {
    local argument settings=() programs=()
    for argument in "$@"; do
        if [[ $argument == /* ]]; then programs+=("$argument"); else settings+=("$argument"); fi
    done
    make_links_relative "$stage"
    keep_only_licences "$stage"
    ((${#programs[@]} == 0)) || find_libraries_in_package "${programs[@]}"
    drop_privileges_of_files "$stage"
    add_stage_scripts "${settings[@]}"
    mark_installed
    audit
    describe_sources | write_sources "usr/share/doc/*/copyright"
}
