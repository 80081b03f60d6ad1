// SPDX-License-Identifier: Apache-2.0
/* The server's certificate and key, checked before anybody comes. init/release; main thread. */
#ifndef FF_HTTP_TLS_H
#define FF_HTTP_TLS_H

#include <farflash/status.h>

struct ff_tls {
	char *certificate; /* PEM, with the chain behind it; NULL: there is no TLS */
	char *key;         /* PEM */
};

/* Reads both. FF_ERR_ARGUMENT with the reason: one of them cannot be read, is no PEM, is old, or they do not belong together;
 * FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_tls_init(struct ff_tls *tls, const char *certificate_path, const char *key_path,
					  struct ff_error *error);

/* Wipes the key. Harmless on a zeroed one. */
void ff_tls_release(struct ff_tls *tls);

#endif
