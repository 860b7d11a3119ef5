// The kernel's doors, one by one: each call that has led out of a sandbox somewhere, with the arguments it took there.
#include "attack.h"

#define GONE ENOSYS
#define NO EPERM

static char page[4096] __attribute__((aligned(4096)));

static void namespaces(void) {
    static const unsigned long flags[] = {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000};
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
        SYS(NO, unshare, flags[i]);
        SYS(NO, clone, flags[i] | SIGCHLD, 0, 0, 0, 0);
        SYS(NO, setns, 0, flags[i]);
        struct { uint64_t flags, rest[10]; } args = {.flags = flags[i]};
        SYS(GONE, clone3, &args, sizeof args);
    }
    SYS(NO, clone, 0x7E020000UL | SIGCHLD, 0, 0, 0, 0);
    SYS(NO, clone, 0xFFFFFFFF10000000UL | SIGCHLD, 0, 0, 0, 0);
    SYS(NO, unshare, 0x80UL);
    SYS(NO, unshare, 0UL);
    SYS(NO, sethostname, "host", 4);
    SYS(NO, setdomainname, "host", 4);
}

static void mounts(void) {
    SYS(NO, mount, "none", "/tmp", "tmpfs", 0, 0);
    SYS(NO, mount, "/", "/tmp", 0, 4096, 0);
    SYS(NO, mount, "none", "/", 0, 32, 0);
    SYS(NO, mount, "cgroup", "/tmp", "cgroup", 0, "memory");
    SYS(NO, mount, "cgroup2", "/tmp", "cgroup2", 0, 0);
    SYS(NO, mount, "proc", "/tmp", "proc", 0, 0);
    SYS(NO, umount2, "/tmp", 2);
    SYS(NO, pivot_root, "/tmp", "/tmp");
    SYS(NO, chroot, "/tmp");
    SYS(NO, swapon, "/tmp/a", 0);
    SYS(NO, swapoff, "/tmp/a");
    SYS(NO, quotactl, 0, 0, 0, 0);
    SYS(GONE, open_tree, AT_FDCWD, "/", 1);
    SYS(GONE, move_mount, 0, "", 0, "", 0);
    SYS(GONE, fsopen, "ext4", 0);
    SYS(GONE, fsconfig, 0, 0, 0, 0, 0);
    SYS(GONE, fsmount, 0, 0, 0);
    SYS(GONE, fspick, AT_FDCWD, "/", 0);
    SYS(GONE, mount_setattr, AT_FDCWD, "/", 0, 0, 0);
    SYS(NO, name_to_handle_at, AT_FDCWD, "/", page, page, 0);
    SYS(NO, open_by_handle_at, AT_FDCWD, page, 0);
    SYS(NO, acct, "/tmp/a");
    SYS(NO, sync);
    SYS(NO, syncfs, 0);
    NUMBER(NO, 457, page, page, 0, 0); // statmount
    NUMBER(NO, 458, page, page, 0, 0); // listmount
    NUMBER(NO, 467, 0, 0, 0, 0, 0);    // open_tree_attr
}

static void others(void) {
    struct iovec io = {page, 8};
    SYS(NO, ptrace, 0, 0, 0, 0);
    SYS(NO, ptrace, 16, 1, 0, 0);
    SYS(NO, ptrace, 0x4206, getppid(), 0, 0);
    SYS(NO, process_vm_readv, 1, &io, 1, &io, 1, 0);
    SYS(NO, process_vm_writev, 1, &io, 1, &io, 1, 0);
    SYS(NO, kcmp, 1, getpid(), 0, 0, 0);
    int self = syscall(SYS_pidfd_open, getpid(), 0);
    SYS(NO, pidfd_getfd, self, 0, 0);
    NUMBER(GONE, 440, self, &io, 1, 4, 0); // process_madvise
    NUMBER(GONE, 448, self, 0);            // process_mrelease
    SYS(NO, migrate_pages, 0, 1, page, page);
    SYS(NO, move_pages, 1, 0, 0, 0, 0, 0);
    struct rlimit limit = {1, 1};
    SYS(NO, prlimit64, 1, RLIMIT_NOFILE, &limit, 0);
    SYS(NO, prlimit64, getpid(), RLIMIT_NOFILE, &limit, 0);
    for (int signal = 0; signal < 65; signal++) EXPECT(EPERM, "signal to init", kill(1, signal));
    EXPECT(ESRCH, "a process outside", kill(99999, 0));
}

