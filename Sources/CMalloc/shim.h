// glibc's settings of malloc, which Swift's Glibc module does not show.
#ifndef SAMOVAR_CMALLOC_SHIM_H
#define SAMOVAR_CMALLOC_SHIM_H

#include <malloc.h>

#endif
