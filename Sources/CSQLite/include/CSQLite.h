/* What the store needs and Swift cannot call: variadic C functions of SQLite, and what is only in
   GNU's part of the C library, which Swift's Glibc module does not show. */
#ifndef CSQLITE_H
#define CSQLITE_H

/* Turns off SQLite's memory statistics, which nobody reads and for which every allocation takes a
   mutex shared by all connections (sqlite.org/c3ref/c_config_covering_index_scan.html,
   SQLITE_CONFIG_MEMSTATUS). Works only before the first connection; returns SQLite's result code. */
int csqlite_without_statistics(void);

/* rename(2) that fails with EEXIST where it would replace a file: returns 0, or -1 with errno set;
   EINVAL where the file system cannot do it (renameat2(2), RENAME_NOREPLACE). */
int csqlite_rename_to_free(const char *from, const char *to);

#endif
