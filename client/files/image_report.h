// SPDX-License-Identifier: Apache-2.0
/* A firmware image for readers: as text with esptool 5.3's labels, and as JSON. Pure but for the stream. */
#ifndef FF_CLIENT_IMAGE_REPORT_H
#define FF_CLIENT_IMAGE_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "espimage.h"

/* Prints headers, segments, footer and description; `bytes` are those that the image was read from. */
void ff_image_report_print(const struct ff_espimage *image, const uint8_t *bytes, FILE *out);

/* The same as a new JSON object; NULL without memory. */
json_t *ff_image_report_json(const struct ff_espimage *image, const uint8_t *bytes);

#endif
