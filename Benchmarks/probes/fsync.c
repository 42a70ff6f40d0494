// What a durable append costs here: writes 8 KiB and flushes, again and again, for some seconds.
// usage: fsync FILE SECONDS  ->  appends per second, p50 and p99 in microseconds
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b) {
    double d = *(const double *)a - *(const double *)b;
    return d < 0 ? -1 : d > 0;
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    int file = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0) { perror(argv[1]); return 1; }
    static char block[8192];
    static double times[1000000];
    memset(block, 's', sizeof block);
    double start = now(), end = start + atof(argv[2]);
    int n = 0;
    for (double before = start; before < end && n < 1000000; n++) {
        if (write(file, block, sizeof block) != sizeof block || fdatasync(file) != 0) {
            perror("append");
            return 1;
        }
        double after = now();
        times[n] = after - before;
        before = after;
    }
    double seconds = now() - start;
    qsort(times, n, sizeof *times, compare);
    printf("%.0f %.0f %.0f\n", n / seconds, times[n / 2] * 1e6, times[n * 99 / 100] * 1e6);
    return 0;
}
