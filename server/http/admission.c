// SPDX-License-Identifier: Apache-2.0
#include "admission.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "header.h"
#include "host.h"
#include "text.h"

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

void ff_admission_check(struct ff_request *request)
{
	check_host(request);
	check_origin(request);
}
