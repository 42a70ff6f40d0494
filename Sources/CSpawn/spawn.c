#define _GNU_SOURCE
#include "CSpawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// vfork(2) rather than posix_spawn(3), which has no room for what must happen between setsid and
// the program's first instruction: the note. Written by this process after the start, it would be
// missing when this process is killed in between, and a program that hides its environment by then
// would never be found. Both share the memory until the program is
// executed, and this thread waits so long.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FORKS_IN_TRUTH 1
#endif
#endif

struct start {
    char *const *argv;
    char *const *envp;
    const char *directory;
    int in, out, err, note;
    int64_t latest_us;
    // Where a failure is told; closed by a program that begins.
    int report;
};

struct failure {
    int step, error;
};

static _Noreturn void give_up(int report, int step, int error) {
    struct failure failure = {step, error};
    // Eight bytes into an empty pipe; without them the parent takes the start for one.
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) {
    }
    _exit(127);
}

// dup2(2), which does nothing for a descriptor that is in its place, where it must not be closed.
static int place(int descriptor, int target) {
    if (descriptor == target) return fcntl(descriptor, F_SETFD, 0);
    return dup2(descriptor, target);
}

// Copies this process's own stat: its session, which is its pid, and when it was started, by which
// it is told from a later process of that pid.
static int write_note(int note) {
    char text[1024];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno;
    ssize_t count = read(file, text, sizeof text);
    int error = count < 0 ? errno : 0;
    close(file);
    if (error != 0) return error;
    ssize_t written;
    do written = write(note, text, (size_t)count);
    while (written < 0 && errno == EINTR);
    if (written < 0) return errno;
    return written == count ? 0 : ENOSPC;
}

// The child's part. It shares the parent's memory: nothing but system calls and its own frame.
static _Noreturn void become(const struct start *start) {
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;
    struct timespec now;
    // Of the two signals that belong to the C library it refuses to hear.
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &by_default, NULL);
    setsid();
    if (place(start->in, 0) < 0 || place(start->out, 1) < 0 || place(start->err, 2) < 0)
        give_up(start->report, SAMOVAR_STEP_PROGRAM, errno);
    if (start->note >= 0) {
        int error = write_note(start->note);
        if (error != 0) give_up(start->report, SAMOVAR_STEP_NOTE, error);
    }
    // Not before the note: the worker's lock is among these descriptors, and whoever finds it free
    // must find the note as well. Also what this process was started with, or a library opened
    // without O_CLOEXEC.
    int report = 3;
    if (start->report != report && dup3(start->report, report, O_CLOEXEC) < 0)
        give_up(start->report, SAMOVAR_STEP_PROGRAM, errno);
    closefrom(report + 1);
    // With no lock in hand: a mount that does not answer holds up this child alone.
    if (start->directory != NULL && chdir(start->directory) < 0)
        give_up(report, SAMOVAR_STEP_PROGRAM, errno);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // The last before the program: a parent that is stopped by SIGSTOP is not in here.
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 >= start->latest_us)
        give_up(report, SAMOVAR_STEP_TIME, ETIME);
    execve(start->argv[0], start->argv, start->envp);
    give_up(report, SAMOVAR_STEP_PROGRAM, errno);
}

// Returns the child's pid, or a negative errno. When it returns, the child has become the program,
// or has told its failure.
static pid_t start_child(const struct start *start) {
    sigset_t all, before;
    // A handler of this process must not run in the child, which has its memory.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = vfork();
    if (pid == 0) become(start);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid < 0 ? -error : pid;
}

static void reap(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

// Whether the child told a failure. It has by now: an empty pipe that somebody has open belongs to
// another child, started by another thread, and is not waited for.
static int was_told(int report, struct failure *failure) {
    ssize_t count;
    do count = read(report, failure, sizeof *failure);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof *failure;
}

int samovar_spawn(char *const argv[], char *const envp[], const char *directory,
                  int in, int out, int err, int note, int64_t latest_us,
                  pid_t *pid, int *pidfd, int *step) {
    int report[2];
    *step = SAMOVAR_STEP_PROGRAM;
#ifdef FORKS_IN_TRUTH
    // The thread sanitizer makes a fork of vfork: there the parent has to wait.
    if (pipe2(report, O_CLOEXEC) != 0) return errno;
#else
    if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
#endif
    struct start start = {argv, envp, directory, in, out, err, note, latest_us, report[1]};
    pid_t child = start_child(&start);
    close(report[1]);
    struct failure failure;
    int failed = child > 0 && was_told(report[0], &failure);
    close(report[0]);
    if (child < 0) return -child;
    if (failed) {
        reap(child);
        *step = failure.step;
        return failure.error;
    }
    // The pid is ours until it is reaped, so it cannot name another process here.
    int descriptor = samovar_pidfd_open(child);
    if (descriptor < 0) {
        kill(-child, SIGKILL);
        reap(child);
        return -descriptor;
    }
    *pid = child;
    *pidfd = descriptor;
    return 0;
}

int samovar_await_end(pid_t pid, int *code, int *signal) {
    siginfo_t end;
    int result;
    do result = waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT);
    while (result < 0 && errno == EINTR);
    if (result < 0) return errno;
    int exited = end.si_code == CLD_EXITED;
    *code = exited ? end.si_status : -1;
    *signal = exited ? -1 : end.si_status;
    return 0;
}

int samovar_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}
