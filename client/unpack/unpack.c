// SPDX-License-Identifier: Apache-2.0
#include "unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#define MIB ((uint64_t)1 << 20)
#define BLOCK_SIZE 65536

const struct ff_unpack_limits ff_unpack_limits = {
	.size = 256 * MIB, .entries = 65536, .content = 128 * MIB, .unpacked = 1024 * MIB
};

/* One pass through an archive. */
struct reader {
	struct archive *archive;
	gzFile stream; /* of a tar file, compressed or not; NULL for zip */
	const struct ff_unpack_limits *limits;
	size_t entries;
	uint64_t content;
	uint64_t unpacked;
	struct ff_error *error;
	uint8_t block[BLOCK_SIZE];
};

bool ff_unpack_is_archive(const uint8_t *head, size_t size)
{
	return (size >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0)) ||
	       (size >= 3 && memcmp(head, "\x1f\x8b\x08", 3) == 0) ||
	       (size >= 262 && memcmp(head + 257, "ustar", 5) == 0);
}

static enum ff_status fail(struct reader *reader)
{
	const char *reason = archive_error_string(reader->archive);

	if (reader->unpacked > reader->limits->unpacked) {
		return ff_error_set(reader->error, FF_ERR_TOO_LARGE, "the archive unpacks to more than %llu MiB",
				    (unsigned long long)(reader->limits->unpacked / MIB));
	}
	return ff_error_set(reader->error, FF_ERR_FORMAT, "not a zip or tar.gz archive, or a damaged one (%.120s)",
			    reason != NULL ? reason : "no reason given");
}

/* zlib unpacks for libarchive, whose own filter does not look at the checksum at the end of a gzip file, and which would
 * unpack without a bound what it passes over. */
static la_ssize_t read_block(struct archive *archive, void *context, const void **block)
{
	struct reader *reader = context;
	int got = gzread(reader->stream, reader->block, sizeof(reader->block));
	int failed = Z_OK;
	const char *reason = gzerror(reader->stream, &failed);

	if (got < 0 || failed == Z_BUF_ERROR) {
		archive_set_error(archive, EIO, "%s", reason);
		return ARCHIVE_FATAL;
	}
	reader->unpacked += (uint64_t)got;
	if (reader->unpacked > reader->limits->unpacked) {
		archive_set_error(archive, EFBIG, "too large");
		return ARCHIVE_FATAL;
	}
	*block = reader->block;
	return got;
}

/* A tar file may end before its stream does, and the checksum stands at the very end. */
static enum ff_status finish(struct reader *reader)
{
	const void *block;
	la_ssize_t got = 1;

	while (reader->stream != NULL && got > 0) {
		got = read_block(reader->archive, reader, &block);
	}
	return got >= 0 ? FF_OK : fail(reader);
}

static enum ff_status too_many_entries(struct reader *reader)
{
	return ff_error_set(reader->error, FF_ERR_TOO_LARGE, "the archive has more than %zu entries",
			    reader->limits->entries);
}

/* libarchive reads all of a zip file's directory before it gives the first entry, and makes some hundred bytes of each. So
 * the entries are counted before, by the signatures in front of them; that some data looks like one does not matter. */
static enum ff_status check_directory(struct reader *reader, int fd)
{
	static const char signature[] = { 'P', 'K', 1, 2 };
	const size_t kept = sizeof(signature) - 1; /* of each block, for one that lies across two */
	size_t count = 0, before = 0;
	ssize_t got = lseek(fd, 0, SEEK_SET);

	while (got >= 0 && (got = read(fd, reader->block + before, sizeof(reader->block) - before)) > 0) {
		const uint8_t *end = reader->block + before + got;
		const uint8_t *at = reader->block;

		while ((at = memmem(at, (size_t)(end - at), signature, sizeof(signature))) != NULL) {
			at += sizeof(signature);
			count++;
		}
		if (count > reader->limits->entries) {
			return too_many_entries(reader);
		}
		before = before + (size_t)got < kept ? before + (size_t)got : kept;
		memmove(reader->block, end - before, before);
	}
	return got == 0 ? FF_OK : ff_error_set_errno(reader->error, FF_ERR_IO, errno, "cannot read the archive");
}

static enum ff_status open_zip(struct reader *reader, int fd)
{
	enum ff_status status = check_directory(reader, fd);

	if (status != FF_OK) {
		return status;
	}
	archive_read_support_format_zip_seekable(reader->archive);
	return lseek(fd, 0, SEEK_SET) == 0 && archive_read_open_fd(reader->archive, fd, BLOCK_SIZE) == ARCHIVE_OK
		       ? FF_OK
		       : fail(reader);
}

