// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMS "/dev/..., serial:PATH, rfc2217://HOST:PORT or socket://HOST:PORT"
#define MAX_PORT 65535

struct scheme {
	const char *prefix;
	enum ff_address_kind kind;
};

static const struct scheme schemes[] = {
	{ "rfc2217://", FF_ADDRESS_RFC2217 },
	{ "socket://", FF_ADDRESS_SOCKET },
};

static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7F) {
			return false;
		}
	}
	return true;
}

/* The part before the port: a name, an IPv4 address or an IPv6 address in brackets. NULL if it is none; *end is then
 * where it stopped. */
static const char *find_host(const char *text, size_t *size, const char **end)
{
	if (*text == '[') {
		*size = strcspn(++text, "]");
		*end = text + *size + (text[*size] == ']');
		return text[*size] == ']' ? text : NULL;
	}
	*size = strcspn(text, ":/?@[]");
	*end = text + *size;
	return text;
}

static bool parse_port(char *port, const char *text, size_t size)
{
	if (size == 0 || size >= FF_ADDRESS_PORT_SIZE || strspn(text, "0123456789") < size) {
		return false;
	}
	memcpy(port, text, size);
	port[size] = 0;
	unsigned long number = strtoul(port, NULL, 10);
	return number >= 1 && number <= MAX_PORT;
}

static enum ff_status parse_host_and_port(struct ff_address *address, const char *text, struct ff_error *error)
{
	size_t size = 0;
	const char *end = text;
	const char *host = find_host(text, &size, &end);
	if (!host || size == 0 || size >= sizeof(address->host)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s names no host; it should look like rfc2217://HOST:PORT",
				    address->text);
	}
	memcpy(address->host, host, size);
	address->host[size] = 0;
	if (*end != ':') {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s names no port; add one, as in %s:2217", address->text,
				    address->host);
	}
	end++;
	size = strcspn(end, "/?");
	if (!parse_port(address->port, end, size)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the port in %s is not a number from 1 to 65535",
				    address->text);
	}
	end += size;
	end += *end == '/';
	if (*end && *end != '?') {
		return ff_error_set(error, FF_ERR_ARGUMENT, "%s should end after the port", address->text);
	}
	return FF_OK;
}

static enum ff_status parse_path(struct ff_address *address, const char *path, struct ff_error *error)
{
	if (!*path) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "%s names no device; it should look like serial:/dev/ttyUSB0", address->text);
	}
	address->kind = FF_ADDRESS_DEVICE;
	snprintf(address->path, sizeof(address->path), "%s", path);
	return FF_OK;
}

static enum ff_status parse(struct ff_address *address, struct ff_error *error)
{
	const char *text = address->text;
	if (text[0] == '/') {
		return parse_path(address, text, error);
	}
	if (strncmp(text, "serial:", 7) == 0) {
		return parse_path(address, text + 7, error);
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t size = strlen(schemes[i].prefix);
		if (strncmp(text, schemes[i].prefix, size) == 0) {
			address->kind = schemes[i].kind;
			return parse_host_and_port(address, text + size, error);
		}
	}
	return ff_error_set(error, FF_ERR_ARGUMENT, "\"%s\" is no board address; use " FORMS, text);
}

enum ff_status ff_address_parse(struct ff_address *address, const char *text, struct ff_error *error)
{
	if (!text || !*text) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the board address is empty; use " FORMS);
	}
	if (strlen(text) >= FF_ADDRESS_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "the board address is longer than %d characters",
				    FF_ADDRESS_SIZE - 1);
	}
	if (!is_printable(text)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a board address holds no spaces or control characters");
	}
	struct ff_address parsed = { .kind = FF_ADDRESS_DEVICE };
	memcpy(parsed.text, text, strlen(text) + 1);
	enum ff_status status = parse(&parsed, error);
	if (status == FF_OK) {
		*address = parsed;
	}
	return status;
}
