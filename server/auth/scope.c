// SPDX-License-Identifier: Apache-2.0
#include "scope.h"

#include <stdio.h>
#include <string.h>

static const char *const names[FF_SCOPE_COUNT] = {
#define SCOPE_NAME(constant, name) [constant] = (name),
	FF_SCOPE_MAP(SCOPE_NAME)
#undef SCOPE_NAME
};

const char *ff_scope_name(enum ff_scope scope)
{
	return (unsigned)scope < FF_SCOPE_COUNT ? names[scope] : names[FF_SCOPE_UNSET];
}

static unsigned find(const char *word, size_t size)
{
	unsigned scope = FF_SCOPE_READ;
	while (scope < FF_SCOPE_COUNT && (strlen(names[scope]) != size || strncmp(names[scope], word, size) != 0)) {
		scope++;
	}
	return scope;
}

enum ff_status ff_scopes_parse(ff_scopes *scopes, const char *text, struct ff_error *error)
{
	ff_scopes found = 0;
	for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		size_t size = strcspn(at, ",");
		unsigned scope = find(at, size);
		if (scope == FF_SCOPE_COUNT) {
			return ff_error_set(error, FF_ERR_ARGUMENT,
					    "\"%.*s\" is not a scope: read, console, flash or admin",
					    (int)(size < 40 ? size : 40), at);
		}
		found |= 1U << scope;
	}
	*scopes = found;
	return FF_OK;
}

void ff_scopes_text(ff_scopes scopes, char text[FF_SCOPES_TEXT_SIZE])
{
	size_t used = 0;
	text[0] = '\0';
	for (unsigned scope = FF_SCOPE_READ; scope < FF_SCOPE_COUNT; scope++) {
		if (scopes & 1U << scope) {
			used += (size_t)snprintf(text + used, FF_SCOPES_TEXT_SIZE - used, "%s%s", used ? "," : "",
						 names[scope]);
		}
	}
}

bool ff_scopes_allow(ff_scopes scopes, enum ff_scope needed)
{
	switch (needed) {
	case FF_SCOPE_OPEN:
		return true;
	case FF_SCOPE_READ:
		return scopes != 0;
	case FF_SCOPE_CONSOLE:
	case FF_SCOPE_FLASH:
	case FF_SCOPE_ADMIN:
		return (scopes & (1U << needed | 1U << FF_SCOPE_ADMIN)) != 0;
	default:
		return false;
	}
}
