#define _GNU_SOURCE
#include "CSQLite.h"
#include <fcntl.h>
#include <stdio.h>

int csqlite_rename_to_free(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
