// SPDX-License-Identifier: Apache-2.0
#include "content.h"

#include <string.h>

enum ff_status ff_content_open(struct ff_content *content, const char *path, struct ff_error *error)
{
	enum ff_status status = FF_OK;

	*content = (struct ff_content){ .sha256 = "" };
	if (path != NULL) {
		status = ff_outfile_open(&content->file, path, 0666, error);
	}
	if (status == FF_OK) {
		ff_digest_begin(&content->digest);
	}
	return status;
}

enum ff_status ff_content_write(struct ff_content *content, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	ff_digest_add(&content->digest, bytes, size);
	return content->file.stream != NULL ? ff_outfile_write(&content->file, bytes, size, error) : FF_OK;
}

static enum ff_status write_sink(void *context, const uint8_t *bytes, size_t size, struct ff_error *error)
{
	return ff_content_write(context, bytes, size, error);
}

struct ff_sink ff_content_sink(struct ff_content *content)
{
	return (struct ff_sink){ .write = write_sink, .context = content };
}

enum ff_status ff_content_commit(struct ff_content *content, const char *sha256, struct ff_error *error)
{
	if (!ff_digest_end(&content->digest, content->sha256)) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "no memory for a SHA-256");
	}
	if (sha256 != NULL && strcmp(content->sha256, sha256) != 0) {
		return ff_error_set(error, FF_ERR_PROTOCOL,
				    "what came from the server is not what it has read (its SHA-256 is another)");
	}
	return content->file.stream != NULL ? ff_outfile_commit(&content->file, error) : FF_OK;
}

void ff_content_abort(struct ff_content *content)
{
	ff_digest_release(&content->digest);
	ff_outfile_abort(&content->file);
}
