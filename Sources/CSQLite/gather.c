#include "CSQLite.h"
#include "watched.h"
#include <string.h>

/* What this thread keeps: one piece of one log. */
static __thread struct {
    char *room; /* none: nothing is kept */
    int size;
    sqlite3_file *file;
    sqlite3_int64 from;
    int length;
} kept;

void csqlite_gather_log(void *room, int size) {
    kept.room = room;
    kept.size = size;
    kept.length = 0;
}

int csqlite_gathered(void) {
    int forgotten = kept.length;
    kept.room = 0;
    kept.length = 0;
    return forgotten;
}

int csqlite_write_kept(void) {
    int length = kept.length;
    if (length == 0) return SQLITE_OK;
    kept.length = 0;
    return csqlite_real(kept.file)->xWrite(kept.file, kept.room, length, kept.from);
}

static int write_log(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 from) {
    int follows = kept.file == file && kept.from + kept.length == from;
    if (kept.length > 0 && (!follows || length > kept.size - kept.length)) {
        int written = csqlite_write_kept();
        if (written != SQLITE_OK) return written;
    }
    if (!kept.room || length > kept.size)
        return csqlite_real(file)->xWrite(file, bytes, length, from);
    if (kept.length == 0) {
        kept.file = file;
        kept.from = from;
    }
    memcpy(kept.room + kept.length, bytes, (size_t)length);
    kept.length += length;
    return SQLITE_OK;
}

static int read_log(sqlite3_file *file, void *bytes, int length, sqlite3_int64 from) {
    int written = csqlite_write_kept();
    if (written != SQLITE_OK) return written;
    return csqlite_real(file)->xRead(file, bytes, length, from);
}

void csqlite_make_gather(sqlite3_io_methods *log) {
    log->xWrite = write_log;
    log->xRead = read_log;
}
