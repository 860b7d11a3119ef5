# Making an unpacked tree fit to be mounted in a jail.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2154

# /bin, /lib and the rest are links into /usr before anything is unpacked, whatever layout the packages use.
make_merged_usr() {
    local name
    for name in bin sbin lib lib64; do
        mkdir -p "$1/usr/$name"
        ln -s "usr/$name" "$1/$name"
    done
}

# Of the documentation only licences stay. A package may share the licence of one that is in the base: it gets a copy.
keep_only_licences() {
    local doc=$1/usr/share/doc link name
    find "$doc" -type f ! -name copyright -delete
    find "$1" -mindepth 1 -type d -empty -delete
    find "$1" -maxdepth 1 -xtype l -delete
    find "$doc" -xtype l | while read -r link; do
        name=$(basename "$(readlink "$link")")
        rm "$link"
        [[ -f $lean_base/usr/share/doc/$name/copyright ]] || continue
        mkdir -p "$doc/$name"
        cp "$lean_base/usr/share/doc/$name/copyright" "$doc/$name/"
        [[ $link == "$doc/$name" ]] || ln -s "$name" "$link"
    done
}

drop_privileges_of_files() {
    chown -R --no-dereference root:root "$1"
    find "$1" ! -type l -perm /7022 -exec chmod u-s,go-ws,-t {} +
    [[ ! $(find "$1" ! -type f ! -type d ! -type l -print -quit) ]] || die "there is a device or socket among the files of $1"
}

# An absolute link means the same inside the tree; it becomes a relative one. An archive may have no link that leaves it.
make_links_relative() {
    local tree=$1 link target
    find "$tree" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
        target=$(readlink "$link")
        if [[ -e $tree$target || -L $tree$target ]]; then
            ln -sfn "$(realpath --no-symlinks --relative-to="$(dirname "$link")" "$tree$target")" "$link"
        fi
    done
}

# Runs a command in the lean base, with the package that is being built in its place and writable.
inside() {
    "$here/builder/enter" --base "$lean_base" --package "$stage:${path#packages/}:rw" -- "$@"
}

# audit [FOLDER...]: every link must lead to somewhere in the package, and every program and library must find the libraries that it
# names, in the package's library folder, in the base, or in the given folders of the package.
audit() {
    local folder folders=/piston/$path/usr/lib/x86_64-linux-gnu
    for folder in "$@"; do
        folders+=:/piston/$path/$folder
    done
    audit_tree "/piston/$path" "$folders" inside
}

# The same of the base that is being built.
audit_base() {
    audit_tree / /usr/lib/x86_64-linux-gnu "$here/builder/enter" --base "$stage" --
}

# audit_tree FOLDER LIBRARY-FOLDERS COMMAND...: what runs a program where the folder is.
audit_tree() {
    local tree=$1 folders=$2
    shift 2
    step "checking links and libraries"
    # shellcheck disable=SC2016
    "$@" /bin/sh -c '
        find "$1" -xdev \( -xtype l -o -lname "/*" \) | grep . && exit 1
        find "$1" -xdev -type f \( -perm /111 -o -name "*.so*" \) | while read -r file; do
            /lib64/ld-linux-x86-64.so.2 --library-path "$2" --list "$file" 2>/dev/null |
                grep "not found" | sed "s|^|$file:|"
        done | grep . && exit 1
        exit 0' audit "$tree" "$folders" >>"$log"
}

# Whether a package of the distribution is part of the lean base already.
is_in_base() {
    grep -q "^deb $1 " "$lean_base/usr/share/doc/SOURCES"
}

# Programs look for libraries in their own package first, so that no variable has to say so and what they start gets a
# clean environment. DT_RPATH and not DT_RUNPATH: it holds for the modules that a program loads, too.
find_libraries_in_package() {
    fetch_patchelf
    "$patchelf" --force-rpath --set-rpath "/piston/$path/usr/lib/x86_64-linux-gnu" "$@"
}

# Everything that the build has made itself gets the same time in every build. Files that came with a time keep it.
settle_times() {
    find "$stage" \( ! -type f -o -newer "$state/started" \) -exec touch --no-dereference --date=@1672531200 {} +
}
