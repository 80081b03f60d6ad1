// SPDX-License-Identifier: Apache-2.0
/* Who gets in, decided before anybody can. Main thread. */
#ifndef FF_DOORS_ENTRANCE_H
#define FF_DOORS_ENTRANCE_H

#include <stdbool.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "config.h"
#include "keyring.h"

/* Opens the keyring. `loopback`: only this machine can reach the server. FF_ERR_ARGUMENT: other machines could come in without a
 * token, and nobody has said that they may; and those of ff_keyring_new(). */
FF_WARN_UNUSED enum ff_status ff_entrance_open(struct ff_keyring **keyring, const struct ff_config *config,
					       bool loopback, const struct ff_log *log, struct ff_error *error);

#endif
