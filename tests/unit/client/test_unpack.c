// SPDX-License-Identifier: Apache-2.0
/* Archives good and hostile, written here entry by entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "unpack.h"

enum kind { ZIP, TAR, TAR_GZ, KINDS };

struct entry {
	const char *name;
	const char *content; /* NULL: `size` zeros */
	mode_t type;         /* 0: a regular file */
	size_t size;
};

static void write_entry(struct archive *archive, const struct entry *from)
{
	struct archive_entry *entry = archive_entry_new();
	char block[4096] = { 0 };
	size_t size = from->content != NULL ? strlen(from->content) : from->size;

	archive_entry_set_pathname(entry, from->name);
	archive_entry_set_filetype(entry, from->type != 0 ? from->type : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	if (from->type == AE_IFLNK) {
		archive_entry_set_symlink(entry, from->content);
	} else if (from->type == 0) {
		archive_entry_set_size(entry, (la_int64_t)size);
	}
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	if (from->type == 0 && from->content != NULL) {
		assert_int_equal(archive_write_data(archive, from->content, size), size);
	}
	for (size_t at = 0; from->type == 0 && from->content == NULL && at < size; at += sizeof(block)) {
		size_t part = size - at < sizeof(block) ? size - at : sizeof(block);

		assert_int_equal(archive_write_data(archive, block, part), part);
	}
	archive_entry_free(entry);
}

/* An archive in memory, as a file descriptor. `entries` ends with a NULL name. */
static int make(enum kind kind, const struct entry *entries)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct archive *archive = archive_write_new();

	assert_true(fd >= 0);
	assert_non_null(archive);
	if (kind == ZIP) {
		archive_write_set_format_zip(archive);
	} else {
		archive_write_set_format_pax_restricted(archive);
	}
	if (kind == TAR_GZ) {
		archive_write_add_filter_gzip(archive);
	}
	assert_int_equal(archive_write_open_fd(archive, fd), ARCHIVE_OK);
	for (; entries->name != NULL; entries++) {
		write_entry(archive, entries);
	}
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return fd;
}

static enum ff_status find(int fd, const struct ff_unpack_limits *limits, char **folder, struct ff_buf *content,
			   struct ff_error *error)
{
	ff_buf_init(content, 1000);
	return ff_unpack_find(fd, limits, "args.json", folder, content, error);
}

static void test_unpack__recognises_archives(void **state)
{
	const struct entry entries[] = { { .name = "a", .content = "a" }, { 0 } };
	uint8_t head[512];

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		int fd = make(kind, entries);
		ssize_t got = pread(fd, head, sizeof(head), 0);

		assert_true(got > 0 && ff_unpack_is_archive(head, (size_t)got));
		assert_false(ff_unpack_is_archive(head, 2));
		close(fd);
	}
	assert_false(ff_unpack_is_archive((const uint8_t *)"\xe9\x02\x00\x20", 4));
}

static void test_unpack__finds_a_file_at_the_top_or_in_one_folder(void **state)
{
	static const struct {
		struct entry entries[6];
		const char *folder;
		const char *why;
	} cases[] = {
		{ { { .name = "a" }, { .name = "args.json", .content = "this" } }, "", NULL },
		{ { { .name = "./args.json", .content = "this" } }, "", NULL },
		{ { { .name = "b/a", .content = "b" }, { .name = "b/args.json", .content = "this" } }, "b/", NULL },
		{ { { .name = "b/args.json", .content = "b" }, { .name = "args.json", .content = "this" } }, "", NULL },
		{ { { .name = "args.json", .content = "this" }, { .name = "b/args.json", .content = "b" } }, "", NULL },
		{ { { .name = "a/args.json", .content = "a" },
		    { .name = "b/args.json", .content = "b" },
		    { .name = "args.json", .content = "this" } },
		  "",
		  NULL },
		{ { { .name = "a/b/args.json", .content = "a" } }, NULL, "no args.json at the top" },
		{ { { .name = "a" } }, NULL, "no args.json at the top" },
		{ { { .name = "a/args.json", .content = "a" }, { .name = "b/args.json", .content = "b" } },
		  NULL,
		  "more than one args.json" },
		{ { { .name = "args.json", .content = "a" }, { .name = "args.json", .content = "b" } },
		  NULL,
		  "more than one args.json" },
		{ { { .name = "args.json", .content = "/etc/passwd", .type = AE_IFLNK } }, NULL, "no args.json" },
		{ { { .name = "args.json", .type = AE_IFDIR } }, NULL, "no args.json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (enum kind kind = 0; kind < KINDS; kind++) {
			int fd = make(kind, cases[i].entries);
			struct ff_error error = FF_ERROR_NONE;
			struct ff_buf content;
			char *folder = NULL;
			enum ff_status status = find(fd, &ff_unpack_limits, &folder, &content, &error);

			if (cases[i].folder != NULL) {
				assert_int_equal(status, FF_OK);
				assert_string_equal(folder, cases[i].folder);
				assert_int_equal(content.size, 4);
				assert_memory_equal(content.bytes, "this", 4);
			} else {
				assert_int_equal(status, FF_ERR_FORMAT);
				assert_non_null(strstr(error.text, cases[i].why));
				assert_null(folder);
			}
			ff_buf_release(&content);
			free(folder);
			close(fd);
		}
	}
}

