// LD_PRELOAD library: counts fsync and fdatasync, of all processes that load it, in the first eight
// bytes of the file COUNTSYNC_FILE.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int (*real_fsync)(int), (*real_fdatasync)(int);
static unsigned long *count;

// Before main, so that no two threads meet here. A wrong count would look like a right one: without
// the file the program does not run.
__attribute__((constructor)) static void prepare(void) {
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *path = getenv("COUNTSYNC_FILE");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared = file < 0 ? MAP_FAILED
        : mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (shared == MAP_FAILED) {
        perror(path ? path : "COUNTSYNC_FILE");
        _exit(71);
    }
    close(file);
    count = shared;
}

int fsync(int file) {
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
    return real_fsync(file);
}

int fdatasync(int file) {
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
    return real_fdatasync(file);
}
