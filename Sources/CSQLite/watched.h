/* Between the parts of the system that SQLite sees: syncs.c, gather.c and backfill.c. */
#ifndef WATCHED_H
#define WATCHED_H

#include <sqlite3.h>

/* The methods behind those that SQLite sees of a file. */
const sqlite3_io_methods *csqlite_real(sqlite3_file *file);

/* Makes a log's methods gather what is written. */
void csqlite_make_gather(sqlite3_io_methods *log);

/* Writes what this thread has kept. To be called before a log is synced. */
int csqlite_write_kept(void);

/* Makes a database's methods know when a checkpoint is under way. */
void csqlite_make_distrust(sqlite3_io_methods *database);

/* To be called before a database is synced. Says in the log's index that none of the log is in the
   database: SQLite puts the right number there when the sync went through. When it fails, or the process
   is killed within it, the next checkpoint, whoever makes it, writes all pages of the log again. Without this, those
   that an earlier checkpoint had copied and not synced, because a reader was in, would be lost: after a
   sync that failed Linux takes them for clean (fsync(2)), and the next one goes through without them. */
void csqlite_trust_no_page(sqlite3_file *file);

#endif