static enum ff_status read_three(int fd, const struct ff_unpack_limits *limits, struct ff_unpack_file files[3],
				 struct ff_error *error)
{
	static const char *const names[3] = { "one", "./sub/two", "one" };

	for (size_t i = 0; i < 3; i++) {
		files[i] = (struct ff_unpack_file){ .name = names[i] };
		ff_buf_init(&files[i].content, 1 << 20);
	}
	return ff_unpack_read(fd, limits, "b/", files, 3, error);
}

static void release_three(struct ff_unpack_file files[3])
{
	for (size_t i = 0; i < 3; i++) {
		ff_buf_release(&files[i].content);
	}
}

static void test_unpack__reads_files(void **state)
{
	const struct entry entries[] = {
		{ .name = "b/", .type = AE_IFDIR },      { .name = "one", .content = "another" },
		{ .name = "b/sub/two", .content = "2" }, { .name = "b/big", .size = 100000 },
		{ .name = "b/one", .size = 70000 },      { 0 }
	};

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		int fd = make(kind, entries);
		struct ff_error error = FF_ERROR_NONE;
		struct ff_unpack_file files[3];

		assert_int_equal(read_three(fd, &ff_unpack_limits, files, &error), FF_OK);
		assert_int_equal(files[0].content.size, 70000);
		assert_int_equal(files[1].content.size, 1);
		assert_int_equal(files[2].content.size, 70000);
		release_three(files);
		close(fd);
	}
}

static void refuse(const struct entry *entries, const struct ff_unpack_limits *limits, enum ff_status expected,
		   const char *why)
{
	for (enum kind kind = 0; kind < KINDS; kind++) {
		int fd = make(kind, entries);
		struct ff_error error = FF_ERROR_NONE;
		struct ff_unpack_file files[3];

		assert_int_equal(read_three(fd, limits, files, &error), expected);
		if (strstr(error.text, why) == NULL) {
			fail_msg("'%s' does not say '%s'", error.text, why);
		}
		release_three(files);
		close(fd);
	}
}

static void test_unpack__refuses_what_is_not_clear(void **state)
{
	const struct entry missing[] = { { .name = "b/one", .content = "1" }, { 0 } };
	const struct entry twice[] = { { .name = "b/one", .content = "1" },
				       { .name = "./b/one", .content = "2" },
				       { .name = "b/sub/two", .content = "2" },
				       { 0 } };
	const struct entry link[] = { { .name = "b/one", .content = "1" },
				      { .name = "b/sub/two", .content = "/etc/passwd", .type = AE_IFLNK },
				      { 0 } };

	(void)state;
	refuse(missing, &ff_unpack_limits, FF_ERR_FORMAT, "no file ./sub/two in the archive");
	refuse(link, &ff_unpack_limits, FF_ERR_FORMAT, "no file ./sub/two in the archive");
	refuse(twice, &ff_unpack_limits, FF_ERR_FORMAT, "more than one one in the archive");
}

static void test_unpack__is_bounded(void **state)
{
	const struct entry entries[] = { { .name = "b/one", .size = 70000 },
					 { .name = "b/sub/two", .size = 70000 },
					 { .name = "rest", .size = 4 << 20 },
					 { 0 } };
	struct ff_unpack_limits limits = ff_unpack_limits;
	struct ff_unpack_file files[3];
	struct ff_error error = FF_ERROR_NONE;
	int fd;

	(void)state;
	limits.content = 139999;
	refuse(entries, &limits, FF_ERR_TOO_LARGE, "sub/two in it is too large");
	limits = (struct ff_unpack_limits){ .size = 1 << 24, .entries = 2, .content = 140000, .unpacked = 1 << 24 };
	refuse(entries, &limits, FF_ERR_TOO_LARGE, "more than 2 entries");
	limits.size = 100;
	refuse(entries, &limits, FF_ERR_TOO_LARGE, "is larger than 0 MiB");
	/* What nobody wants may be large where it need not be unpacked. */
	limits = (struct ff_unpack_limits){ .size = 1 << 24, .entries = 3, .content = 140000, .unpacked = 1 << 20 };
	fd = make(TAR_GZ, entries);
	assert_int_equal(read_three(fd, &limits, files, &error), FF_ERR_TOO_LARGE);
	assert_non_null(strstr(error.text, "unpacks to more than 1 MiB"));
	release_three(files);
	close(fd);
	fd = make(ZIP, entries);
	assert_int_equal(read_three(fd, &limits, files, &error), FF_OK);
	release_three(files);
	close(fd);
}

