#include "CSQLite.h"
#include "watched.h"
#include <stdint.h>

/* sqlite.org/walformat.html: the locks are bytes of the index, by number; and where in the index the
   number of frames stands that are in the database (nBackfill). */
enum { checkpoint_lock = 1, index_region = 32768, backfilled_offset = 96 };

/* The file that this thread checkpoints, and its index. */
static __thread struct {
    sqlite3_file *file; /* none: no checkpoint is under way */
    uint32_t *backfilled;
} under_way;

static int lock_index(sqlite3_file *file, int first, int count, int flags) {
    const sqlite3_io_methods *methods = csqlite_real(file);
    int is_checkpoint = first == checkpoint_lock && count == 1 && flags & SQLITE_SHM_EXCLUSIVE;
    if (is_checkpoint && flags & SQLITE_SHM_UNLOCK) under_way.file = 0;
    int result = methods->xShmLock(file, first, count, flags);
    if (!is_checkpoint || result != SQLITE_OK || !(flags & SQLITE_SHM_LOCK)) return result;
    void volatile *index = 0;
    result = methods->xShmMap(file, 0, index_region, 0, &index);
    if (result != SQLITE_OK || !index) {
        methods->xShmLock(file, first, count, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
        return result != SQLITE_OK ? result : SQLITE_IOERR_SHMMAP;
    }
    under_way.file = file;
    under_way.backfilled = (uint32_t *)((char *)(uintptr_t)index + backfilled_offset);
    return SQLITE_OK;
}

void csqlite_trust_no_page(sqlite3_file *file) {
    if (under_way.file == file) __atomic_store_n(under_way.backfilled, 0, __ATOMIC_SEQ_CST);
}

void csqlite_make_distrust(sqlite3_io_methods *database) {
    if (database->iVersion >= 2 && database->xShmLock) database->xShmLock = lock_index;
}
