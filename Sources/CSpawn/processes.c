#define _GNU_SOURCE
#include "CSpawn.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// A process that cannot be looked at for want of a descriptor is not gone: whoever asks waits until
// there is one, since what is taken for gone runs a second time.
static int waits_for_descriptor(void) {
    if (errno != EMFILE && errno != ENFILE) return 0;
    struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
    return 1;
}

int samovar_open(const char *path) {
    int file;
    do file = open(path, O_RDONLY | O_CLOEXEC);
    while (file < 0 && waits_for_descriptor());
    return file < 0 ? -errno : file;
}

int samovar_read_stat(const char *text, struct samovar_process *process) {
    // The name is in parentheses and may contain anything; the fields from the third on follow it.
    const char *end = strrchr(text, ')');
    if (end == NULL) return EINVAL;
    memset(process, 0, sizeof *process);
    process->pid = (int32_t)strtol(text, NULL, 10);
    const char *field = end + 1;
    int number = 3;
    for (;; number++) {
        while (*field == ' ') field++;
        if (*field == '\0' || *field == '\n') break;
        // Of a negative number, which none of these is, the two's complement.
        uint64_t value = strtoull(field, NULL, 10);
        switch (number) {
        case 3: process->state = *field; break;
        case 4: process->parent = (int32_t)value; break;
        case 5: process->group = (int32_t)value; break;
        case 6: process->session = (int32_t)value; break;
        case 9: process->flags = value; break;
        case 20: process->threads = value; break;
        case 22: process->started = value; break;
        case 51: process->environment_end = value; break;
        }
        while (*field != ' ' && *field != '\0' && *field != '\n') field++;
    }
    return number > 22 ? 0 : EINVAL;
}

int samovar_look(pid_t pid, struct samovar_process *process) {
    char path[32], text[2048];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = samovar_open(path);
    if (file < 0) return -file;
    ssize_t count = read(file, text, sizeof text - 1);
    int error = count < 0 ? errno : 0;
    close(file);
    if (error != 0) return error;
    text[count] = '\0';
    return samovar_read_stat(text, process);
}

int samovar_pids(pid_t *pids, int capacity) {
    DIR *folder;
    do folder = opendir("/proc");
    while (folder == NULL && waits_for_descriptor());
    if (folder == NULL) return -1;
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        if (count < capacity) pids[count] = (pid_t)strtol(entry->d_name, NULL, 10);
        count++;
    }
    closedir(folder);
    return count;
}

int samovar_pidfd_open(pid_t pid) {
    int descriptor = (int)syscall(SYS_pidfd_open, pid, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int samovar_pidfd_kill(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? errno : 0;
}