static enum ff_status open_archive(struct reader *reader, int fd)
{
	uint8_t head[4];
	int copy;

	if (read(fd, head, sizeof(head)) == sizeof(head) && memcmp(head, "PK", 2) == 0) {
		return open_zip(reader, fd);
	}
	archive_read_support_format_tar(reader->archive);
	copy = lseek(fd, 0, SEEK_SET) == 0 ? dup(fd) : -1;
	reader->stream = copy >= 0 ? gzdopen(copy, "rb") : NULL;
	if (reader->stream == NULL) {
		close(copy);
		return ff_error_set(reader->error, FF_ERR_NO_MEMORY, "out of memory");
	}
	return archive_read_open(reader->archive, reader, NULL, read_block, NULL) == ARCHIVE_OK ? FF_OK : fail(reader);
}

static enum ff_status open_reader(struct reader *reader, int fd)
{
	struct stat about;

	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || lseek(fd, 0, SEEK_SET) != 0) {
		return ff_error_set(reader->error, FF_ERR_FORMAT, "the archive is not a regular file");
	}
	if ((uint64_t)about.st_size > reader->limits->size) {
		return ff_error_set(reader->error, FF_ERR_TOO_LARGE, "the archive is larger than %llu MiB",
				    (unsigned long long)(reader->limits->size / MIB));
	}
	reader->archive = archive_read_new();
	return reader->archive != NULL ? open_archive(reader, fd)
				       : ff_error_set(reader->error, FF_ERR_NO_MEMORY, "out of memory");
}

static void close_reader(struct reader *reader)
{
	archive_read_free(reader->archive);
	if (reader->stream != NULL) {
		gzclose(reader->stream);
	}
}

static const char *name_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (name == NULL) {
		name = archive_entry_pathname(entry);
	}
	return name;
}

/* "./a" and "a" are the same file. */
static const char *without_dots(const char *name)
{
	while (name[0] == '.' && name[1] == '/') {
		name += 2;
	}
	return name;
}

static enum ff_status skip(struct reader *reader)
{
	return archive_read_data_skip(reader->archive) >= ARCHIVE_WARN ? FF_OK : fail(reader);
}

/* Moves to the next entry that is a regular file with a name; NULL at the end. */
static enum ff_status next_file(struct reader *reader, struct archive_entry **entry)
{
	for (;;) {
		int result = archive_read_next_header(reader->archive, entry);
		enum ff_status status;

		if (result == ARCHIVE_EOF) {
			*entry = NULL;
			return finish(reader);
		}
		if (result < ARCHIVE_WARN) {
			return fail(reader);
		}
		if (++reader->entries > reader->limits->entries) {
			return too_many_entries(reader);
		}
		if (archive_entry_filetype(*entry) == AE_IFREG && archive_entry_hardlink(*entry) == NULL &&
		    name_of(*entry) != NULL) {
			return FF_OK;
		}
		status = skip(reader);
		if (status != FF_OK) {
			return status;
		}
	}
}

/* Appends an entry's data, whatever size its header claims. */
static enum ff_status read_content(struct reader *reader, struct archive_entry *entry, struct ff_buf *content)
{
	const char *name = name_of(entry);
	char block[BLOCK_SIZE];
	enum ff_status status = FF_OK;

	if (archive_entry_is_encrypted(entry)) {
		return ff_error_set(reader->error, FF_ERR_FORMAT, "%.120s in it is encrypted", name);
	}
	while (status == FF_OK) {
		la_ssize_t got = archive_read_data(reader->archive, block, sizeof(block));

		if (got == 0) {
			return FF_OK;
		}
		if (got < 0) {
			return fail(reader);
		}
		status = (uint64_t)got > reader->limits->content - reader->content
				 ? FF_ERR_TOO_LARGE
				 : ff_buf_append(content, block, (size_t)got);
		reader->content += (uint64_t)got;
	}
	return ff_error_set(reader->error, status, status == FF_ERR_TOO_LARGE ? "%.120s in it is too large" : "%s",
			    status == FF_ERR_TOO_LARGE ? name : "out of memory");
}

/* What ff_unpack_find() has seen so far. */
struct search {
	const char *name;
	char *folder; /* owned; NULL: nothing found yet */
	bool ambiguous;
	struct ff_buf *content;
};

/* Length of the folder part of a path that is a candidate: 0 at the top; -1: it is none. */
static ssize_t folder_length(const char *path, const char *name)
{
	const char *slash = strchr(path, '/');

	if (strcmp(path, name) == 0) {
		return 0;
	}
	return slash != NULL && strcmp(slash + 1, name) == 0 ? slash + 1 - path : -1;
}

