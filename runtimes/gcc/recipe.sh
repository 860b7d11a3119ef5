# GCC for C and C++, with the C library's headers and nothing else of the host's.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

# Left out: sun rpc and name service headers with the libraries behind them, gdb's compiler plugin, the profiler.
keeps() {
    case $1 in
        libtirpc* | libnsl* | rpcsvc-proto | libkrb5* | libk5crypto* | libgssapi* | libcom-err2 | libkeyutils1 | \
            libssl* | libcc1-0 | libgprofng0 | liblsan0 | libhwasan0 | libc-dev-bin | libc-devtools) return 1 ;;
        *) ! is_in_base "$1" ;;
    esac
}

# The newest of the compilers that the recipe is known to work with.
choose_major() {
    for major in 12 11; do
        ! have_candidates "gcc-$major" "g++-$major" || return 0
    done
    major=12
}

assemble() {
    local major library
    choose_major
    gather "gcc-$major" "g++-$major"
    path=packages/gcc/$(upstream_version "gcc-$major")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    library=$stage/usr/lib/gcc/x86_64-linux-gnu/$major
    drop_unused
    link_tools
    make_links_relative "$stage"
    link_base_libraries
    keep_only_licences "$stage"
    find_libraries_in_package "$library"/{cc1,cc1plus,collect2,lto1,lto-wrapper} \
        "$stage"/usr/bin/x86_64-linux-gnu-{as,ld.bfd,ld.gold,ar,nm,objdump,objcopy,strip,readelf}
    drop_privileges_of_files "$stage"
    add_stage_scripts
    write_specs
    mark_installed
    audit
    describe_sources | write_sources "usr/share/doc/*/copyright"
}

# Static libraries are for static programs, which nobody can ask for; but -lpthread and its like are empty archives,
# and a few archives belong to every link.
drop_unused() {
    local archive
    for archive in "$stage"/usr/lib/x86_64-linux-gnu/*.a "$library"/*.a; do
        case ${archive##*/} in
            libc_nonshared.a | libgcc.a | libgcc_eh.a | libssp_nonshared.a | libstdc++fs.a | libsupc++.a) ;;
            *) (($(stat -c %s "$archive") < 100)) || rm "$archive" ;;
        esac
    done
    rm -rf "$library"/lib{lsan,hwasan}.so "$library"/libcc1.so* "${stage:?}"/{etc,usr/share/gcc} \
        "$stage"/usr/bin/{*gprof*,*dwp,*lto-dump*,*gcov*,*gp-*} \
        "$stage"/usr/lib/{bfd-plugins,compat-ld,gold-ld,x86_64-linux-gnu/gprofng}
}

# Plain names as the distribution's meta packages have them; `as` and `ld` where the driver looks first.
link_tools() {
    local name
    for name in gcc g++ cpp gcc-ar gcc-nm gcc-ranlib; do
        ln -sf "x86_64-linux-gnu-$name-$major" "$stage/usr/bin/$name"
    done
    ln -s gcc "$stage/usr/bin/cc"
    ln -s g++ "$stage/usr/bin/c++"
    ln -s ../../../../bin/x86_64-linux-gnu-as "$library/as"
    ln -s ../../../../bin/x86_64-linux-gnu-ld.bfd "$library/ld"
}

# Programs are linked against the very libraries that they will find in the jail.
link_base_libraries() {
    local link name
    find "$stage/usr/lib" -xtype l -name '*.so*' | while read -r link; do
        name=$(readlink "$link")
        name=${name##*/}
        [[ ! -e $out/base/usr/lib/x86_64-linux-gnu/$name ]] ||
            ln -sf "/usr/lib/x86_64-linux-gnu/$name" "$link"
    done
    # The linker scripts libc.so, libm.so and libgcc_s.so and the libraries themselves name these.
    for name in libc.so.6 libm.so.6 libmvec.so.1 libgcc_s.so.1 libstdc++.so.6; do
        ln -sf "/usr/lib/x86_64-linux-gnu/$name" "$stage/usr/lib/x86_64-linux-gnu/$name"
    done
    ln -sf /usr/lib64/ld-linux-x86-64.so.2 "$stage/usr/lib64/ld-linux-x86-64.so.2"
}

# GCC reads this file by itself, in place of what is built into it. Two lines get more than they have: the package
# becomes the root of all headers and libraries (the linker has to be told apart), and programs find the few shared
# libraries that are not in the base: sanitizers, OpenMP.
write_specs() {
    inside "/piston/$path/usr/bin/gcc" -dumpspecs | awk -v root="/piston/$path" '
        { print_more = "" }
        previous == "*self_spec:" { print_more = " %{!-sysroot=*:--sysroot=" root "}" }
        previous == "*link:" {
            print_more = " --sysroot=" root " %{fsanitize=*|fopenmp|fgnu-tm:-rpath " root "/usr/lib/x86_64-linux-gnu}"
        }
        { print $0 print_more; previous = $0 }' >"$state/specs"
    mv "$state/specs" "$library/specs"
}
