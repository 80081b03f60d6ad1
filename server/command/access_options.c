// SPDX-License-Identifier: Apache-2.0
#include "access_options.h"

#include "config_access.h"

#define FIRST 0x400
#define HOST 0x3ff

static const struct argp_option options[] = {
	{ "host", HOST, "NAME", 0,
	  "Clients may call the server by this name, beside its addresses and localhost; once for each name", 0 },
#define OPTION(member, key, argument, help) { key, FIRST + FF_CONFIG_ACCESS_##member, argument, 0, help, 0 },
	FF_CONFIG_ACCESS_MAP(OPTION)
#undef OPTION
		{ 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct ff_config_access *access = state->input;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = FF_OK;
	if (key != HOST && (key < FIRST || key >= FIRST + FF_CONFIG_ACCESS_COUNT)) {
		return ARGP_ERR_UNKNOWN;
	}
	if (!access) {
		return 0;
	}
	if (key == HOST) {
		status = ff_config_access_add_host(access, value, &error);
	} else {
		status = ff_config_access_set(access, (enum ff_config_access_key)(key - FIRST), value ? value : "true",
					      &error);
	}
	if (status != FF_OK) {
		argp_error(state, "%s", error.text);
	}
	return 0;
}

const struct argp ff_access_options = { .options = options, .parser = parse };
