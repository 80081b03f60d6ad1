// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#define LOCAL "localhost"

/* Nothing, or a colon and up to five digits; ":" alone stands for the usual port. */
static bool is_port(const char *text)
{
	size_t digits = *text == ':' ? strspn(text + 1, "0123456789") : 0;
	return !*text || (*text == ':' && digits <= 5 && !text[1 + digits]);
}

bool ff_host_parse(const char *field, char name[FF_HOST_NAME_SIZE])
{
	bool brackets = *field == '[';
	const char *from = brackets ? field + 1 : field;
	size_t size = strcspn(from, brackets ? "]" : ":");
	const char *rest = from + size;
	if (brackets && *rest++ != ']') {
		return false;
	}
	size_t kept = !brackets && size > 1 && from[size - 1] == '.' ? size - 1 : size;
	if (kept == 0 || kept >= FF_HOST_NAME_SIZE || !is_port(rest)) {
		return false;
	}
	for (size_t i = 0; i < kept; i++) {
		if (!isgraph((unsigned char)from[i]) || strchr("/?#@[]\\\"", from[i])) {
			return false;
		}
		name[i] = (char)tolower((unsigned char)from[i]);
	}
	name[kept] = '\0';
	return true;
}

bool ff_host_is_plain(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];
	size_t size = strlen(name);
	size_t local = strlen(LOCAL);
	bool is_local = size >= local && strcmp(name + size - local, LOCAL) == 0 &&
			(size == local || name[size - local - 1] == '.');
	return is_local || inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}
