// SPDX-License-Identifier: Apache-2.0
#include "config_access.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"

#define MOST_CONNECTIONS 4000 /* what the descriptors are for that main asks for, but for those of boards */
#define MOST_SECONDS 3600

enum kind { KIND_TEXT, KIND_SWITCH, KIND_NUMBER };

struct rule {
	const char *name;
	enum kind kind;
	size_t offset;
	uint32_t least;
	uint32_t most;
};

#define TEXT(member) KIND_TEXT, offsetof(struct ff_config_access, member), 0, 0
#define SWITCH(member) KIND_SWITCH, offsetof(struct ff_config_access, member), 0, 0
#define NUMBER(member, least, most) KIND_NUMBER, offsetof(struct ff_config_access, member), least, most

static const struct rule rules[FF_CONFIG_ACCESS_COUNT] = {
	[FF_CONFIG_ACCESS_tokens] = { "tokens", TEXT(tokens) },
	[FF_CONFIG_ACCESS_require_tokens] = { "require-tokens", SWITCH(require_tokens) },
	[FF_CONFIG_ACCESS_insecure] = { "insecure", SWITCH(insecure) },
	[FF_CONFIG_ACCESS_tls_cert] = { "tls-cert", TEXT(tls_cert) },
	[FF_CONFIG_ACCESS_tls_key] = { "tls-key", TEXT(tls_key) },
	[FF_CONFIG_ACCESS_max_connections] = { "max-connections", NUMBER(max_connections, 8, MOST_CONNECTIONS) },
	[FF_CONFIG_ACCESS_max_connections_per_address] = { "max-connections-per-address",
							   NUMBER(max_connections_per_address, 4, MOST_CONNECTIONS) },
	[FF_CONFIG_ACCESS_max_header] = { "max-header", NUMBER(max_header, 1024, 32768) },
	[FF_CONFIG_ACCESS_header_timeout] = { "header-timeout", NUMBER(header_timeout_s, 1, MOST_SECONDS) },
	[FF_CONFIG_ACCESS_body_timeout] = { "body-timeout", NUMBER(body_timeout_s, 1, MOST_SECONDS) },
	[FF_CONFIG_ACCESS_idle_timeout] = { "idle-timeout", NUMBER(idle_timeout_s, 1, MOST_SECONDS) },
	[FF_CONFIG_ACCESS_max_rate] = { "max-rate", NUMBER(max_rate, 0, 1000000) },
	[FF_CONFIG_ACCESS_max_streams] = { "max-streams", NUMBER(max_streams, 1, MOST_CONNECTIONS) },
};

void ff_config_access_init(struct ff_config_access *access)
{
	*access = (struct ff_config_access){
		.max_connections = 512,
		.max_connections_per_address = 256,
		.max_header = 16384,
		.header_timeout_s = 20,
		.body_timeout_s = 60,
		.idle_timeout_s = 60,
		.max_rate = 2000,
		.max_streams = 256,
	};
}

void ff_config_access_release(struct ff_config_access *access)
{
	for (size_t i = 0; i < access->host_count; i++) {
		free(access->hosts[i]);
	}
	free(access->tokens);
	free(access->tls_cert);
	free(access->tls_key);
	ff_config_access_init(access);
}

enum ff_status ff_config_access_add_host(struct ff_config_access *access, const char *text, struct ff_error *error)
{
	char name[FF_HOST_NAME_SIZE];
	if (!ff_host_parse(text, name) || strcspn(text, ":") != strlen(text)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%.80s\" is not the name of a host, as in lab.example.com", text);
	}
	if (access->host_count == FF_CONFIG_MAX_HOSTS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "more than %d names of the server", FF_CONFIG_MAX_HOSTS);
	}
	access->hosts[access->host_count] = strdup(name);
	if (!access->hosts[access->host_count]) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	access->host_count++;
	return FF_OK;
}

static enum ff_status set_text(char **member, const struct rule *rule, const char *value, struct ff_error *error)
{
	char *copy = strdup(value);
	if (!copy) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	free(*member);
	*member = copy;
	return *value ? FF_OK : ff_error_set(error, FF_ERR_ARGUMENT, "%s: the name is empty", rule->name);
}

static enum ff_status set_number(uint32_t *member, const struct rule *rule, const char *value, struct ff_error *error)
{
	size_t digits = strspn(value, "0123456789");
	unsigned long number = digits > 0 && digits <= 8 && !value[digits] ? strtoul(value, NULL, 10) : UINT32_MAX;
	if (number < rule->least || number > rule->most) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s: \"%.40s\" is not a number from %u to %u", rule->name,
				    value, rule->least, rule->most);
	}
	*member = (uint32_t)number;
	return FF_OK;
}

enum ff_status ff_config_access_set(struct ff_config_access *access, enum ff_config_access_key key, const char *value,
				    struct ff_error *error)
{
	const struct rule *rule = &rules[key];
	void *member = (char *)access + rule->offset;
	switch (rule->kind) {
	case KIND_TEXT:
		return set_text(member, rule, value, error);
	case KIND_NUMBER:
		return set_number(member, rule, value, error);
	default:
		*(bool *)member = strcmp(value, "true") == 0;
		return *(bool *)member || strcmp(value, "false") == 0
			       ? FF_OK
			       : ff_error_set(error, FF_ERR_ARGUMENT, "%s: \"%.40s\" is neither true nor false",
					      rule->name, value);
	}
}
