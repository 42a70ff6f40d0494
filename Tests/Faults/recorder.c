/* Notes all that changes the files of one folder, so that a test can say what a power cut would have
 * left of them.
 *
 * Built by the tests and loaded into programs with LD_PRELOAD, in front of faults.c: what that makes
 * fail is noted as failed. SAMOVAR_RECORDING names the file of notes, SAMOVAR_RECORDED the folder.
 * Several processes may write to the same notes.
 *
 * Each note is a header of 40 bytes in the machine's byte order, the file's name, and the bytes that
 * were written:
 *
 *     u32 kind    w(rite), t(runcate), b(egin to sync), s(ynced), f(ailed to sync), u(nlink)
 *     u32 thread  a sync's begin and end have the same
 *     u64 file    its inode: a name may lead to another file later
 *     u64 offset  where it was written, or the new length
 *     u64 length  of what was written
 *     u32 name    its length
 *     u32 unused
 *
 * A write is noted when it has returned: what another thread notes between a sync's begin and its end may
 * or may not be part of that sync.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
    uint32_t kind, thread;
    uint64_t file, offset, length;
    uint32_t name, unused;
};

static int notes = -1;
static char folder[PATH_MAX];
static size_t folder_length;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void) {
    const char *path = getenv("SAMOVAR_RECORDING");
    const char *recorded = getenv("SAMOVAR_RECORDED");
    if (!path || !recorded || !realpath(recorded, folder)) return;
    folder_length = strlen(folder);
    notes = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* The name of a file of the folder; 0 for all others. */
static const char *name_of(int file, char path[PATH_MAX]) {
    pthread_once(&once, begin);
    if (notes < 0 || file < 0 || file == notes) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (strncmp(path, folder, folder_length) != 0 || path[folder_length] != '/') return 0;
    return path + folder_length + 1;
}

static void put(uint32_t kind, const char *name, uint64_t inode, uint64_t offset, const void *bytes,
                uint64_t length) {
    struct header header = {kind, (uint32_t)syscall(SYS_gettid), inode, offset, length,
                            (uint32_t)strlen(name), 0};
    struct iovec parts[3] = {
        {&header, sizeof header}, {(void *)name, header.name}, {(void *)bytes, length}};
    /* Straight to the kernel: this library's own writev would note it. */
    long wanted = (long)(sizeof header + header.name + length);
    if (syscall(SYS_writev, notes, parts, bytes ? 3 : 2) != wanted) abort();
}

static void note(uint32_t kind, int file, int64_t offset, const void *bytes, int64_t length) {
    int saved = errno;
    char path[PATH_MAX];
    struct stat info;
    const char *name = name_of(file, path);
    if (name && fstat(file, &info) == 0)
        put(kind, name, info.st_ino, (uint64_t)offset, bytes, (uint64_t)length);
    errno = saved;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int64_t standing(int file) {
    int saved = errno;
    int64_t place = lseek(file, 0, SEEK_CUR);
    if (place >= 0 && (fcntl(file, F_GETFL) & O_APPEND)) place = lseek(file, 0, SEEK_END);
    errno = saved;
    return place;
}

static int sync_with(int (*sync)(int), int file) {
    note('b', file, 0, 0, 0);
    int result = sync(file);
    note(result == 0 ? 's' : 'f', file, 0, 0, 0);
    return result;
}

int fsync(int file) { return sync_with(NEXT(fsync), file); }
int fdatasync(int file) { return sync_with(NEXT(fdatasync), file); }

ssize_t write(int file, const void *bytes, size_t count) {
    int64_t place = standing(file);
    ssize_t written = NEXT(write)(file, bytes, count);
    if (written > 0 && place >= 0) note('w', file, place, bytes, written);
    return written;
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    ssize_t written = NEXT(pwrite64)(file, bytes, count, offset);
    if (written > 0) note('w', file, offset, bytes, written);
    return written;
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    ssize_t written = NEXT(pwrite)(file, bytes, count, offset);
    if (written > 0) note('w', file, offset, bytes, written);
    return written;
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    int64_t place = standing(file);
    ssize_t written = NEXT(writev)(file, parts, count);
    for (int64_t left = written, index = 0; left > 0 && place >= 0; index++) {
        int64_t length = (int64_t)parts[index].iov_len < left ? (int64_t)parts[index].iov_len : left;
        note('w', file, place, parts[index].iov_base, length);
        place += length;
        left -= length;
    }
    return written;
}
int ftruncate64(int file, off64_t length) {
    int result = NEXT(ftruncate64)(file, length);
    if (result == 0) note('t', file, length, 0, 0);
    return result;
}
int ftruncate(int file, off_t length) {
    int result = NEXT(ftruncate)(file, length);
    if (result == 0) note('t', file, length, 0, 0);
    return result;
}
int unlink(const char *path) {
    char real[PATH_MAX];
    struct stat info;
    int is_there = stat(path, &info) == 0 && realpath(path, real) != 0;
    int result = NEXT(unlink)(path);
    int saved = errno;
    pthread_once(&once, begin);
    if (result == 0 && is_there && notes >= 0 && strncmp(real, folder, folder_length) == 0
        && real[folder_length] == '/')
        put('u', real + folder_length + 1, info.st_ino, 0, 0, 0);
    errno = saved;
    return result;
}
