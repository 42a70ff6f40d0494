#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int samovar_spawn(char *const argv[], char *const envp[], const char *directory,
                  int in, int out, int err, pid_t *pid, int *pidfd) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = posix_spawnattr_init(&attributes);
    if (result != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return result;
    }

    sigemptyset(&none);
    sigfillset(&all);
    if ((result = posix_spawn_file_actions_adddup2(&actions, in, 0)) == 0
        && (result = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0
        && (result = posix_spawn_file_actions_adddup2(&actions, err, 2)) == 0
        // Also what this process was started with, or a library opened without O_CLOEXEC.
        && (result = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) == 0
        && (directory == NULL
            || (result = posix_spawn_file_actions_addchdir_np(&actions, directory)) == 0)
        && (result = posix_spawnattr_setsigmask(&attributes, &none)) == 0
        && (result = posix_spawnattr_setsigdefault(&attributes, &all)) == 0
        && (result = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID
                | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) == 0)
        result = posix_spawn(pid, argv[0], &actions, &attributes, argv, envp);

    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (result != 0) return result;

    // The pid is ours until it is reaped, so it cannot name another process here.
    *pidfd = (int)syscall(SYS_pidfd_open, *pid, 0);
    if (*pidfd >= 0) return 0;
    result = errno;
    kill(-*pid, SIGKILL);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return result;
}

int samovar_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}
