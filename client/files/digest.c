// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <stdio.h>

#include <openssl/evp.h>

void ff_digest_begin(struct ff_digest *digest)
{
	digest->context = EVP_MD_CTX_new();
	if (digest->context != NULL && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1) {
		ff_digest_release(digest);
	}
}

void ff_digest_add(struct ff_digest *digest, const uint8_t *bytes, size_t size)
{
	if (digest->context != NULL && EVP_DigestUpdate(digest->context, bytes, size) != 1) {
		ff_digest_release(digest);
	}
}

bool ff_digest_end(struct ff_digest *digest, char hex[FF_DIGEST_HEX_SIZE])
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	bool good = digest->context != NULL && EVP_DigestFinal_ex(digest->context, bytes, &size) == 1;

	hex[0] = '\0';
	for (unsigned i = 0; good && i < size; i++) {
		snprintf(hex + 2 * (size_t)i, 3, "%02x", bytes[i]);
	}
	ff_digest_release(digest);
	return good;
}

void ff_digest_release(struct ff_digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	digest->context = NULL;
}
