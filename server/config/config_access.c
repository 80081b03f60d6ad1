// SPDX-License-Identifier: Apache-2.0
#include "config_access.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"

enum kind { KIND_TEXT, KIND_SWITCH };

struct rule {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define TEXT(member) KIND_TEXT, offsetof(struct ff_config_access, member)
#define SWITCH(member) KIND_SWITCH, offsetof(struct ff_config_access, member)

static const struct rule rules[FF_CONFIG_ACCESS_COUNT] = {
	[FF_CONFIG_ACCESS_tokens] = { "tokens", TEXT(tokens) },
	[FF_CONFIG_ACCESS_require_tokens] = { "require-tokens", SWITCH(require_tokens) },
	[FF_CONFIG_ACCESS_insecure] = { "insecure", SWITCH(insecure) },
	[FF_CONFIG_ACCESS_tls_cert] = { "tls-cert", TEXT(tls_cert) },
	[FF_CONFIG_ACCESS_tls_key] = { "tls-key", TEXT(tls_key) },
};

void ff_config_access_init(struct ff_config_access *access)
{
	*access = (struct ff_config_access){ .host_count = 0 };
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

enum ff_status ff_config_access_set(struct ff_config_access *access, enum ff_config_access_key key, const char *value,
				    struct ff_error *error)
{
	const struct rule *rule = &rules[key];
	void *member = (char *)access + rule->offset;
	switch (rule->kind) {
	case KIND_TEXT:
		return set_text(member, rule, value, error);
	default:
		*(bool *)member = strcmp(value, "true") == 0;
		return *(bool *)member || strcmp(value, "false") == 0
			       ? FF_OK
			       : ff_error_set(error, FF_ERR_ARGUMENT, "%s: \"%.40s\" is neither true nor false",
					      rule->name, value);
	}
}
