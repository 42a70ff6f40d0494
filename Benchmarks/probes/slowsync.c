// LD_PRELOAD library: every fsync and fdatasync takes SLOWSYNC_US microseconds longer (at most one
// second), as on a disk whose flush costs something.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int (*real_fsync)(int), (*real_fdatasync)(int);
static long delay_us;

// Before main, so that no two threads meet here.
__attribute__((constructor)) static void prepare(void) {
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *text = getenv("SLOWSYNC_US");
    long us = text ? atol(text) : 0;
    delay_us = us < 0 ? 0 : us > 1000000 ? 1000000 : us;
}

static int slow(int (*flush)(int), int file) {
    int result = flush(file), error = errno;
    struct timespec left = {delay_us / 1000000, delay_us % 1000000 * 1000};
    while (delay_us > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) {}
    errno = error;
    return result;
}

int fsync(int file) { return slow(real_fsync, file); }

int fdatasync(int file) { return slow(real_fdatasync, file); }