static enum ff_status look_at(struct reader *reader, struct archive_entry *entry, struct search *search)
{
	const char *path = without_dots(name_of(entry));
	ssize_t length = folder_length(path, search->name);

	if (length < 0 || (length > 0 && search->folder != NULL && search->folder[0] == '\0')) {
		return skip(reader);
	}
	if (search->folder != NULL && (length > 0 || search->folder[0] == '\0')) {
		search->ambiguous = true;
		return skip(reader);
	}
	free(search->folder);
	search->folder = strndup(path, (size_t)length);
	search->ambiguous = false;
	ff_buf_clear(search->content);
	return search->folder != NULL ? read_content(reader, entry, search->content)
				      : ff_error_set(reader->error, FF_ERR_NO_MEMORY, "out of memory");
}

static enum ff_status find(struct reader *reader, struct search *search)
{
	struct archive_entry *entry = NULL;
	enum ff_status status = next_file(reader, &entry);

	while (status == FF_OK && entry != NULL) {
		status = look_at(reader, entry, search);
		if (status == FF_OK) {
			status = next_file(reader, &entry);
		}
	}
	if (status == FF_OK && search->folder == NULL) {
		return ff_error_set(reader->error, FF_ERR_FORMAT,
				    "no %.80s at the top of the archive, nor in a folder there", search->name);
	}
	if (status == FF_OK && search->ambiguous) {
		return ff_error_set(reader->error, FF_ERR_FORMAT, "more than one %.80s in the archive", search->name);
	}
	return status;
}

enum ff_status ff_unpack_find(int fd, const struct ff_unpack_limits *limits, const char *name, char **folder,
			      struct ff_buf *content, struct ff_error *error)
{
	struct reader reader = { .limits = limits, .error = error };
	struct search search = { .name = name, .content = content };
	enum ff_status status = open_reader(&reader, fd);

	if (status == FF_OK) {
		status = find(&reader, &search);
	}
	close_reader(&reader);
	if (status != FF_OK) {
		free(search.folder);
		return status;
	}
	*folder = search.folder;
	return FF_OK;
}

static struct ff_unpack_file *find_wanted(struct ff_unpack_file *files, size_t count, const char *folder,
					  const char *path)
{
	size_t length = strlen(folder);

	path = without_dots(path);
	if (strncmp(path, folder, length) != 0) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(path + length, without_dots(files[i].name)) == 0) {
			return &files[i];
		}
	}
	return NULL;
}

static enum ff_status read_all(struct reader *reader, const char *folder, struct ff_unpack_file *files, size_t count)
{
	struct archive_entry *entry = NULL;
	enum ff_status status = next_file(reader, &entry);

	while (status == FF_OK && entry != NULL) {
		struct ff_unpack_file *file = find_wanted(files, count, folder, name_of(entry));

		if (file != NULL && file->found) {
			return ff_error_set(reader->error, FF_ERR_FORMAT, "more than one %.120s in the archive",
					    file->name);
		}
		status = file != NULL ? read_content(reader, entry, &file->content) : skip(reader);
		if (file != NULL) {
			file->found = true;
		}
		if (status == FF_OK) {
			status = next_file(reader, &entry);
		}
	}
	return status;
}

/* A file that is wanted twice was found once. */
static enum ff_status complete(struct reader *reader, struct ff_unpack_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ff_unpack_file *first = find_wanted(files, i, "", files[i].name);
		enum ff_status status = FF_OK;

		if (!files[i].found && (first == NULL || !first->found)) {
			return ff_error_set(reader->error, FF_ERR_FORMAT, "no file %.120s in the archive",
					    files[i].name);
		}
		if (!files[i].found) {
			status = ff_buf_append(&files[i].content, first->content.bytes, first->content.size);
			files[i].found = true;
		}
		if (status != FF_OK) {
			return ff_error_set(reader->error, status, "%.120s in it is too large", files[i].name);
		}
	}
	return FF_OK;
}

enum ff_status ff_unpack_read(int fd, const struct ff_unpack_limits *limits, const char *folder,
			      struct ff_unpack_file *files, size_t count, struct ff_error *error)
{
	struct reader reader = { .limits = limits, .error = error };
	enum ff_status status = open_reader(&reader, fd);

	if (status == FF_OK) {
		status = read_all(&reader, folder, files, count);
	}
	if (status == FF_OK) {
		status = complete(&reader, files, count);
	}
	close_reader(&reader);
	return status;
}
