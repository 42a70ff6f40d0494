// How many programs this machine starts and awaits: posix_spawn and waitpid of /bin/true.
// usage: spawn THREADS SECONDS  ->  programs per second
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;
static double end;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void *spawn_until_end(void *count) {
    char *argv[] = {"/bin/true", NULL};
    while (now() < end) {
        pid_t pid;
        int status;
        if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) != 0
            || waitpid(pid, &status, 0) != pid || status != 0) {
            fprintf(stderr, "cannot run /bin/true\n");
            exit(1);
        }
        ++*(long *)count;
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    int threads = atoi(argv[1]);
    if (threads < 1 || threads > 64) return 64;
    pthread_t ids[64];
    long counts[64] = {0}, sum = 0;
    double start = now();
    end = start + atof(argv[2]);
    for (int i = 0; i < threads; i++) pthread_create(&ids[i], NULL, spawn_until_end, &counts[i]);
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        sum += counts[i];
    }
    printf("%.0f\n", sum / (now() - start));
    return 0;
}
