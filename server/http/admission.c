// SPDX-License-Identifier: Apache-2.0
#include "admission.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "header.h"
#include "host.h"
#include "text.h"
#include "trail.h"

#define FETCH_SITE "Sec-Fetch-Site"

/* ---- for whom the client takes us ---- */

static bool is_known_name(const struct ff_http *http, const char *name)
{
	size_t i = 0;
	while (i < http->host_count && strcasecmp(http->hosts[i], name) != 0) {
		i++;
	}
	return i < http->host_count;
}

static void check_host(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	const char *field = ff_request_header(request, MHD_HTTP_HEADER_HOST);
	char name[FF_HOST_NAME_SIZE] = "";
	if (http->any_host || !field) { /* browsers always send one */
		return;
	}
	if (!ff_host_parse(field, name) || (!ff_host_is_plain(name) && !is_known_name(http, name))) {
		char clean[128];
		snprintf(clean, sizeof(clean), "%s", field);
		ff_text_clean(clean);
		ff_problem_set(&request->problem, FF_PROBLEM_UNKNOWN_HOST,
			       "this server is not known as \"%s\": ask for its address, or start it with --host NAME",
			       clean);
	}
}

/* ---- on whose behalf ---- */

/* Browsers say where the page comes from that asks, in one of two fields; programs send neither. */
static bool is_from_elsewhere(const struct ff_request *request)
{
	const char *origin = ff_request_header(request, MHD_HTTP_HEADER_ORIGIN);
	const char *site = ff_request_header(request, FETCH_SITE);
	if (origin && !ff_header_is_own_origin(origin, ff_request_header(request, MHD_HTTP_HEADER_HOST))) {
		return true;
	}
	return !origin && site && strcasecmp(site, "same-origin") != 0 && strcasecmp(site, "none") != 0;
}

/* Pages from elsewhere can make a browser send almost anything, and only cannot read the answer. So what may be read is
 * no matter, but whatever moves a board is. */
static void check_origin(struct ff_request *request)
{
	bool reads = request->scope == FF_SCOPE_OPEN || request->scope == FF_SCOPE_READ;
	bool gets =
		strcmp(request->method, MHD_HTTP_METHOD_GET) == 0 || strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0;
	if (!(reads && gets) && is_from_elsewhere(request)) {
		ff_problem_set(&request->problem, FF_PROBLEM_FORBIDDEN_ORIGIN,
			       "a page from elsewhere may not ask for this; only pages of this server may");
	}
}

/* ---- who asks ---- */

static bool take_token(const char *from, size_t size, char token[FF_TOKEN_TEXT_SIZE])
{
	bool fits = size > 0 && size < FF_TOKEN_TEXT_SIZE;
	snprintf(token, FF_TOKEN_TEXT_SIZE, "%.*s", fits ? (int)size : 1,
		 fits ? from : "?"); /* no token looks like that */
	return true;
}

/* "Bearer TOKEN" (RFC 6750), or in the protocols of a WebSocket. False: there is none. */
static bool find_token(const struct ff_request *request, char token[FF_TOKEN_TEXT_SIZE])
{
	const char *field = ff_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	const char *protocols = ff_request_header(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL);
	const char *place = protocols ? strstr(protocols, FF_ADMISSION_PROTOCOL_TOKEN) : NULL;
	if (field && strncasecmp(field, "Bearer ", 7) == 0) {
		field += 7 + strspn(field + 7, " ");
		return take_token(field, strcspn(field, " "), token);
	}
	if (place && (place == protocols || strchr(", ", place[-1]))) {
		place += strlen(FF_ADMISSION_PROTOCOL_TOKEN);
		return take_token(place, strcspn(place, ", \t"), token);
	}
	return false;
}

static void refuse(struct ff_request *request, enum ff_keyring_answer answer)
{
	static const char *const why[] = {
		[FF_KEYRING_NONE] = "this server wants a token: Authorization: Bearer ff_...",
		[FF_KEYRING_UNKNOWN] = "the token is not known here, or not any more",
		[FF_KEYRING_EXPIRED] = "the token has expired",
	};
	request->invalid_token = answer != FF_KEYRING_NONE;
	ff_problem_set(&request->problem, FF_PROBLEM_UNAUTHORIZED, "%s", why[answer]);
}

static void check_token(struct ff_request *request)
{
	char token[FF_TOKEN_TEXT_SIZE];
	struct ff_identity everybody = { .scopes = 1U << FF_SCOPE_ADMIN };
	if (!request->http->keyring) {
		request->identity = everybody;
		return;
	}
	if (request->scope == FF_SCOPE_OPEN) {
		return;
	}
	enum ff_keyring_answer answer =
		ff_keyring_ask(request->http->keyring, find_token(request, token) ? token : NULL, &request->identity);
	if (answer != FF_KEYRING_KNOWN) {
		refuse(request, answer);
	} else if (request->handler && !ff_scopes_allow(request->identity.scopes, request->scope)) {
		ff_problem_set(&request->problem, FF_PROBLEM_FORBIDDEN,
			       "the token \"%s\" does not allow this: it takes one with the scope %s", request->who,
			       ff_scope_name(request->scope));
	}
}

/* ---- how much ---- */

static void check_measure(struct ff_request *request)
{
	const struct ff_http *http = request->http;
	const char *length = ff_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool has_body = (length && strcmp(length, "0") != 0) ||
			ff_request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (!ff_callers_begin(http->callers, ff_request_caller(request), has_body)) {
		request->problem = (struct ff_problem){ .http_status = 0 };
		ff_problem_set(&request->problem, FF_PROBLEM_TOO_MANY_REQUESTS,
			       "your address asks for too much at once: try again in a second");
	} else if (info && info->header_size > http->max_header) {
		ff_problem_set(&request->problem, FF_PROBLEM_HEADERS_TOO_LARGE,
			       "the headers are larger than the %u bytes that this server takes", http->max_header);
	}
}

void ff_admission_check(struct ff_request *request)
{
	check_measure(request);
	check_host(request);
	check_origin(request);
	if (!request->problem.http_status || !request->handler) {
		check_token(request);
	}
	if (request->problem.http_status && request->problem.http_status != MHD_HTTP_FORBIDDEN) {
		ff_trail_skip(request); /* who does not get in shall not fill the disk; the log tells of them */
	}
}
