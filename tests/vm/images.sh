# What the emulated machine is booted from: a kernel of the distribution, a disk with the runtimes, and an initramfs.
#
# Sourced by packaging/dev/test-v2. Kernel and disk are made once and kept in $images.
# shellcheck shell=bash disable=SC2154
images=$root/.node/vm
guest=$root/tests/vm
kernel=""

# What the guest loads when it starts, where the kernel does not have it built in: its disk, what runtimes may be mounted
# from, packet filters, and a network to filter on.
loaded_modules=(virtio_blk virtio_pci ext4 erofs squashfs loop nf_tables nft_objref nft_reject_inet veth)
# What is there to be loaded by attempts, see hardening: such as can be unloaded again.
offered_modules=(esp4 esp6 ah4 ipcomp xfrm_user af_key algif_aead algif_hash algif_rng algif_skcipher vsock_loopback rds tipc)

# find_kernel PACKAGE ...: sets $kernel_package to the first that the distribution has, or what that one stands for.
find_kernel() {
    local name
    for name; do
        kernel_package=$(dependency "$name" linux-image-)
        [[ -z $kernel_package ]] || return 0
        kernel_package=$name
        ! apt-cache show "$name" >/dev/null 2>&1 || return 0
    done
    return 1
}

# dependency PACKAGE PREFIX: what the package depends on by a name with this prefix and a version; nothing where the
# package is not known.
dependency() {
    { apt-cache depends "$1" 2>/dev/null || :; } | sed -n "s/^ *Depends: \($2[0-9].*\)/\1/p" | head -n 1
}

# get_kernel PACKAGE ...: the first of them, as $kernel/vmlinuz and modules below $kernel/tree.
get_kernel() {
    find_kernel "$@" || { refresh_lists && find_kernel "$@"; } ||
        die "the distribution has none of the kernels $*: name a package with one for virtual machines (KERNEL=linux-image-...)"
    kernel=$images/$kernel_package
    local wanted="${loaded_modules[*]} ${offered_modules[*]}"
    [[ ! -e $kernel/wanted || $(<"$kernel/wanted") != "$wanted" ]] || return 0
    echo "fetching the kernel $kernel_package"
    local parts=("$kernel_package") modules part
    # Ubuntu has them in a package of their own.
    modules=$(dependency "$kernel_package" linux-modules-)
    [[ -z $modules ]] || parts+=("$modules")
    rm -rf "$kernel" "$images/unpacked"
    mkdir -p "$images/unpacked" "$kernel"
    (cd "$images/unpacked" && download "${parts[@]}" || { refresh_lists && download "${parts[@]}"; }) ||
        die "can't download ${parts[*]}: check the network and the apt sources, then run it again"
    for part in "$images"/unpacked/*.deb; do
        dpkg-deb --extract "$part" "$images/unpacked"
    done
    cp "$images"/unpacked/boot/vmlinuz-* "$kernel/vmlinuz"
    take_modules
    echo "$wanted" >"$kernel/wanted"
    rm -rf "$images/unpacked"
}

download() {
    apt-get -qq -o APT::Sandbox::User=root download "$@"
}

# The modules with those that they depend on, as modprobe wants them; one that is not there is built in, or missing.
take_modules() {
    local folder release name file
    folder=$(echo "$images"/unpacked/lib/modules/*)
    release=${folder##*/}
    depmod --basedir "$images/unpacked" "$release"
    for name in "${loaded_modules[@]}" "${offered_modules[@]}"; do
        while read -r _ file _; do
            install -D "$file" "$kernel/tree/${file#"$images/unpacked/"}"
        done < <(modprobe --config /dev/null --dirname "$images/unpacked" --set-version "$release" --show-depends "$name" 2>/dev/null |
            grep '^insmod ')
    done
    cp "$folder"/modules.{builtin,builtin.modinfo,order} "$kernel/tree/lib/modules/$release/"
    depmod --basedir "$kernel/tree" "$release"
}

# The runtimes as a disk, made anew when they have changed.
make_disk() {
    local now
    local parts=(base packages)
    # What a node may mount instead of the folders.
    [[ ! -d $store/images ]] || parts+=(images)
    now=$(cd "$store" && find "${parts[@]}" -printf '%p %y %s %T@\n' | sort | sha256sum)
    disk=$images/store.ext4
    [[ ! -e $images/store.sum || $(<"$images/store.sum") != "$now" ]] || return 0
    echo "making a disk of the runtimes"
    rm -rf "$images/store" "$images/store.sum" "$disk"
    mkdir -p "$images/store"
    # Linked, not copied.
    (cd "$store" && cp -al "${parts[@]}" "$images/store")
    local kilobytes
    kilobytes=$(du -sk "$images/store" | cut -f1)
    : >"$disk"
    mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$images/store" "$disk" "$((kilobytes * 5 / 4 + 65536))k" ||
        die "can't make a disk of $store (above)"
    rm -rf "$images/store"
    echo "$now" >"$images/store.sum"
}

# make_guest AGENT SUITE ...: the guest's programs with the libraries of this machine, as $images/guest.cpio.
make_guest() {
    local agent=$1 tree=$images/guest program
    shift
    rm -rf "$tree"
    mkdir -p "$tree"/{bin,dev,etc,lib64,mnt,new,proc,root,run,store,sys,tmp,usr/bin,usr/sbin,var/tmp,vm}
    # Where the kernel looks for modprobe.
    ln -s bin "$tree/sbin"
    cp "$guest/init" "$tree/init"
    cp "$guest"/{filters,hardening,lists,suites} "$tree/vm/"
    cp "$guest/systemd-run" "$tree/bin/systemd-run"
    cp -r "$root/packaging/host" "$tree/vm/host"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    cc -O1 -static -Wall -Werror -o "$tree/vm/attempt" "$guest/attempt.c"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
    echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$tree/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"
    printf '%s\n' "${loaded_modules[@]}" >"$tree/vm/modules"
    strip -o "$tree/bin/capsule-agent" "$agent"
    for program; do
        # Cargo puts a hash behind the name.
        strip -o "$tree/vm/$(basename "${program%-*}")" "$program"
    done
    # What tests start nodes through, what nodes seal runtimes with, and what hosts are hardened with.
    for program in bash mkfs.erofs modprobe mount nft prlimit setpriv sysctl umount unshare; do
        cp "$(command -v "$program")" "$tree/bin/"
    done
    copy_libraries "$tree"
    pack "$tree" "$images/guest.cpio"
}

# make_initramfs: the guest with the modules of $kernel.
make_initramfs() {
    initramfs=$images/initramfs
    pack "$kernel/tree" "$images/modules.cpio"
    # One archive after the other is an archive to the kernel.
    cat "$images/guest.cpio" "$images/modules.cpio" >"$initramfs"
}

# pack FOLDER ARCHIVE
pack() {
    (cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null) >"$2"
}

copy_libraries() {
    local tree=$1 library
    while IFS= read -r library; do
        install -D "$library" "$tree$library"
    done < <(ldd "$tree"/bin/* "$tree"/vm/* 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | sort -u)
}
