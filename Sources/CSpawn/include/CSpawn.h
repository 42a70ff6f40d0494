// What Linux says and does about processes, which Swift's Glibc module does not show.
#ifndef SAMOVAR_CSPAWN_H
#define SAMOVAR_CSPAWN_H

#include <stdint.h>
#include <sys/types.h>

// Where a start failed.
enum samovar_step {
    // The program could not be executed, or its folder not entered.
    SAMOVAR_STEP_PROGRAM = 0,
    // The note could not be written.
    SAMOVAR_STEP_NOTE = 1,
    // It was too late.
    SAMOVAR_STEP_TIME = 2,
};

// Starts argv[0] (never looked up) in a session of its own, with no signal blocked or ignored, with
// exactly the given environment, and with in, out and err as its 0, 1 and 2 and no other
// descriptor. directory may be NULL.
//
// Before the program's first instruction its own /proc/PID/stat is written to note (none: -1), and
// CLOCK_MONOTONIC is below latest_us microseconds (always: INT64_MAX).
//
// On success returns 0 and sets *pid and *pidfd (close-on-exec; readable when the program ended);
// otherwise returns an errno and sets *step.
int samovar_spawn(char *const argv[], char *const envp[], const char *directory,
                  int in, int out, int err, int note, int64_t latest_us,
                  pid_t *pid, int *pidfd, int *step);

// Waits for the end of a child, which stays to be reaped. One of *code and *signal is set, the
// other one is -1. Returns 0, or an errno.
int samovar_await_end(pid_t pid, int *code, int *signal);

// pipe2(2) with O_CLOEXEC: returns 0, or an errno.
int samovar_pipe(int *read_end, int *write_end);

// What /proc/PID/stat has of a process (proc(5)).
struct samovar_process {
    int32_t pid, parent, group, session;
    int32_t state;
    uint64_t flags, threads, started;
    // 0 while it is being executed, when it has lost its memory, and to who may not know.
    uint64_t environment_end;
};

// Opens a file for reading, and waits while this process or the system has too many open: returns the
// descriptor, or a negative errno. So do the next two.
int samovar_open(const char *path);

// Returns 0, or an errno: ENOENT or ESRCH when there is no such process.
int samovar_look(pid_t pid, struct samovar_process *process);

// Reads the text of a /proc/PID/stat: returns 0, or EINVAL when it is none.
int samovar_read_stat(const char *text, struct samovar_process *process);

// Writes at most capacity pids of /proc and returns how many there are; -1 when /proc cannot be
// read.
int samovar_pids(pid_t *pids, int capacity);

// pidfd_open(2): returns the descriptor, or a negative errno.
int samovar_pidfd_open(pid_t pid);

// pidfd_send_signal(2): returns 0, or an errno.
int samovar_pidfd_kill(int pidfd, int signal);

#endif
