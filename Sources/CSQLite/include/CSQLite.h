/* What the store needs and Swift cannot call: variadic C functions of SQLite, tables of functions
   that SQLite calls, and what is only in GNU's part of the C library, which Swift's Glibc module does
   not show. */
#ifndef CSQLITE_H
#define CSQLITE_H

#include <stdint.h>

/* Turns off SQLite's memory statistics, which nobody reads and for which every allocation takes a
   mutex shared by all connections (sqlite.org/c3ref/c_config_covering_index_scan.html,
   SQLITE_CONFIG_MEMSTATUS). Works only before the first connection; returns SQLite's result code. */
int csqlite_without_statistics(void);

/* The errno of a read of the store or its log that failed for the disk's sake (EIO, ENXIO, ERANGE),
   or 0. SQLite calls such a file damaged and forgets why (SQLITE_IOERR_CORRUPTFS). */
struct sqlite3;
int csqlite_disk_error(struct sqlite3 *database);

/* rename(2) that fails with EEXIST where it would replace a file: returns 0, or -1 with errno set;
   EINVAL where the file system cannot do it (renameat2(2), RENAME_NOREPLACE). */
int csqlite_rename_to_free(const char *from, const char *to);

/* Which file of a database was synced. */
enum csqlite_file { csqlite_log, csqlite_database };

/* Told of each sync, on the thread that did it, before SQLite goes on. */
typedef void (*csqlite_synced)(enum csqlite_file file, int64_t nanoseconds);

/* Makes SQLite tell how long each sync of a log or a database took, of files that are opened from
   now on, and able to gather what is written to a log: its default system, seen through a few
   methods of ours (sqlite.org/vfs.html). Call it once; returns
   SQLite's result code. */
int csqlite_watch_syncs(csqlite_synced told);

/* What this thread writes to a log is kept in `room` from here on, and goes to the file before the log
   is synced or read, with one call for each `size` bytes: SQLite writes two small pieces for each page
   (sqlite.org/fileformat2.html#walformat), and each is a system call. For COMMIT alone, and with
   synchronous = FULL: then the log is synced before anybody is told of the commit, and so nobody ever
   looks for what is not in the file yet. Only for files that are watched as above. */
void csqlite_gather_log(void *room, int size);

/* Ends that. Returns how many bytes were kept and are not written: of a commit that failed; after one
   that succeeded there are none. They are forgotten. */
int csqlite_gathered(void);

#endif
