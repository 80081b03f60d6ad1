// SPDX-License-Identifier: Apache-2.0
/* How a request names an image that the server has, in the place of its bytes: "sha256:" and the hash in 64 hexadecimal digits,
 * and after a space, if it is known, the name of the file, as in "sha256:9f86...0a08 app.bin". Pure functions; any thread. */
#ifndef FF_HTTP_IMAGE_NAME_H
#define FF_HTTP_IMAGE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define FF_IMAGE_NAME_FILE_SIZE 256
#define FF_IMAGE_NAME_LEAST 7                                         /* bytes that tell a name from other content */
#define FF_IMAGE_NAME_SIZE (7 + 64 + 1 + FF_IMAGE_NAME_FILE_SIZE - 1) /* of the longest text */

struct ff_image_name {
	char sha256[65];                    /* lower case */
	char file[FF_IMAGE_NAME_FILE_SIZE]; /* empty: not said */
};

/* 64 hexadecimal digits, of either case, as lower case. */
bool ff_image_name_hash(const char *text, size_t size, char sha256[65]);

/* Whether the bytes begin an image's name, as far as they go. */
bool ff_image_name_may_begin(const char *bytes, size_t size);

/* Reads a name; what may begin one and is none is a mistake. */
bool ff_image_name_parse(const char *text, size_t size, struct ff_image_name *name);

#endif
