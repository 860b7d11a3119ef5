# The root of jails for packages of Piston's own index, which count on what its container has: a shell with perl and
# `rename`, a C compiler's linker and headers, libraries of many languages. The lean base is in it.
#
# Which packages these are: engineer-man/piston, api/Dockerfile (commit 47661343dae3), whose container is Debian 10's. All of
# these names are in Debian 12, which has newer versions.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# shellcheck source=/dev/null
. "$recipe/base/recipe.sh"

disk=850

path=base

readonly tools=(binutils build-essential coreutils gnupg libc6-dev locales procps python3 rename tar util-linux)
readonly libraries=(libarpack2-dev libblas-dev libcap-dev libedit-dev libevent-dev libfftw3-dev libglpk-dev libgmp3-dev
    liblapack-dev libncurses5 libncurses6 libpcre2-dev libpcre3-dev libqhull-dev libqrupdate-dev libreadline-dev
    libseccomp-dev libsuitesparse-dev libxml2)

# Everything that they depend on. Of libsundials-dev only what computes on one machine: the rest of it depends on MPI, PETSc
# and X11, half a gigabyte.
keeps() {
    case $1 in
        libsundials-*-mpi* | libsundials-*-hypre* | libsundials-*-petsc*) return 1 ;;
        libsundials-*) ;;
        *) [[ $kept == *" $1 "* ]] ;;
    esac
}

assemble() {
    local wanted=("${lean_packages[@]}" "${tools[@]}" "${libraries[@]}")
    require_candidates "${wanted[@]}" libsundials-dev
    kept=" $(list_closure "${wanted[@]}" | cut -d' ' -f1 | tr '\n' ' ')"
    gather "${wanted[@]}" libsundials-dev
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    rm -rf "$stage"/usr/share/zoneinfo/{posix,right} "$stage"/usr/lib/{systemd,tmpfiles.d} "${stage:?}"/{home,root,var}
    choose_alternatives
    make_locale
    add_configuration
    compile_python
    # Links to what was not taken, or would be another alternative.
    make_links_relative "$stage"
    find "$stage" \( -xtype l -o -lname '/*' \) -delete
    finish_base
}

# Names that the distribution's `alternatives` would have set.
choose_alternatives() {
    local pair library
    for pair in cc:gcc c++:g++ c89:c89-gcc c99:c99-gcc rename:file-rename pager:more; do
        ln -s "${pair#*:}" "$stage/usr/bin/${pair%%:*}"
    done
    for library in blas lapack; do
        (cd "$stage/usr/lib/x86_64-linux-gnu" && ln -s "$library/lib$library".* .)
    done
}

# The one that Piston's container has beside C.UTF-8. Its sources are of no use where nothing can be written.
make_locale() {
    chroot "$stage" /usr/bin/localedef --inputfile=en_US --charmap=UTF-8 --no-archive /usr/lib/locale/en_US.utf8
    rm -rf "$stage/usr/share/i18n"
}

# What the distribution does at installation.
compile_python() {
    chroot "$stage" /usr/bin/env PYTHONHASHSEED=0 /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash \
        /usr/lib/python3 /usr/lib/python3.[0-9]* >>"$log"
}
