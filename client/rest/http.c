// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <farflash/transport.h>
#include <farflash/version.h>

#include "http_setup.h"
#include "lease_id.h"

#define MAX_BODY (8 * 1024 * 1024)
#define CONNECT_TIMEOUT_MS 10000L
#define POLL_MS 100
#define DEFAULT_PORT "8217"

struct ff_http {
	CURLM *multi;
	char *url;
	bool loopback;
	char *token;
	char *cacert;
	const struct ff_log *log;
	char reason[CURL_ERROR_SIZE];
};

/* One request while it runs. */
struct exchange {
	CURL *easy;
	struct curl_slist *headers;
	curl_mime *mime;
	const struct ff_http_request *request;
	struct ff_http_response *response;
	int64_t started_us;
	int64_t moved_us;
	curl_off_t moved_bytes;
	bool too_large;
};

/* "lab" -> "http://lab:8217"; a URL keeps its own port, or its scheme's. */
static char *make_url(const char *server)
{
	char *url = NULL;
	size_t size;
	const char *behind_bracket = strrchr(server, ']');
	const char *colon = strrchr(server, ':');
	int made;

	if (strstr(server, "://") != NULL) {
		made = asprintf(&url, "%s", server);
	} else if (colon == NULL || (behind_bracket != NULL && colon < behind_bracket)) {
		made = asprintf(&url, "http://%.*s:" DEFAULT_PORT, (int)strcspn(server, "/"), server);
	} else {
		made = asprintf(&url, "http://%s", server);
	}
	if (made < 0) {
		return NULL;
	}
	size = strlen(url);
	while (size > 0 && url[size - 1] == '/') {
		url[--size] = '\0';
	}
	return url;
}

/* Checks the URL as libcurl will read it, and notes whether it names this machine. */
static bool check_url(struct ff_http *http)
{
	CURLU *parsed = curl_url();
	char *host = NULL, *scheme = NULL;
	bool good = parsed != NULL && curl_url_set(parsed, CURLUPART_URL, http->url, 0) == CURLUE_OK &&
		    curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	if (good) {
		http->loopback =
			strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
	}
	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(parsed);
	return good;
}

struct ff_http *ff_http_open(const char *server, const struct ff_log *log)
{
	struct ff_http *http = calloc(1, sizeof(*http));

	if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		return NULL;
	}
	http->log = log;
	http->multi = curl_multi_init();
	http->url = make_url(server);
	if (http->multi == NULL || http->url == NULL || !check_url(http)) {
		ff_http_close(http);
		return NULL;
	}
	return http;
}

void ff_http_close(struct ff_http *http)
{
	if (http == NULL) {
		return;
	}
	curl_multi_cleanup(http->multi);
	curl_global_cleanup();
	free(http->url);
	free(http->token);
	free(http->cacert);
	free(http);
}

bool ff_http_identify(struct ff_http *http, const char *token, const char *cacert)
{
	http->token = token != NULL ? strdup(token) : NULL;
	http->cacert = cacert != NULL ? strdup(cacert) : NULL;
	return (token == NULL || http->token != NULL) && (cacert == NULL || http->cacert != NULL);
}

const char *ff_http_token(const struct ff_http *http)
{
	return http->token;
}

const char *ff_http_url(const struct ff_http *http)
{
	return http->url;
}

bool ff_http_is_loopback(const struct ff_http *http)
{
	return http->loopback;
}

const char *ff_http_reason(const struct ff_http *http)
{
	return http->reason;
}

static bool is_success(long status)
{
	return status >= 200 && status < 300;
}

static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
	struct exchange *exchange = context;
	long status = 0;

	(void)bytes;
	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	/* The empty line ends the headers; a 1xx has some of its own. */
	if (size <= 2 && status >= 200) {
		exchange->response->status = status;
	}
	return one * size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
	struct exchange *exchange = context;
	const struct ff_http_request *request = exchange->request;
	long status = 0;

	curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
	if (request->sink != NULL && is_success(status)) {
		exchange->response->refused = !request->sink(request->context, bytes, size);
		return exchange->response->refused ? 0 : one * size;
	}
	exchange->too_large = ff_buf_append(&exchange->response->body, bytes, size) != FF_OK;
	return exchange->too_large ? 0 : one * size;
}

static bool add_header(struct exchange *exchange, const char *header)
{
	struct curl_slist *longer = curl_slist_append(exchange->headers, header);

	if (longer == NULL) {
		return false;
	}
	exchange->headers = longer;
	return true;
}

static bool add_lease(struct exchange *exchange)
{
	const char *id = ff_lease_id_of_environment();
	char header[64];

	snprintf(header, sizeof(header), "Farflash-Lease: %s", id != NULL ? id : "");
	return id == NULL || add_header(exchange, header);
}

