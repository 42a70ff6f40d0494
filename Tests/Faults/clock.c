/* A wall clock that a test sets, while the monotonic ones go on as ever.
 *
 * Built by the tests and loaded into programs with LD_PRELOAD. SAMOVAR_CLOCK names a file of eight bytes,
 * little-endian: how many microseconds the wall clock is ahead of the machine's. It may be written at
 * any time, and counts from the next look at a clock on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SAMOVAR_CLOCK");
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) abort();
    void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (page == MAP_FAILED) abort();
    ahead = page;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result != 0 || !ahead) return result;
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return result;
    int64_t step = *ahead;
    int64_t microseconds = now->tv_nsec / 1000 + step % 1000000;
    now->tv_sec += step / 1000000;
    now->tv_nsec %= 1000;
    for (; microseconds < 0; microseconds += 1000000) now->tv_sec--;
    for (; microseconds >= 1000000; microseconds -= 1000000) now->tv_sec++;
    now->tv_nsec += microseconds * 1000;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec time;
    int result = clock_gettime(CLOCK_REALTIME, &time);
    if (result == 0) *now = (struct timeval){time.tv_sec, time.tv_nsec / 1000};
    return result;
}

time_t time(time_t *seconds) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (seconds) *seconds = now.tv_sec;
    return now.tv_sec;
}
