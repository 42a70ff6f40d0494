// The parts of OpenSSL 3's libcrypto that Samovar uses (libssl-dev).
#ifndef SAMOVAR_COPENSSL_SHIM_H
#define SAMOVAR_COPENSSL_SHIM_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#endif