static bool add_token(struct exchange *exchange, const char *token)
{
	char header[300];

	snprintf(header, sizeof(header), "Authorization: Bearer %s", token != NULL ? token : "");
	return token == NULL || add_header(exchange, header);
}

static bool add_headers(struct exchange *exchange)
{
	const struct ff_http_request *request = exchange->request;
	char accept[64];

	snprintf(accept, sizeof(accept), "Accept: %s", request->accept ? request->accept : "application/json");
	return add_header(exchange, accept) && add_lease(exchange) &&
	       (!request->respond_async || add_header(exchange, "Prefer: respond-async")) &&
	       (request->body == NULL || add_header(exchange, "Content-Type: application/octet-stream"));
}

/* Bytes of a part while libcurl sends them; it frees this. */
struct memory {
	const uint8_t *bytes;
	size_t size;
	size_t at;
};

static size_t read_memory(char *to, size_t one, size_t count, void *context)
{
	struct memory *memory = context;
	size_t size = memory->size - memory->at < one * count ? memory->size - memory->at : one * count;

	memcpy(to, memory->bytes + memory->at, size);
	memory->at += size;
	return size;
}

/* Back to the start, for a request that has to be sent again on a new connection. */
static int seek_memory(void *context, curl_off_t offset, int origin)
{
	struct memory *memory = context;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > memory->size) {
		return CURL_SEEKFUNC_FAIL;
	}
	memory->at = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static bool set_memory(curl_mimepart *part, const struct ff_http_part *source)
{
	struct memory *memory = malloc(sizeof(*memory));

	if (memory == NULL) {
		return false;
	}
	*memory = (struct memory){ .bytes = source->bytes, .size = source->size };
	if (curl_mime_data_cb(part, (curl_off_t)source->size, read_memory, seek_memory, free, memory) != CURLE_OK) {
		free(memory);
		return false;
	}
	return true;
}

static bool set_part(curl_mimepart *part, const struct ff_http_part *source)
{
	const char *type = source->file_name != NULL ? "application/octet-stream" : NULL;

	return part != NULL && curl_mime_name(part, source->name) == CURLE_OK &&
	       curl_mime_type(part, type) == CURLE_OK &&
	       (source->path != NULL ? curl_mime_filedata(part, source->path) == CURLE_OK : set_memory(part, source)) &&
	       curl_mime_filename(part, source->file_name) == CURLE_OK;
}

/* libcurl reads each part while it sends. */
static bool add_parts(struct exchange *exchange)
{
	const struct ff_http_request *request = exchange->request;

	exchange->mime = curl_mime_init(exchange->easy);
	if (exchange->mime == NULL) {
		return false;
	}
	for (size_t i = 0; i < request->part_count; i++) {
		if (!set_part(curl_mime_addpart(exchange->mime), &request->parts[i])) {
			return false;
		}
	}
	return curl_easy_setopt(exchange->easy, CURLOPT_MIMEPOST, exchange->mime) == CURLE_OK;
}

static bool set_payload(struct exchange *exchange)
{
	const struct ff_http_request *request = exchange->request;
	CURL *easy = exchange->easy;

	if (request->part_count > 0) {
		return add_parts(exchange);
	}
	if (strcmp(request->method, "POST") == 0) {
		return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size) ==
			       CURLE_OK &&
		       curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "") == CURLE_OK;
	}
	return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK;
}

void ff_http_set_up(const struct ff_http *http, CURL *easy, char *reason)
{
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "farflash/" FF_VERSION);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (http->cacert != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->cacert);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (http->loopback) {
		/* A proxy for the wide world does not know this machine. */
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	}
}

static bool set_options(struct ff_http *http, struct exchange *exchange)
{
	CURL *easy = exchange->easy;
	char *url;
	bool good;

	if (asprintf(&url, "%s%s", http->url, exchange->request->path) < 0) {
		return false;
	}
	good = curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
	free(url);
	ff_http_set_up(http, easy, http->reason);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	/* A server that vanished without a word is noticed even while a job is quiet for minutes. */
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 20L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	return good && add_headers(exchange) && add_token(exchange, http->token) &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers) == CURLE_OK;
}