static void machinery(void) {
    SYS(GONE, io_uring_setup, 8, page);
    SYS(GONE, io_uring_enter, 0, 1, 0, 0, 0, 0);
    SYS(GONE, io_uring_register, 0, 0, 0, 0);
    SYS(GONE, io_setup, 8, page);
    SYS(GONE, io_submit, 0, 1, page);
    SYS(NO, bpf, 0, page, 48);
    SYS(NO, bpf, 5, page, 120);
    SYS(NO, perf_event_open, page, 0, -1, -1, 0);
    SYS(GONE, userfaultfd, 0);
    SYS(GONE, userfaultfd, 1);
    SYS(GONE, add_key, "user", "a", "b", 1, -4);
    SYS(GONE, request_key, "user", "a", "b", -4);
    SYS(GONE, keyctl, 0, -4, 0, 0, 0);
    SYS(GONE, keyctl, 1, 0, 0, 0, 0);
    SYS(NO, seccomp, 1, 0, page);
    SYS(NO, seccomp, 2, 0, page);
    SYS(GONE, inotify_init1, 0);
    SYS(GONE, fanotify_init, 0, 0);
    SYS(GONE, memfd_secret, 0);
    NUMBER(GONE, 444, 0, 0, 0);    // landlock_create_ruleset
    NUMBER(GONE, 451, 0, page, page, 0); // cachestat
    SYS(GONE, openat2, AT_FDCWD, "/", page, 24);
    SYS(NO, init_module, page, 8, "");
    SYS(NO, finit_module, 0, "", 0);
    SYS(NO, delete_module, "loop", 0);
    SYS(NO, kexec_load, 0, 0, 0, 0);
    SYS(NO, kexec_file_load, 0, 0, 0, "", 0);
    SYS(NO, reboot, 0xfee1dead, 672274793, 0x1234567, 0);
    SYS(NO, syslog, 3, page, 100);
    SYS(NO, iopl, 3);
    SYS(NO, ioperm, 0, 1, 1);
    SYS(NO, vhangup);
    SYS(NO, modify_ldt, 0, page, 100);
    SYS(NO, modify_ldt, 1, page, 16);
    SYS(NO, settimeofday, page, 0);
    SYS(NO, clock_settime, 0, page);
    SYS(NO, adjtimex, page);
    SYS(NO, lookup_dcookie, 0, page, 8);
    SYS(NO, mbind, page, 4096, 0, 0, 0, 0);
    SYS(NO, set_mempolicy, 0, 0, 0);
    SYS(NO, setgroups, 0, page);
    SYS(NO, setxattr, "/tmp", "user.a", "b", 1, 0);
    NUMBER(NO, 453, 0, 0, 0); // map_shadow_stack
}

