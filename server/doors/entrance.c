// SPDX-License-Identifier: Apache-2.0
#include "entrance.h"

#include <stdlib.h>

static enum ff_status check(struct ff_keyring *keyring, const struct ff_config *config, bool loopback,
			    const struct ff_log *log, struct ff_error *error)
{
	const char *host = config->listen.host[0] ? config->listen.host : "every address";
	bool open = !ff_keyring_is_in_force(keyring);
	if (loopback || !open) {
		return FF_OK;
	}
	if (!config->access.insecure) {
		return ff_error_set(
			error, FF_ERR_ARGUMENT,
			"other machines could reach %s, and there is no token: make one with \"farflashd "
			"token add NAME --scope flash\", or write --insecure, and whoever reaches the server "
			"can do anything",
			host);
	}
	ff_log(log, FF_LOG_WARN,
	       "other machines can reach %s and do anything: there is no token, and --insecure is given", host);
	return FF_OK;
}

enum ff_status ff_entrance_open(struct ff_keyring **keyring, const struct ff_config *config, bool loopback,
				const struct ff_log *log, struct ff_error *error)
{
	char *path = ff_config_tokens_path(config);
	struct ff_keyring_options options = {
		.path = path,
		.required = config->access.require_tokens,
		.log = log,
	};
	if (!path) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	enum ff_status status = ff_keyring_new(keyring, &options, error);
	if (status == FF_OK) {
		status = check(*keyring, config, loopback, log, error);
	}
	free(path);
	return status;
}
