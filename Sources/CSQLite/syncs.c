#include "CSQLite.h"
#include "watched.h"
#include <pthread.h>
#include <time.h>

/* What SQLite sees of an open file, and behind it what it would have seen. */
struct watched {
    sqlite3_io_methods seen; /* first: SQLite knows its address alone */
    const sqlite3_io_methods *real;
    enum csqlite_file file;
};

static sqlite3_vfs watching;
static sqlite3_vfs *real;
static csqlite_synced tell;

/* SQLite's system has four sets of methods, one for each way to lock; each is there once for the
   log and once for the database. */
static struct watched sets[8];
static int set_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const sqlite3_io_methods *csqlite_real(sqlite3_file *file) {
    return ((const struct watched *)file->pMethods)->real;
}

static int sync_file(sqlite3_file *file, int flags) {
    const struct watched *set = (const struct watched *)file->pMethods;
    int written = csqlite_write_kept();
    if (written != SQLITE_OK) return written;
    if (set->file == csqlite_database) csqlite_trust_no_page(file);
    int64_t start = nanoseconds();
    int result = set->real->xSync(file, flags);
    tell(set->file, nanoseconds() - start);
    return result;
}

/* The methods, seen by way of sync_file; as they are when there are more sets than were known. */
static const sqlite3_io_methods *watch(const sqlite3_io_methods *methods, enum csqlite_file file) {
    const sqlite3_io_methods *result = methods;
    pthread_mutex_lock(&mutex);
    int place = 0;
    while (place < set_count && (sets[place].real != methods || sets[place].file != file)) place++;
    if (place < (int)(sizeof sets / sizeof sets[0])) {
        if (place == set_count) {
            sets[place].seen = *methods;
            sets[place].seen.xSync = sync_file;
            if (file == csqlite_log) csqlite_make_gather(&sets[place].seen);
            if (file == csqlite_database) csqlite_make_distrust(&sets[place].seen);
            sets[place].real = methods;
            sets[place].file = file;
            set_count++;
        }
        result = &sets[place].seen;
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs;
    int result = real->xOpen(real, name, file, flags, out);
    if (result != SQLITE_OK || !file->pMethods) return result;
    if (flags & SQLITE_OPEN_WAL) file->pMethods = watch(file->pMethods, csqlite_log);
    if (flags & SQLITE_OPEN_MAIN_DB) file->pMethods = watch(file->pMethods, csqlite_database);
    return result;
}

int csqlite_watch_syncs(csqlite_synced told) {
    int result = sqlite3_initialize();
    if (result != SQLITE_OK) return result;
    real = sqlite3_vfs_find(0);
    if (!real) return SQLITE_ERROR;
    tell = told;
    watching = *real;
    watching.pNext = 0;
    watching.zName = "samovar";
    watching.xOpen = open_file;
    return sqlite3_vfs_register(&watching, 1);
}
