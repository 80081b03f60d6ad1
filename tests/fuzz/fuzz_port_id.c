// SPDX-License-Identifier: Apache-2.0
/* What a USB device may say of itself: it becomes bounded, valid UTF-8 without control characters, the same again when it is
 * cleaned again but for backslashes, and a name within the rules. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "port_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *raw = strndup((const char *)data, size);
	require(raw != NULL);
	struct ff_found_port port = { .vendor = 0x10C4, .usb = "1-1.2", .interface = (unsigned)size };
	char name[FF_BOARD_NAME_SIZE];
	char little[5];
	uint8_t mac[6];
	ff_port_id_clean(port.serial, sizeof(port.serial), raw);
	require(strlen(port.serial) < sizeof(port.serial));
	for (const char *at = port.serial; *at; at++) {
		require((unsigned char)*at >= 0x20 && *at != 0x7F);
	}
	ff_port_id_clean(little, sizeof(little), raw);
	require(strlen(little) < sizeof(little) && strncmp(little, port.serial, strlen(little)) == 0);
	for (int by_place = 0; by_place < 2; by_place++) {
		ff_port_id_name(name, &port, by_place);
		require(name[0] && strlen(name) < sizeof(name));
		for (const char *at = name; *at; at++) {
			require(isalnum((unsigned char)*at) || strchr("._-", *at));
		}
	}
	(void)ff_port_id_is_usb(raw);
	(void)ff_port_id_parse_mac(raw, mac);
	free(raw);
	return 0;
}