/* Padding bits aside, every byte of a gzip file's data and of its checksum counts. */
static void test_unpack__checks_the_sum_of_a_gzip_file(void **state)
{
	const struct entry entries[] = { { .name = "b/one", .content = "a content that deflate makes no smaller" },
					 { .name = "b/sub/two", .content = "2" },
					 { 0 } };
	int fd = make(TAR_GZ, entries);
	off_t size = lseek(fd, 0, SEEK_END);

	(void)state;
	for (off_t at = 10; at < size; at++) {
		struct ff_unpack_file files[3];
		enum ff_status status;
		uint8_t byte;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		status = read_three(fd, &ff_unpack_limits, files, NULL);
		if (status == FF_OK && at < size - 8) {
			assert_int_equal(files[0].content.size, strlen(entries[0].content));
			assert_memory_equal(files[0].content.bytes, entries[0].content, files[0].content.size);
		} else {
			assert_int_equal(status, FF_ERR_FORMAT);
		}
		release_three(files);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
}

/* Never a crash, and never an answer with other bytes. */
static void test_unpack__notices_damage(void **state)
{
	const struct entry entries[] = { { .name = "b/one", .content = "a content that deflate makes no smaller" },
					 { .name = "b/sub/two", .content = "2" },
					 { 0 } };
	uint8_t bytes[8192];

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		int fd = make(kind, entries);
		ssize_t size = pread(fd, bytes, sizeof(bytes), 0);

		assert_true(size > 0);
		for (off_t cut = 0; cut < size && cut < 1024; cut += 7) {
			struct ff_unpack_file files[3];

			assert_int_equal(ftruncate(fd, cut), 0);
			assert_int_not_equal(read_three(fd, &ff_unpack_limits, files, NULL), FF_OK);
			release_three(files);
			assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
		}
		close(fd);
	}
}

static void test_unpack__refuses_other_files(void **state)
{
	static const char *const contents[] = { "", "PK\3\4", "\x1f\x8b\x08", "no archive at all" };

	(void)state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		int fd = memfd_create("other", MFD_CLOEXEC);
		struct ff_error error = FF_ERROR_NONE;
		struct ff_buf content;
		char *folder = NULL;

		assert_int_equal(write(fd, contents[i], strlen(contents[i])), strlen(contents[i]));
		assert_int_equal(find(fd, &ff_unpack_limits, &folder, &content, &error), FF_ERR_FORMAT);
		assert_non_null(strstr(error.text, "not a zip or tar.gz archive, or a damaged one"));
		ff_buf_release(&content);
		close(fd);
	}
}

/* A zip file that is nothing but a directory of folders: libarchive would read all of it before it gives the first. */
static void test_unpack__counts_a_zip_files_entries_before_it_reads_them(void **state)
{
	static const uint8_t entry[47] = { 'P', 'K', 1, 2, [28] = 1, [46] = '/' };
	const size_t count = ff_unpack_limits.entries + 1;
	int fd = memfd_create("directory", MFD_CLOEXEC);
	FILE *file = fdopen(fd, "w+");
	struct ff_buf content;
	struct ff_error error = FF_ERROR_NONE;
	char *folder = NULL;

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(fwrite(entry, sizeof(entry), 1, file), 1);
	}
	assert_int_equal(fflush(file), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	ff_buf_init(&content, 1000);
	assert_int_equal(find(fd, &ff_unpack_limits, &folder, &content, &error), FF_ERR_TOO_LARGE);
	assert_non_null(strstr(error.text, "more than 65536 entries"));
	ff_buf_release(&content);
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpack__recognises_archives),
		cmocka_unit_test(test_unpack__finds_a_file_at_the_top_or_in_one_folder),
		cmocka_unit_test(test_unpack__reads_files),
		cmocka_unit_test(test_unpack__refuses_what_is_not_clear),
		cmocka_unit_test(test_unpack__is_bounded),
		cmocka_unit_test(test_unpack__checks_the_sum_of_a_gzip_file),
		cmocka_unit_test(test_unpack__notices_damage),
		cmocka_unit_test(test_unpack__refuses_other_files),
		cmocka_unit_test(test_unpack__counts_a_zip_files_entries_before_it_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
