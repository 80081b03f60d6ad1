// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "tls.h"

/* None is let go of while there may be a connection that has it, and nobody counts these: twenty years of a certificate every two
 * months. */
#define MOST 120

struct ff_credentials {
	char *text; /* the certificate that is in force */
	gnutls_certificate_credentials_t all[MOST];
	size_t count;
	_Atomic(gnutls_certificate_credentials_t) newest; /* NULL: libmicrohttpd's own */
};

struct ff_credentials *ff_credentials_new(const char *certificate)
{
	struct ff_credentials *credentials = calloc(1, sizeof(*credentials));
	char *text = strdup(certificate);
	if (!credentials || !text) {
		free(credentials);
		free(text);
		return NULL;
	}
	credentials->text = text;
	return credentials;
}

void ff_credentials_free(struct ff_credentials *credentials)
{
	for (size_t i = 0; credentials && i < credentials->count; i++) {
		gnutls_certificate_free_credentials(credentials->all[i]);
	}
	if (credentials) {
		free(credentials->text);
	}
	free(credentials);
}

static gnutls_datum_t datum_of(char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)text, .size = (unsigned)strlen(text) };
}

static enum ff_status load(gnutls_certificate_credentials_t *loaded, const struct ff_tls *tls, struct ff_error *error)
{
	gnutls_datum_t certificate = datum_of(tls->certificate);
	gnutls_datum_t key = datum_of(tls->key);
	if (gnutls_certificate_allocate_credentials(loaded) < 0) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	int result = gnutls_certificate_set_x509_key_mem(*loaded, &certificate, &key, GNUTLS_X509_FMT_PEM);
	if (result < 0) {
		gnutls_certificate_free_credentials(*loaded);
		return ff_error_set(error, FF_ERR_ARGUMENT, "GnuTLS does not take the certificate: %s",
				    gnutls_strerror(result));
	}
	return FF_OK;
}

/* Takes over the certificate's text if it is good. */
static enum ff_status take(struct ff_credentials *credentials, struct ff_tls *tls, struct ff_error *error)
{
	if (credentials->count == MOST) {
		return ff_error_set(error, FF_ERR_BUSY,
				    "%d certificates since the start are enough: restart the server", MOST);
	}
	enum ff_status status = load(&credentials->all[credentials->count], tls, error);
	if (status == FF_OK) {
		atomic_store(&credentials->newest, credentials->all[credentials->count++]);
		free(credentials->text);
		credentials->text = tls->certificate;
		tls->certificate = NULL;
	}
	return status;
}

enum ff_status ff_credentials_renew(struct ff_credentials *credentials, const char *certificate_path,
				    const char *key_path, bool *is_new, struct ff_error *error)
{
	struct ff_tls tls;
	enum ff_status status = ff_tls_init(&tls, certificate_path, key_path, error);
	if (status != FF_OK) {
		return status;
	}
	*is_new = strcmp(tls.certificate, credentials->text) != 0;
	if (*is_new) {
		status = take(credentials, &tls, error);
	}
	ff_tls_release(&tls);
	return status;
}

void ff_credentials_give(const struct ff_credentials *credentials, struct MHD_Connection *connection)
{
	gnutls_certificate_credentials_t newest = credentials ? atomic_load(&credentials->newest) : NULL;
	const union MHD_ConnectionInfo *info =
		newest ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
	if (info && info->tls_session) {
		gnutls_credentials_set(info->tls_session, GNUTLS_CRD_CERTIFICATE, newest);
	}
}
