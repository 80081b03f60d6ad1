// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#define MOST_BYTES ((size_t)256 * 1024)

static enum ff_status read_file(char **text, const char *path, struct ff_error *error)
{
	FILE *file = fopen(path, "re");
	char *bytes = calloc(1, MOST_BYTES + 1);
	if (!file || !bytes) {
		int reason = errno;
		free(bytes);
		if (file) {
			fclose(file);
			return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
		}
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, reason, "cannot open %s", path);
	}
	size_t got = fread(bytes, 1, MOST_BYTES, file);
	int reason = ferror(file) ? errno : 0;
	fclose(file);
	if (reason || got == MOST_BYTES) {
		OPENSSL_cleanse(bytes, got);
		free(bytes);
		return reason ? ff_error_set_errno(error, FF_ERR_ARGUMENT, reason, "cannot read %s", path)
			      : ff_error_set(error, FF_ERR_ARGUMENT, "%s is too large", path);
	}
	*text = bytes;
	return FF_OK;
}

/* Nobody is there to type a password. */
static int no_password(char *buffer, int size, int writes, void *context)
{
	(void)buffer;
	(void)size;
	(void)writes;
	(void)context;
	return -1;
}

static enum ff_status check(const struct ff_tls *tls, const char *certificate_path, const char *key_path,
			    struct ff_error *error)
{
	BIO *certificate_bytes = BIO_new_mem_buf(tls->certificate, -1);
	BIO *key_bytes = BIO_new_mem_buf(tls->key, -1);
	X509 *certificate = PEM_read_bio_X509(certificate_bytes, NULL, no_password, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bytes, NULL, no_password, NULL);
	enum ff_status status = FF_OK;
	if (!certificate) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "%s holds no certificate in PEM", certificate_path);
	} else if (!key) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "%s holds no private key in PEM without a password",
				      key_path);
	} else if (X509_check_private_key(certificate, key) != 1) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "%s is not the key of the certificate in %s", key_path,
				      certificate_path);
	} else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "the certificate in %s has expired", certificate_path);
	}
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(certificate_bytes);
	BIO_free(key_bytes);
	return status;
}

enum ff_status ff_tls_init(struct ff_tls *tls, const char *certificate_path, const char *key_path,
			   struct ff_error *error)
{
	*tls = (struct ff_tls){ .certificate = NULL };
	if (!certificate_path != !key_path) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "TLS takes both --tls-cert and --tls-key");
	}
	if (!certificate_path) {
		return FF_OK;
	}
	enum ff_status status = read_file(&tls->certificate, certificate_path, error);
	if (status == FF_OK) {
		status = read_file(&tls->key, key_path, error);
	}
	if (status == FF_OK) {
		status = check(tls, certificate_path, key_path, error);
	}
	if (status != FF_OK) {
		ff_tls_release(tls);
	}
	return status;
}

void ff_tls_release(struct ff_tls *tls)
{
	if (tls->key) {
		OPENSSL_cleanse(tls->key, strlen(tls->key));
	}
	free(tls->certificate);
	free(tls->key);
	*tls = (struct ff_tls){ .certificate = NULL };
}
