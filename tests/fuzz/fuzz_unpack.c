// SPDX-License-Identifier: Apache-2.0
/* Archives: whatever is in one, what comes out stays within the limits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unpack.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			abort(); \
		} \
	} while (0)

#define MAX_CONTENT 100000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_files(int fd, const struct ff_unpack_limits *limits, const char *folder)
{
	struct ff_unpack_file files[] = { { .name = "flasher_args.json" }, { .name = "app.bin" } };
	enum ff_status status;

	ff_buf_init(&files[0].content, 2 * MAX_CONTENT);
	ff_buf_init(&files[1].content, 2 * MAX_CONTENT);
	status = ff_unpack_read(fd, limits, folder, files, 2, NULL);
	CHECK(files[0].content.size + files[1].content.size <= limits->content);
	CHECK(status != FF_OK || (files[0].found && files[1].found));
	ff_buf_release(&files[0].content);
	ff_buf_release(&files[1].content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct ff_unpack_limits limits = {
		.size = 1 << 20, .entries = 100, .content = MAX_CONTENT, .unpacked = 1 << 20
	};
	struct ff_buf content;
	char *folder = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	ff_buf_init(&content, 1000);
	if (ff_unpack_find(fd, &limits, "flasher_args.json", &folder, &content, NULL) == FF_OK) {
		CHECK(folder[0] == '\0' || strchr(folder, '/') == folder + strlen(folder) - 1);
		read_files(fd, &limits, folder);
	}
	CHECK(content.size <= 1000);
	ff_buf_release(&content);
	free(folder);
	close(fd);
	return 0;
}