static void page_cache(void) {
    int pipes[2], file = open("/usr/bin/true", O_RDONLY), out = open("/tmp/out", O_CREAT | O_RDWR, 0600);
    if (pipe(pipes)) exit(1);
    SYS(NO, splice, file, 0, pipes[1], 0, 8, 0);
    SYS(NO, tee, pipes[0], pipes[1], 8, 0);
    SYS(NO, vmsplice, pipes[1], page, 1, 0);
    SYS(EINVAL, sendfile, out, file, 0, 8);
    SYS(GONE, copy_file_range, file, 0, out, 0, 8, 0);
    struct iovec io = {page, 8};
    SYS(EINVAL, preadv2, file, &io, 1, 0, 0, 8); // RWF_NOWAIT
    SYS(0, preadv2, file, &io, 1, 0, 0, 0);
    EXPECT(NO, "FICLONE", ioctl(out, 0x40049409, file));
    EXPECT(NO, "FICLONERANGE", ioctl(out, 0x4020940D, page));
    EXPECT(NO, "FIDEDUPERANGE", ioctl(out, 0xC0189436, page));
    EXPECT(NO, "TIOCSTI", ioctl(0, 0x5412, "a"));
    EXPECT(NO, "TIOCLINUX", ioctl(0, 0x541C, "a"));
    EXPECT(NO, "F_NOTIFY", fcntl(file, F_NOTIFY, 1));
    EXPECT(NO, "F_SETLEASE", fcntl(file, F_SETLEASE, F_RDLCK));
    EXPECT(NO, "MADV_MERGEABLE", madvise(page, 4096, MADV_MERGEABLE));
    EXPECT(EINVAL, "O_DIRECT", open("/usr/bin/true", O_RDONLY | O_DIRECT));
    EXPECT(EINVAL, "O_DIRECT at", openat(AT_FDCWD, "/usr/bin/true", O_RDONLY | O_DIRECT));
    EXPECT(EINVAL, "O_DIRECT later", fcntl(file, F_SETFL, O_DIRECT));
    EXPECT(0, "F_SETFL", fcntl(out, F_SETFL, O_APPEND | O_NONBLOCK));
    EXPECT(EACCES, "write to a runtime file", open("/usr/bin/true", O_RDWR) < 0 && errno == EROFS ? (errno = EACCES, -1) : -1);
    EXPECT(EACCES, "shared writable mapping of it", mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? -1 : 0);
}

static void options(void) {
    static const int refused[] = {
        PR_SET_MM, PR_SET_SECUREBITS, PR_GET_SECUREBITS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_SET_SECCOMP, PR_SET_KEEPCAPS,
        PR_SET_PTRACER, PR_SET_SPECULATION_CTRL, PR_MCE_KILL, PR_SET_TSC, PR_SET_ENDIAN, PR_SET_IO_FLUSHER, 62 /* sched core */,
        59 /* syscall dispatch */, 65 /* mdwe */, 67 /* memory merge */, 71, 72, 75,
    };
    for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++) {
        char what[32];
        snprintf(what, sizeof what, "prctl %d", refused[i]);
        EXPECT(NO, what, prctl(refused[i], 1, 0, 0, 0));
    }
    SYS(NO, personality, 0x0008);    // PER_LINUX32
    SYS(NO, personality, 0x0100000); // MMAP_PAGE_ZERO
    SYS(NO, personality, 0x0400000); // READ_IMPLIES_EXEC
    SYS(EINVAL, setuid, 0);            // not there in this user namespace
    SYS(NO, setresuid, 999, 999, 999); // init's
    SYS(NO, setresgid, 999, 999, 999);
    SYS(EINVAL, setreuid, 65534, 65534);
    EXPECT(NO, "a device node", mknod("/tmp/null", S_IFCHR | 0666, 0x103));
    EXPECT(NO, "a block device", mknod("/tmp/disk", S_IFBLK | 0666, 0xfe00));
    EXPECT(NO, "a device node at", mknodat(AT_FDCWD, "/tmp/null", S_IFCHR | 0666, 0x103));
}

int main(void) {
    namespaces();
    mounts();
    others();
    machinery();
    page_cache();
    options();
    static const long unknown[] = {470, 471, 480, 500, 512, 547, 600, 1000, 4096, 65536, 0x3fffffff};
    for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) EXPECT(GONE, "a number to come", syscall(unknown[i], 0, 0, 0, 0, 0, 0));
    return done();
}
