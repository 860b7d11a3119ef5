# What the emulated machine is booted from: a kernel of the distribution, a disk with the runtimes, and an initramfs.
#
# Sourced by packaging/dev/test-v2. Kernel and disk are made once and kept in $images.
# shellcheck shell=bash disable=SC2154
images=$root/.node/vm
guest=$root/tests/vm
kernel=""

# Modules that a disk needs, where the kernel does not have them built in.
disk_modules=(virtio_blk virtio_pci ext4)

# find_kernel: sets $kernel_package to $KERNEL or what the distribution's package for virtual machines stands for.
find_kernel() {
    local meta
    kernel_package=${KERNEL:-}
    for meta in linux-image-cloud-amd64 linux-image-virtual; do
        [[ -z $kernel_package ]] || return 0
        kernel_package=$(dependency "$meta" linux-image-)
    done
    [[ -n $kernel_package ]] || return 1
}

# dependency PACKAGE PREFIX: what the package depends on by a name with this prefix and a version; nothing where the
# package is not known.
dependency() {
    { apt-cache depends "$1" 2>/dev/null || :; } | sed -n "s/^ *Depends: \($2[0-9].*\)/\1/p" | head -n 1
}

get_kernel() {
    find_kernel || { refresh_lists && find_kernel; } ||
        die "the distribution has no kernel for virtual machines: name a package with one (KERNEL=linux-image-...)"
    kernel=$images/$kernel_package
    [[ ! -e $kernel/modules ]] || return 0
    echo "fetching the kernel $kernel_package"
    local parts=("$kernel_package") modules
    # Ubuntu has them in a package of their own.
    modules=$(dependency "$kernel_package" linux-modules-)
    [[ -z $modules ]] || parts+=("$modules")
    rm -rf "$kernel" "$images/unpacked"
    mkdir -p "$images/unpacked" "$kernel"
    (cd "$images/unpacked" && download "${parts[@]}" || { refresh_lists && download "${parts[@]}"; }) ||
        die "can't download ${parts[*]}: check the network and the apt sources, then run it again"
    local part
    for part in "$images"/unpacked/*.deb; do
        dpkg-deb --extract "$part" "$images/unpacked"
    done
    cp "$images"/unpacked/boot/vmlinuz-* "$kernel/vmlinuz"
    for part in "${disk_modules[@]}"; do
        take_module "$part"
    done
    touch "$kernel/order"
    mv "$kernel/order" "$kernel/modules"
    rm -rf "$images/unpacked"
}

download() {
    apt-get -qq -o APT::Sandbox::User=root download "$@"
}

# take_module NAME: copies a module after those that it depends on. One that is not there is built in.
take_module() {
    local name=$1 file needed
    file=$(find "$images/unpacked" -name "$name.ko*" -print -quit)
    [[ -n $file && ! -e $kernel/$name.ko ]] || return 0
    case $file in
        *.ko) cp "$file" "$kernel/$name.ko" ;;
        *.xz) xz -dc "$file" >"$kernel/$name.ko" ;;
        *.zst) zstd -qdc "$file" >"$kernel/$name.ko" ;;
        *) die "the kernel's modules are packed in a way unknown here: ${file##*/}" ;;
    esac
    # Fields of the module's own description, each ended by a zero byte.
    for needed in $(tr '\0' '\n' <"$kernel/$name.ko" | sed -n 's/^depends=//p' | tr , ' '); do
        take_module "$needed"
    done
    echo "$name.ko" >>"$kernel/order"
}

# The runtimes as a disk, made anew when they have changed.
make_disk() {
    local now
    now=$(cd "$store" && find base packages -printf '%p %y %s %T@\n' | sort | sha256sum)
    disk=$images/store.ext4
    [[ ! -e $images/store.sum || $(<"$images/store.sum") != "$now" ]] || return 0
    echo "making a disk of the runtimes"
    rm -rf "$images/store" "$images/store.sum" "$disk"
    mkdir -p "$images/store"
    # Linked, not copied.
    cp -al "$store/base" "$store/packages" "$images/store"
    local kilobytes
    kilobytes=$(du -sk "$images/store" | cut -f1)
    : >"$disk"
    mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$images/store" "$disk" "$((kilobytes * 5 / 4 + 65536))k" ||
        die "can't make a disk of $store (above)"
    rm -rf "$images/store"
    echo "$now" >"$images/store.sum"
}

# make_initramfs AGENT SUITE ...: the guest's programs with the libraries of this machine.
make_initramfs() {
    local agent=$1 tree=$images/guest program
    shift
    rm -rf "$tree"
    mkdir -p "$tree"/{bin,dev,etc,lib64,mnt,new,proc,root,run,store,sys,tmp,usr/bin,usr/sbin,var/tmp,vm}
    cp "$guest/init" "$tree/init"
    cp "$guest/suites" "$tree/vm/suites"
    cp "$guest/systemd-run" "$tree/bin/systemd-run"
    cp "$(command -v busybox)" "$tree/bin/busybox"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
    echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$tree/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"
    cp "$kernel/modules" "$tree/vm/"
    # None where the kernel has all built in.
    find "$kernel" -name '*.ko' -exec cp -t "$tree/vm" {} +
    strip -o "$tree/bin/capsule-agent" "$agent"
    for program; do
        # Cargo puts a hash behind the name.
        strip -o "$tree/vm/$(basename "${program%-*}")" "$program"
    done
    # What tests start nodes through.
    for program in bash mount prlimit setpriv umount unshare; do
        cp "$(command -v "$program")" "$tree/bin/"
    done
    copy_libraries "$tree"
    initramfs=$images/initramfs
    (cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null) >"$initramfs"
}

copy_libraries() {
    local tree=$1 library
    while IFS= read -r library; do
        install -D "$library" "$tree$library"
    done < <(ldd "$tree"/bin/* "$tree"/vm/* 2>/dev/null | grep -oE '/[^ ]+\.so[^ ]*' | sort -u)
}
