// What it may use can't be raised, and how it is chosen to die can't be changed.
#include "attack.h"

static int put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) return -1;
    long wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote < 0 ? -1 : 0;
}

int main(int count, char **args) {
    static const int fixed[] = {RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_MSGQUEUE};
    for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        struct rlimit limit;
        getrlimit(fixed[i], &limit);
        if (limit.rlim_max == RLIM_INFINITY) printf("WRONG limit %d\n", fixed[i]);
        limit.rlim_max++;
        EXPECT(EPERM, "raising a limit", setrlimit(fixed[i], &limit));
    }
    // Where the node itself may not pin the value, a program can still not be safer than the host's own processes.
    if (count > 1 && !strcmp(args[1], "pinned")) EXPECT(EACCES, "oom_score_adj", put("/proc/self/oom_score_adj", "999"));
    EXPECT(EACCES, "oom_score_adj", put("/proc/self/oom_score_adj", "-1"));
    EXPECT(EACCES, "oom_score_adj", put("/proc/self/oom_score_adj", "-1000"));
    EXPECT(EACCES, "a better priority", setpriority(PRIO_PROCESS, 0, -1));
    EXPECT(EPERM, "real time", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1}));
    EXPECT(EPERM, "real time", sched_setscheduler(0, SCHED_RR, &(struct sched_param){1}));
    EXPECT(EPERM, "init's priority", setpriority(PRIO_PROCESS, 1, 19));
    EXPECT(EPERM, "init's cpus", syscall(SYS_sched_setaffinity, 1, 8, &(long){1}));
    EXPECT(EPERM, "disk priority", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
    EXPECT(ENOMEM, "locked memory", mlock(&fixed, 4096) < 0 && errno == EPERM ? (errno = ENOMEM, -1) : -1);
    EXPECT(EPERM, "uid map", put("/proc/self/uid_map", "0 0 1\n"));
    EXPECT(EPERM, "gid map", put("/proc/self/gid_map", "0 0 1\n"));
    static const char *absent[] = {
        "/proc/sys", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/1",
        "/proc/1/exe", "/proc/1/fd", "/proc/1/root", "/proc/1/mem", "/proc/2", "/proc/meminfo", "/proc/cpuinfo", "/proc/modules",
        "/proc/kallsyms", "/proc/mounts/x", "/proc/acpi", "/proc/bus", "/proc/irq", "/proc/scsi", "/proc/timer_list", "/proc/sched_debug",
        "/proc/loadavg", "/proc/version", "/proc/cmdline", "/proc/config.gz", "/proc/partitions", "/proc/diskstats", "/proc/interrupts",
        "/sys", "/sys/fs/cgroup", "/sys/kernel", "/dev/kmsg", "/dev/mem", "/dev/kvm", "/dev/fuse", "/dev/ptmx", "/dev/tty", "/dev/console",
        "/dev/vda", "/dev/sda", "/dev/net/tun", "/dev/userfaultfd", "/dev/vsock", "/root", "/home", "/boot", "/mnt",
        "/etc/shadow", "/var/lib/codecapsule", "/run/systemd", "/.dockerenv", "/lib/modules",
    };
    for (unsigned i = 0; i < sizeof absent / sizeof *absent; i++) {
        struct stat status;
        if (stat(absent[i], &status) == 0) printf("WRONG %s is there\n", absent[i]);
        checked++;
    }
    return done();
}
