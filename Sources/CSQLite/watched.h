/* Between the two parts of the system that SQLite sees: syncs.c and gather.c. */
#ifndef WATCHED_H
#define WATCHED_H

#include <sqlite3.h>

/* The methods behind those that SQLite sees of a file. */
const sqlite3_io_methods *csqlite_real(sqlite3_file *file);

/* Makes a log's methods gather what is written. */
void csqlite_make_gather(sqlite3_io_methods *log);

/* Writes what this thread has kept. To be called before a log is synced. */
int csqlite_write_kept(void);

#endif
