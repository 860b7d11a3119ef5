# GCC for C and C++, with the C library's headers and nothing else of the host's.
#
# Sourced by ../build, which sets the variables that are shared.
# shellcheck shell=bash disable=SC2034,SC2154

disk=550

# Left out: sun rpc and name service headers with the libraries behind them, gdb's compiler plugin, the profiler.
keeps() {
    case $1 in
        libtirpc* | libnsl* | rpcsvc-proto | libkrb5* | libk5crypto* | libgssapi* | libcom-err2 | libkeyutils1 | \
            libcc1-0 | libgprofng0 | liblsan0 | libhwasan0 | libc-dev-bin | libc-devtools) return 1 ;;
        *) ! is_in_base "$1" ;;
    esac
}

# The newest of the compilers that the recipe is known to work with.
choose_major() {
    major=$(first_candidate gcc-12 gcc-11)
    major=${major#gcc-}
}

assemble() {
    local major library
    choose_major
    gather "gcc-$major" "g++-$major" mold
    path=packages/gcc/$(upstream_version "gcc-$major")
    make_merged_usr "$stage"
    unpack_into "$stage"
    step "trimming"
    library=$stage/usr/lib/gcc/x86_64-linux-gnu/$major
    prepare_toolchain
    make_links_relative "$stage"
    keep_only_licences "$stage"
    find_libraries_in_package "$library"/{cc1,cc1plus,collect2,lto1,lto-wrapper} \
        "$stage"/usr/bin/{mold,x86_64-linux-gnu-{as,ld.bfd,ld.gold,ar,nm,objdump,objcopy,strip,readelf}}
    drop_privileges_of_files "$stage"
    add_stage_scripts
    write_specs
    step "compiling ahead"
    make_linker
    precompile_headers
    mark_installed
    audit
    describe_sources | write_sources "usr/share/doc/*/copyright"
}

prepare_toolchain() {
    drop_unused
    link_tools
    copy_base_libraries
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
    # Of the packet filter's headers several differ only in case, which no archive of a package may have.
    rm -rf "$stage"/usr/include/linux/netfilter{,_arp,_bridge,_ipv4,_ipv6}
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

# What programs find in the base is linked against copies, since a package has no links out of itself. They are in a folder
# of their own, where only the linker looks.
copy_base_libraries() {
    local link name base=$lean_base/usr/lib/x86_64-linux-gnu copies=$stage/usr/lib/of-base
    mkdir "$copies"
    # The linker scripts libc.so, libm.so and libgcc_s.so and the libraries themselves name these.
    for name in libc.so.6 libm.so.6 libmvec.so.1 libgcc_s.so.1 libstdc++.so.6 ld-linux-x86-64.so.2; do
        cp -pL "$base/$name" "$copies/"
    done
    find "$stage/usr/lib" -name '*.so*' \( -lname '/*' -o -xtype l \) | while read -r link; do
        name=$(readlink "$link")
        name=${name##*/}
        [[ -e $base/$name ]] || continue
        [[ -e $copies/$name ]] || cp -pL "$base/$name" "$copies/"
        ln -sf "/usr/lib/of-base/$name" "$link"
    done
    sed -i -E 's#(/usr)?(/lib(64)?(/x86_64-linux-gnu)?/)?(ld-linux-x86-64\.so\.2|lib(c|m|mvec|gcc_s)\.so\.[0-9])#/usr/lib/of-base/\5#g' \
        "$stage"/usr/lib/x86_64-linux-gnu/lib{c,m}.so "$library/libgcc_s.so"
}

# What GCC starts to link: a program that has mold do it, and GNU ld where mold fails.
make_linker() {
    local root=/piston/$path/usr linker=${library#"$stage"}/ld
    cp "$recipe/ld.c" "$stage/ld.c"
    inside "$root/bin/gcc" -O2 -Wall -Werror -DMOLD="\"$root/bin/mold\"" \
        -DGNU_LD="\"$root/bin/x86_64-linux-gnu-ld.bfd\"" -o "/piston/$path/linker" "/piston/$path/ld.c" >>"$log" 2>&1
    rm "$stage/ld.c"
    mv "$stage/linker" "$stage$linker"
}

# Headers that programs begin with, as GCC keeps them when it has read them: it takes them by itself where such a header comes first
# and the flags are those of the stage.
precompile_headers() {
    local headers=usr/include/c++/$major
    precompile "$headers/iostream"
    precompile "usr/include/x86_64-linux-gnu/c++/$major/bits/stdc++.h"
}

# The same to the byte each time: with addresses that are not left to chance, and with zeros where four attempts differ all the same, in
# a few bytes that nothing fills.
precompile() {
    local header=/piston/$path/$1 attempt offset
    for attempt in 1 2 3 4; do
        setarch --addr-no-randomize "$here/builder/enter" --base "$lean_base" --package "$stage:${path#packages/}:rw" -- \
            /usr/bin/env SOURCE_DATE_EPOCH=1 LC_ALL=C "/piston/$path/usr/bin/g++" -std=c++17 -frandom-seed=1 \
            -x c++-header "$header" -o "/piston/$path/precompiled" >>"$log" 2>&1
        mv "$stage/precompiled" "$state/precompiled.$attempt"
    done
    for attempt in 2 3 4; do
        cmp --verbose "$state/precompiled.1" "$state/precompiled.$attempt" || :
    done | awk '{ print $1 - 1 }' | sort --numeric-sort --unique >"$state/differ"
    (($(wc -l <"$state/differ") <= 64)) || die "what is precompiled of $1 is another thing each time: see $state/precompiled.*"
    while read -r offset; do
        dd if=/dev/zero of="$state/precompiled.1" bs=1 count=1 seek="$offset" conv=notrunc status=none
    done <"$state/differ"
    mv "$state/precompiled.1" "$stage/$1.gch"
    chmod 644 "$stage/$1.gch"
    rm "$state"/precompiled.* "$state/differ"
    require_use_of "$1"
}

# GCC says which files it reads: a precompiled header with a mark of its own. Also where it is to warn of dates (runtime.toml).
require_use_of() {
    local name=${1#"usr/include/"}
    name=${name##*c++/"$major"/}
    # shellcheck disable=SC2016
    inside /bin/sh -c 'cd /tmp && printf "#include <%s>\nint main() { std::cout << 42; }\n" "$2" >main.cpp
        for flag in -std=c++17 -Wdate-time; do
            "$1" -std=c++17 "$flag" -H main.cpp 2>used && grep -q "^! .*gch" used && ./a.out | grep -qx 42 || exit 1
        done' \
        used "/piston/$path/usr/bin/g++" "$name" || die "GCC does not use what was precompiled of <$name>"
}

# GCC reads this file by itself, in place of what is built into it. Two lines get more than they have: the package
# becomes the root of all headers and libraries (the linker has to be told apart), and programs find the few shared
# libraries that are not in the base: sanitizers, OpenMP.
write_specs() {
    inside "/piston/$path/usr/bin/gcc" -dumpspecs | awk -v root="/piston/$path" '
        { print_more = "" }
        previous == "*self_spec:" { print_more = " %{!-sysroot=*:--sysroot=" root "}" }
        previous == "*link:" {
            print_more = " --sysroot=" root " -rpath-link " root "/usr/lib/of-base %{fsanitize=*|fopenmp|fgnu-tm:-rpath " root "/usr/lib/x86_64-linux-gnu}"
        }
        { print $0 print_more; previous = $0 }' >"$state/specs"
    mv "$state/specs" "$library/specs"
}