/* Asks the caller and the clocks. Answers FF_HTTP_ANSWERED to go on. */
static enum ff_http_end check_on(struct exchange *exchange)
{
	const struct ff_http_request *request = exchange->request;
	curl_off_t sent = 0, received = 0;
	int64_t now_us = ff_now_us();

	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
	if (sent + received != exchange->moved_bytes) {
		exchange->moved_bytes = sent + received;
		exchange->moved_us = now_us;
	}
	if (request->go_on != NULL) {
		curl_off_t to_send = 0;

		curl_easy_getinfo(exchange->easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T, &to_send);
		if (!request->go_on(request->context, (uint64_t)sent, to_send > 0 ? (uint64_t)to_send : 0)) {
			return FF_HTTP_STOPPED;
		}
	}
	if ((request->deadline_ms > 0 && now_us - exchange->started_us > (int64_t)request->deadline_ms * 1000) ||
	    (request->quiet_ms > 0 && now_us - exchange->moved_us > (int64_t)request->quiet_ms * 1000)) {
		return FF_HTTP_TIMED_OUT;
	}
	return FF_HTTP_ANSWERED;
}

static enum ff_http_end translate(const struct exchange *exchange, CURLcode code)
{
	if (code == CURLE_OK) {
		return FF_HTTP_ANSWERED;
	}
	if (exchange->response->refused) {
		return FF_HTTP_STOPPED;
	}
	if (exchange->too_large) {
		return FF_HTTP_TOO_LARGE;
	}
	/* A server that refuses an upload may close before it is all sent; its answer counts, not the broken pipe. */
	if (exchange->response->status >= 400) {
		return FF_HTTP_ANSWERED;
	}
	switch (code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return FF_HTTP_NO_SERVER;
	case CURLE_UNSUPPORTED_PROTOCOL: /* no status line; of a wrong scheme check_url() would have known */
	case CURLE_WEIRD_SERVER_REPLY:
		return FF_HTTP_ALIEN;
	case CURLE_READ_ERROR:
	case CURLE_ABORTED_BY_CALLBACK:
		return FF_HTTP_BAD_FILE;
	default:
		return FF_HTTP_BROKEN;
	}
}

static CURLcode result_of(struct ff_http *http)
{
	int left;
	CURLMsg *message = curl_multi_info_read(http->multi, &left);

	return message != NULL && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
}

static enum ff_http_end run(struct ff_http *http, struct exchange *exchange)
{
	struct curl_waitfd wake = { .fd = exchange->request->wake_fd, .events = CURL_WAIT_POLLIN };
	unsigned wakes = exchange->request->wake_fd > 0 ? 1 : 0;
	enum ff_http_end end;
	int running = 0;

	for (;;) {
		if (curl_multi_perform(http->multi, &running) != CURLM_OK) {
			return FF_HTTP_BROKEN;
		}
		if (running == 0) {
			CURLcode code = result_of(http);

			if (code != CURLE_OK && http->reason[0] == '\0') {
				snprintf(http->reason, sizeof(http->reason), "%s", curl_easy_strerror(code));
			}
			return translate(exchange, code);
		}
		end = check_on(exchange);
		if (end != FF_HTTP_ANSWERED) {
			return end;
		}
		if (curl_multi_poll(http->multi, &wake, wakes, POLL_MS, NULL) != CURLM_OK) {
			return FF_HTTP_BROKEN;
		}
	}
}

enum ff_http_end ff_http_perform(struct ff_http *http, const struct ff_http_request *request,
				 struct ff_http_response *response)
{
	struct exchange exchange = { .request = request, .response = response, .started_us = ff_now_us() };
	enum ff_http_end end = FF_HTTP_BROKEN;

	*response = (struct ff_http_response){ .status = 0 };
	ff_buf_init(&response->body, MAX_BODY);
	exchange.moved_us = exchange.started_us;
	snprintf(http->reason, sizeof(http->reason), "out of memory");
	exchange.easy = curl_easy_init();
	if (exchange.easy != NULL && set_options(http, &exchange)) {
		if (!set_payload(&exchange)) {
			end = FF_HTTP_BAD_FILE;
		} else if (curl_multi_add_handle(http->multi, exchange.easy) == CURLM_OK) {
			http->reason[0] = '\0';
			ff_log(http->log, FF_LOG_DEBUG, "%s %s%s", request->method, http->url, request->path);
			end = run(http, &exchange);
			ff_log(http->log, FF_LOG_DEBUG, "%s %s: %ld %s", request->method, request->path,
			       response->status, end == FF_HTTP_STOPPED ? "" : http->reason);
			curl_multi_remove_handle(http->multi, exchange.easy);
		}
	}
	curl_easy_cleanup(exchange.easy);
	curl_mime_free(exchange.mime);
	curl_slist_free_all(exchange.headers);
	return end;
}

void ff_http_response_release(struct ff_http_response *response)
{
	ff_buf_release(&response->body);
}

char *ff_http_path(const char *prefix, const char *name, const char *suffix)
{
	char *escaped = curl_easy_escape(NULL, name, 0);
	char *path = NULL;

	if (escaped != NULL && asprintf(&path, "%s%s%s", prefix, escaped, suffix) < 0) {
		path = NULL;
	}
	curl_free(escaped);
	return path;
}
