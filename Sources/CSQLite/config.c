#include "CSQLite.h"
#include <errno.h>
#include <sqlite3.h>

int csqlite_without_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int is_of_disk(int number) {
    return number == EIO || number == ENXIO || number == ERANGE;
}

int csqlite_disk_error(struct sqlite3 *database) {
    int number = 0;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    if (is_of_disk(number)) return number;
    sqlite3_file *log = 0;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (!log || !log->pMethods) return 0;
    number = 0;
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    return is_of_disk(number) ? number : 0;
}
