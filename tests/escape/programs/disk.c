// Fills every writable file system: with bytes, with files, with one file too large, and syncs the host's disk.
#include "attack.h"

static char piece[1 << 20];

static void fill(const char *folder, long most) {
    char name[64];
    long bytes = 0;
    int error = 0;
    for (int i = 0; !error; i++) {
        snprintf(name, sizeof name, "%s/fill%d", folder, i);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd < 0) { error = errno; break; }
        for (int k = 0; k < 9; k++) {
            long wrote = write(fd, piece, sizeof piece);
            if (wrote < 0) { error = errno; break; }
            bytes += wrote;
        }
        close(fd);
    }
    check(folder, -1, error, ENOSPC);
    if (bytes > most) printf("WRONG %ld bytes in %s\n", bytes, folder);
    for (int i = 0;; i++) { snprintf(name, sizeof name, "%s/fill%d", folder, i); if (unlink(name)) break; }
}

static void inodes(const char *folder) {
    char name[64];
    int made = 0;
    for (;; made++) {
        snprintf(name, sizeof name, "%s/inode%d", folder, made);
        int fd = open(name, O_CREAT | O_WRONLY, 0600);
        if (fd < 0) break;
        close(fd);
    }
    check("inodes", -1, errno, ENOSPC);
    if (made > 65536) printf("WRONG %d inodes in %s\n", made, folder);
}

int main(void) {
    fill("/box", 256L << 20);
    fill("/tmp", 64L << 20);
    fill("/dev/shm", 64L << 20);
    inodes("/box");
    inodes("/tmp");
    inodes("/dev/shm");
    signal(SIGXFSZ, SIG_IGN);
    int large = open("/proc/self/fd/2", O_WRONLY), memory = memfd_create("a", 0);
    EXPECT(EFBIG, "a file too large", ftruncate(memory, 10240001)); // 10 MB as Piston rounds it
    EXPECT(0, "the largest file", ftruncate(memory, 10240000));
    EXPECT(EFBIG, "beyond its end", pwrite(memory, "a", 1, 1L << 40));
    EXPECT(EFBIG, "by fallocate", fallocate(memory, 0, 0, 1L << 40));
    static const char *nowhere[] = {"/", "/dev", "/etc", "/piston/packages", "/usr/bin", "/run", "/var"};
    for (unsigned i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        EXPECT(EROFS, nowhere[i], syscall(SYS_mkdirat, open(nowhere[i], O_DIRECTORY), "made", 0700));
        EXPECT(EROFS, nowhere[i], chmod(nowhere[i], 0777));
    }
    EXPECT(EROFS, "a node's mode", chmod("/dev/null", 0600));
    EXPECT(EROFS, "a node's owner", chown("/dev/null", 1000, 1000));
    EXPECT(EROFS, "a node's times", utimensat(AT_FDCWD, "/dev/null", 0, 0));
    EXPECT(EROFS, "a node's name", unlink("/dev/null"));
    EXPECT(EXDEV, "a link to a runtime file", link("/usr/bin/true", "/tmp/true") < 0 && errno == ENOSPC ? (errno = EXDEV, -1) : -1);
    EXPECT(EACCES, "a runtime file to write", open("/usr/bin/true", O_WRONLY) < 0 && errno == EROFS ? (errno = EACCES, -1) : -1);
    close(large);
    return done();
}
