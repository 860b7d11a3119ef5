// Has the host's disk flushed and its page cache dropped through files that all jobs share.
#include "attack.h"

int main(void) {
    int file = open("/usr/bin/true", O_RDONLY), folder = open("/piston/packages", O_RDONLY);
    for (int i = 0; i < 2000; i++) {
        EXPECT(0, "fsync", fsync(file));
        EXPECT(0, "fdatasync", fdatasync(folder));
        EXPECT(0, "sync_file_range", sync_file_range(file, 0, 0, 7));
        EXPECT(0, "dropping the cache", posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED));
    }
    void *page = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
    EXPECT(0, "msync", msync(page, 4096, MS_SYNC));
    EXPECT(EPERM, "sync", syscall(SYS_sync));
    EXPECT(EPERM, "syncfs", syncfs(file));
    EXPECT(EPERM, "paging out", madvise(page, 4096, 21) == 0 ? (errno = EPERM, -1) : -1);
    return done();
}
