/* A disk that fails or is slow when a test says so.
 *
 * Built by the tests and loaded into a program with LD_PRELOAD: SQLite and Swift call libc, and find
 * these functions first. SAMOVAR_FAULTS names a control file. Each of its lines is a rule:
 *
 *     CALL SUFFIX SKIP COUNT EFFECT
 *
 * CALL    sync (fsync, fdatasync), write (write, pwrite, pwritev ...), read, or truncate
 * SUFFIX  how the path of the file ends: queue.db-wal
 * SKIP    so many calls go through first
 * COUNT   so many calls are hit then; -1: all
 * EFFECT  an errno in decimal, so many milliseconds of delay with an `m` behind: 1000m, or `hold`:
 *         wait as long as there is a file CONTROL.hold, five minutes at most
 *
 * The file may be replaced at any time (by rename, so that nobody reads half of it); its counters
 * begin anew then. Each hit is noted in a line of CONTROL.hits, with the place in the file that it was
 * about (-1: none).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { RULES_MOST = 16, PATH_LENGTH = 512 };
/* Between two looks whether a hold is over, and how many of them: five minutes. */
enum { HOLD_PAUSE_NANOSECONDS = 5000000, HOLD_LOOKS_MOST = 60000 };

enum effect { FAILS, IS_DELAYED, IS_HELD };

struct rule {
    char call[16];
    char suffix[128];
    long skip;
    long count;
    enum effect effect;
    /* The errno, or the milliseconds. */
    long number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rule rules[RULES_MOST];
static int rule_count;
static ino_t control_inode;
static struct timespec control_time;

/* Reads the control file when it is another one than last time; the caller holds the lock. */
static void refresh(const char *control) {
    struct stat info;
    if (stat(control, &info) != 0) {
        rule_count = 0;
        control_inode = 0;
        return;
    }
    if (info.st_ino == control_inode && info.st_mtim.tv_sec == control_time.tv_sec
        && info.st_mtim.tv_nsec == control_time.tv_nsec)
        return;
    control_inode = info.st_ino;
    control_time = info.st_mtim;
    rule_count = 0;
    char text[4096];
    int file = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
    close(file);
    if (length < 0) return;
    text[length] = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) && rule_count < RULES_MOST;) {
        struct rule *rule = &rules[rule_count];
        char effect[16];
        if (sscanf(line, "%15s %127s %ld %ld %15s", rule->call, rule->suffix, &rule->skip,
                   &rule->count, effect) != 5)
            continue;
        rule->number = strtol(effect, NULL, 10);
        if (strcmp(effect, "hold") == 0) rule->effect = IS_HELD;
        else rule->effect = effect[strlen(effect) - 1] == 'm' ? IS_DELAYED : FAILS;
        rule_count++;
    }
}

static int ends_with(const char *text, const char *suffix) {
    size_t length = strlen(text), wanted = strlen(suffix);
    return length >= wanted && strcmp(text + length - wanted, suffix) == 0;
}

static void note(const char *control, const struct rule *rule, long place) {
    char path[PATH_LENGTH], line[256];
    snprintf(path, sizeof path, "%s.hits", control);
    static const char *const kinds[] = {[FAILS] = "", [IS_DELAYED] = "m", [IS_HELD] = "hold"};
    int length = snprintf(line, sizeof line, "%s %s %ld%s %ld\n", rule->call, rule->suffix,
                          rule->number, kinds[rule->effect], place);
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                            0644);
    if (file < 0) return;
    (void)!syscall(SYS_write, file, line, (size_t)length);
    close(file);
}

static void wait_milliseconds(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {}
}

/* Ends as well when a test is over and its folder gone. */
static void wait_until_released(const char *control) {
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "%s.hold", control);
    struct timespec pause = {0, HOLD_PAUSE_NANOSECONDS};
    for (int look = 0; look < HOLD_LOOKS_MOST && access(path, F_OK) == 0; look++)
        nanosleep(&pause, NULL);
}

/* Returns the errno that a call must fail with, or 0; waits when the rule says so. */
static int effect_on(const char *call, int descriptor, long place) {
    const char *control = getenv("SAMOVAR_FAULTS");
    if (!control) return 0;
    int saved = errno;
    pthread_mutex_lock(&lock);
    refresh(control);
    int is_hit = 0;
    struct rule hit;
    if (rule_count > 0) {
        char link[64], path[PATH_LENGTH];
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
        for (int index = 0; index < rule_count && !is_hit; index++) {
            struct rule *rule = &rules[index];
            if (strcmp(rule->call, call) != 0 || !ends_with(path, rule->suffix)) continue;
            if (rule->skip > 0) {
                rule->skip--;
                continue;
            }
            if (rule->count == 0) continue;
            if (rule->count > 0) rule->count--;
            hit = *rule;
            is_hit = 1;
        }
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    if (!is_hit) return 0;
    note(control, &hit, place);
    errno = saved;
    if (hit.effect == FAILS) return (int)hit.number;
    if (hit.effect == IS_DELAYED) wait_milliseconds(hit.number);
    if (hit.effect == IS_HELD) wait_until_released(control);
    errno = saved;
    return 0;
}

#define FAIL_OR(call, descriptor, place, go_on)          \
    do {                                                 \
        int error = effect_on(call, descriptor, place);  \
        if (error) {                                     \
            errno = error;                               \
            return -1;                                   \
        }                                                \
        return go_on;                                    \
    } while (0)

static long standing(int file) {
    int saved = errno;
    long place = (long)lseek(file, 0, SEEK_CUR);
    errno = saved;
    return place;
}

int fsync(int file) { FAIL_OR("sync", file, -1, (int)syscall(SYS_fsync, file)); }
int fdatasync(int file) { FAIL_OR("sync", file, -1, (int)syscall(SYS_fdatasync, file)); }

ssize_t write(int file, const void *bytes, size_t count) {
    FAIL_OR("write", file, standing(file), syscall(SYS_write, file, bytes, count));
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    FAIL_OR("write", file, standing(file), syscall(SYS_writev, file, parts, count));
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    FAIL_OR("write", file, offset, syscall(SYS_pwrite64, file, bytes, count, offset));
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    FAIL_OR("write", file, offset, syscall(SYS_pwrite64, file, bytes, count, offset));
}
ssize_t read(int file, void *bytes, size_t count) {
    FAIL_OR("read", file, standing(file), syscall(SYS_read, file, bytes, count));
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    FAIL_OR("read", file, offset, syscall(SYS_pread64, file, bytes, count, offset));
}
ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    FAIL_OR("read", file, offset, syscall(SYS_pread64, file, bytes, count, offset));
}
int ftruncate64(int file, off64_t length) {
    FAIL_OR("truncate", file, length, (int)syscall(SYS_ftruncate, file, length));
}
int ftruncate(int file, off_t length) {
    FAIL_OR("truncate", file, length, (int)syscall(SYS_ftruncate, file, length));
}
