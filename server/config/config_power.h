// SPDX-License-Identifier: Apache-2.0
/* A board's power hook in the configuration file: its schema for libcyaml, and what becomes of it. */
#ifndef FF_SERVER_CONFIG_POWER_H
#define FF_SERVER_CONFIG_POWER_H

#include <cyaml/cyaml.h>

#include <farflash/status.h>

#include "power.h"

/* "power:" as libcyaml reads it: a program is a list of words. */
struct ff_config_power {
	char **on;
	unsigned on_count;
	char **off;
	unsigned off_count;
	char **cycle;
	unsigned cycle_count;
	char *timeout;
};

extern const cyaml_schema_field_t ff_config_power_fields[];

/* Takes over what the file says; `file` and `cycle_on_failure` may be NULL. FF_ERR_ARGUMENT with the reason. */
FF_WARN_UNUSED enum ff_status ff_config_take_power(struct ff_power *power, const struct ff_config_power *file,
						   const char *cycle_on_failure, struct ff_error *error);

#endif
