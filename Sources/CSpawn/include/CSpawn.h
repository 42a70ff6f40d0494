// The GNU parts of process creation, which Swift's Glibc module does not show.
#ifndef SAMOVAR_CSPAWN_H
#define SAMOVAR_CSPAWN_H

#include <sys/types.h>

// Starts argv[0] (never looked up) in a session of its own, with no signal blocked or ignored, with
// exactly the given environment, and with in, out and err as its 0, 1 and 2 and no other
// descriptor. directory may be NULL.
// On success returns 0 and sets *pid and *pidfd (close-on-exec; readable when the program ended);
// otherwise returns an errno.
int samovar_spawn(char *const argv[], char *const envp[], const char *directory,
                  int in, int out, int err, pid_t *pid, int *pidfd);

// pipe2(2) with O_CLOEXEC: returns 0, or an errno.
int samovar_pipe(int *read_end, int *write_end);

#endif
