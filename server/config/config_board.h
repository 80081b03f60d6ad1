// SPDX-License-Identifier: Apache-2.0
/* One board of the configuration, from its words. Every function but init fails with FF_ERR_ARGUMENT and the reason, which
 * begins with the board's name once that is known. */
#ifndef FF_SERVER_CONFIG_BOARD_H
#define FF_SERVER_CONFIG_BOARD_H

#include <stddef.h>

#include <farflash/status.h>

#include "config.h"

/* A board without name and address. */
void ff_config_board_init(struct ff_config_board *board);

FF_WARN_UNUSED enum ff_status ff_config_board_name(struct ff_config_board *board, const char *text, size_t size,
						   struct ff_error *error);

FF_WARN_UNUSED enum ff_status ff_config_board_address(struct ff_config_board *board, const char *text, size_t size,
						      struct ff_error *error);

/* What its port is known by, instead of an address; NULL: nothing. */
FF_WARN_UNUSED enum ff_status ff_config_board_identity(struct ff_config_board *board, const char *usb,
						       const char *serial, const char *mac, struct ff_error *error);

/* One of its keys: "baud", "label", ... */
FF_WARN_UNUSED enum ff_status ff_config_board_set(struct ff_config_board *board, const char *key, const char *value,
						  struct ff_error *error);

/* All of it: "NAME=ADDRESS[,key=value...]". */
FF_WARN_UNUSED enum ff_status ff_config_board_parse(struct ff_config_board *board, const char *text,
						    struct ff_error *error);

#endif
