// SPDX-License-Identifier: Apache-2.0
/* Certificates that come while the server runs. libmicrohttpd keeps the one that it was started with; each connection is given
 * the newest one before its handshake. new/free; ff_credentials_renew() belongs to one thread, ff_credentials_give() may be called
 * from any. */
#ifndef FF_HTTP_CREDENTIALS_H
#define FF_HTTP_CREDENTIALS_H

#include <stdbool.h>

#include <microhttpd.h>

#include <farflash/status.h>

struct ff_credentials;

/* `certificate`: in PEM, the one that the daemon is started with; copied. NULL: out of memory. */
struct ff_credentials *ff_credentials_new(const char *certificate);

/* Once no connection is left. NULL is harmless. */
void ff_credentials_free(struct ff_credentials *credentials);

/* Reads the files again. `is_new`: there is another certificate, and connections that begin now get it. Errors as of
 * ff_tls_init(), with which everything stays as it is; FF_ERR_BUSY: there have been too many since the start. */
FF_WARN_UNUSED enum ff_status ff_credentials_renew(struct ff_credentials *credentials, const char *certificate_path,
						   const char *key_path, bool *is_new, struct ff_error *error);

/* Gives a connection that has just begun the newest certificate. NULL is harmless. */
void ff_credentials_give(const struct ff_credentials *credentials, struct MHD_Connection *connection);

#endif
