// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/evp.h>

#include <farflash/transport.h>
#include <farflash/version.h>

#include "handshake.h"
#include "http_setup.h"
#include "lease_id.h"
#include "websocket.h"

#define STEP_MS 100
#define IN_SIZE 16384
#define OUT_SIZE 16384
#define TURNS 16 /* pieces received before others have their turn */
#define MAX_PROBLEM 65536
#define MAX_USER 512

struct ff_channel {
	CURLM *multi;
	CURL *easy;
	struct ff_websocket *websocket;
	const struct ff_channel_request *request; /* while it opens */
	void (*message)(void *context, bool is_text, const uint8_t *bytes, size_t size);
	void *context;
	int64_t deadline_us;
	int64_t heard_us;
	char key[FF_HANDSHAKE_KEY_SIZE];
	char reason[CURL_ERROR_SIZE];
	size_t out_at;
	size_t out_end;
	uint8_t out[OUT_SIZE];
};

/* ---- the connection ---- */

/* Sends what it takes. False: it is gone. */
static bool push(struct ff_channel *channel, const void *bytes, size_t size, size_t *sent)
{
	CURLcode code = curl_easy_send(channel->easy, bytes, size, sent);

	if (code == CURLE_AGAIN) {
		*sent = 0;
		return true;
	}
	if (code != CURLE_OK) {
		snprintf(channel->reason, sizeof(channel->reason), "%s", curl_easy_strerror(code));
	}
	return code == CURLE_OK;
}

/* Receives what is there, 0 bytes if nothing is. False: it is gone. */
static bool pull(struct ff_channel *channel, void *bytes, size_t capacity, size_t *got)
{
	CURLcode code = curl_easy_recv(channel->easy, bytes, capacity, got);

	if (code == CURLE_AGAIN) {
		*got = 0;
		return true;
	}
	if (code != CURLE_OK || *got == 0) {
		snprintf(channel->reason, sizeof(channel->reason), "%s",
			 code == CURLE_OK ? "the server hung up" : curl_easy_strerror(code));
		return false;
	}
	channel->heard_us = ff_now_us();
	return true;
}

static int descriptor(const struct ff_channel *channel)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	curl_easy_getinfo(channel->easy, CURLINFO_ACTIVESOCKET, &fd);
	return fd == CURL_SOCKET_BAD ? -1 : (int)fd;
}

/* ---- opening ---- */

static bool give_up(const struct ff_channel *channel, const struct ff_api *api, struct ff_failure *failure)
{
	if (channel->request->go_on != NULL && !channel->request->go_on(channel->request->context)) {
		return !ff_failure_set(failure, "cancelled", "interrupted");
	}
	if (ff_now_us() >= channel->deadline_us) {
		return !ff_failure_set(failure, "server-unreachable", "the server at %s did not answer in time",
				       ff_http_url(api->http));
	}
	return false;
}

static bool explain(const struct ff_channel *channel, const struct ff_api *api, struct ff_failure *failure)
{
	return ff_failure_set(failure, "server-unreachable", "cannot reach the server at %s (%s)",
			      ff_http_url(api->http), channel->reason);
}

static bool prepare(struct ff_channel *channel, const struct ff_api *api)
{
	CURL *easy = channel->easy;

	if (easy == NULL || channel->multi == NULL ||
	    curl_easy_setopt(easy, CURLOPT_URL, ff_http_url(api->http)) != CURLE_OK) {
		return false;
	}
	ff_http_set_up(api->http, easy, channel->reason);
	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)channel->request->deadline_ms);
	return curl_multi_add_handle(channel->multi, easy) == CURLM_OK;
}

static bool connect_server(struct ff_channel *channel, const struct ff_api *api, struct ff_failure *failure)
{
	int running = 1;

	while (running > 0) {
		int left;
		CURLMsg *message;

		if (curl_multi_perform(channel->multi, &running) != CURLM_OK) {
			return explain(channel, api, failure);
		}
		message = curl_multi_info_read(channel->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE && message->data.result != CURLE_OK) {
			if (channel->reason[0] == '\0') {
				snprintf(channel->reason, sizeof(channel->reason), "%s",
					 curl_easy_strerror(message->data.result));
			}
			return explain(channel, api, failure);
		}
		if (running > 0 && (give_up(channel, api, failure) ||
				    curl_multi_poll(channel->multi, NULL, 0, STEP_MS, NULL) != CURLM_OK)) {
			return explain(channel, api, failure);
		}
	}
	return true;
}

/* "Authorization: Bearer …", or "Basic …" for a URL with a user in it, as for REST. */
static void add_user(char *line, size_t size, CURLU *url, const char *token)
{
	char *user = NULL, *password = NULL;
	char plain[MAX_USER];
	char coded[MAX_USER * 2];
	int length;

	line[0] = '\0';
	if (token != NULL) {
		snprintf(line, size, "Authorization: Bearer %s\r\n", token);
	} else if (curl_url_get(url, CURLUPART_USER, &user, CURLU_URLDECODE) == CURLUE_OK) {
		(void)!curl_url_get(url, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
		length = snprintf(plain, sizeof(plain), "%s:%s", user, password != NULL ? password : "");
		if (length > 0 && (size_t)length < sizeof(plain)) {
			EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)plain, length);
			snprintf(line, size, "Authorization: Basic %s\r\n", coded);
		}
	}
	curl_free(user);
	curl_free(password);
}

/* The request as text, to be freed; NULL without memory. */
static char *make_request(const struct ff_channel *channel, const struct ff_api *api)
{
	CURLU *url = curl_url();
	char *host = NULL, *port = NULL, *base = NULL, *text = NULL;
	char user[MAX_USER * 2 + 32];
	const char *id = ff_lease_id_of_environment();
	char lease[64] = "";

	if (id != NULL) {
		snprintf(lease, sizeof(lease), "Farflash-Lease: %s\r\n", id);
	}
	if (url != NULL && curl_url_set(url, CURLUPART_URL, ff_http_url(api->http), 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PATH, &base, 0) == CURLUE_OK) {
		(void)!curl_url_get(url, CURLUPART_PORT, &port, 0);
		add_user(user, sizeof(user), url, ff_http_token(api->http));
		if (asprintf(&text,
			     "GET %s%s HTTP/1.1\r\nHost: %s%s%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: " FF_HANDSHAKE_VERSION
			     "\r\nUser-Agent: farflash/" FF_VERSION "\r\n%s%s\r\n",
			     strcmp(base, "/") == 0 ? "" : base, channel->request->path, host, port != NULL ? ":" : "",
			     port != NULL ? port : "", channel->key, user, lease) < 0) {
			text = NULL;
		}
	}
	curl_free(host);
	curl_free(port);
	curl_free(base);
	curl_url_cleanup(url);
	return text;
}

static void wait_for(const struct ff_channel *channel, short events)
{
	struct pollfd fd = { .fd = descriptor(channel), .events = events };

	(void)!poll(&fd, 1, STEP_MS);
}

static bool send_request(struct ff_channel *channel, const struct ff_api *api, struct ff_failure *failure)
{
	char *text = ff_handshake_make_key(channel->key) ? make_request(channel, api) : NULL;
	size_t size = text != NULL ? strlen(text) : 0;
	size_t at = 0;
	bool good = text != NULL || ff_failure_set(failure, "no-memory", "out of memory");

	while (good && at < size) {
		size_t sent = 0;

		good = push(channel, text + at, size - at, &sent) ? !give_up(channel, api, failure)
								  : explain(channel, api, failure);
		at += sent;
		if (good && at < size) {
			wait_for(channel, POLLOUT);
		}
	}
	free(text);
	return good;
}

/* Receives until there are `wanted` bytes; SIZE_MAX: until the head is complete. */
static bool receive_more(struct ff_channel *channel, const struct ff_api *api, struct ff_buf *buffer, size_t wanted,
			 struct ff_failure *failure)
{
	while (wanted == SIZE_MAX ? ff_handshake_head_size((const char *)buffer->bytes, buffer->size) == 0
				  : buffer->size < wanted) {
		uint8_t bytes[1024];
		size_t got = 0;

		if (!pull(channel, bytes, sizeof(bytes), &got)) {
			return explain(channel, api, failure);
		}
		if (ff_buf_append(buffer, bytes, got) != FF_OK) {
			return ff_failure_set(failure, "not-a-server",
					      "%s sent more than an answer can be: is it a farflash server?",
					      ff_http_url(api->http));
		}
		if (got == 0) {
			wait_for(channel, POLLIN);
		}
		if (give_up(channel, api, failure)) {
			return false;
		}
	}
	return true;
}

/* The server does not want to: why, stands in the body. */
static bool read_refusal(struct ff_channel *channel, const struct ff_api *api, struct ff_buf *buffer, size_t head,
			 const struct ff_handshake_answer *answer, struct ff_failure *failure)
{
	struct ff_http_response response = { .status = (long)answer->status };
	struct ff_failure broken = { .code = "" };

	ff_buf_init(&response.body, MAX_PROBLEM);
	if (answer->has_length && answer->length <= MAX_PROBLEM &&
	    receive_more(channel, api, buffer, head + answer->length, &broken)) {
		(void)!ff_buf_append(&response.body, buffer->bytes + head, answer->length);
	}
	ff_api_problem(api, &response, NULL, failure);
	ff_http_response_release(&response);
	return false;
}

static bool read_answer(struct ff_channel *channel, const struct ff_api *api, struct ff_buf *buffer,
			struct ff_failure *failure)
{
	struct ff_handshake_answer answer;
	struct ff_error error = FF_ERROR_NONE;
	size_t head;

	if (!receive_more(channel, api, buffer, SIZE_MAX, failure)) {
		return false;
	}
	head = ff_handshake_head_size((const char *)buffer->bytes, buffer->size);
	if (ff_handshake_read(&answer, (const char *)buffer->bytes, head, channel->key, &error) != FF_OK) {
		return ff_failure_set(failure, "not-a-server", "%s does not answer in HTTP: is it a farflash server?",
				      ff_http_url(api->http));
	}
	if (!answer.upgraded && answer.status != 101) {
		return read_refusal(channel, api, buffer, head, &answer, failure);
	}
	if (!answer.upgraded) {
		return ff_failure_set(failure, "not-a-server",
				      "%s does not make a WebSocket of the connection: is there a proxy before it?",
				      ff_http_url(api->http));
	}
	/* What came behind the head are frames. */
	if (ff_websocket_receive(channel->websocket, buffer->bytes + head, buffer->size - head, &error) != FF_OK) {
		return ff_failure_set(failure, "not-a-server", "%s: %s", ff_http_url(api->http), error.text);
	}
	return true;
}

static void on_message(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_channel *channel = context;

	channel->message(channel->context, is_text, bytes, size);
}

bool ff_channel_open(struct ff_channel **result, const struct ff_api *api, const struct ff_channel_request *request,
		     struct ff_failure *failure)
{
	struct ff_channel *channel = calloc(1, sizeof(*channel));
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf buffer;
	bool good;

	if (channel == NULL) {
		return ff_failure_set(failure, "no-memory", "out of memory");
	}
	channel->request = request;
	channel->message = request->message;
	channel->context = request->context;
	channel->deadline_us = ff_now_us() + (int64_t)request->deadline_ms * 1000;
	channel->multi = curl_multi_init();
	channel->easy = curl_easy_init();
	ff_buf_init(&buffer, FF_HANDSHAKE_HEAD_MAX + MAX_PROBLEM);
	if (!prepare(channel, api) || ff_websocket_new(&channel->websocket, FF_WEBSOCKET_CLIENT, request->max_message,
						       on_message, channel, &error) != FF_OK) {
		good = ff_failure_set(failure, "no-memory", "out of memory");
	} else {
		good = connect_server(channel, api, failure) && send_request(channel, api, failure) &&
		       read_answer(channel, api, &buffer, failure);
	}
	ff_buf_release(&buffer);
	channel->request = NULL;
	if (!good) {
		ff_channel_free(channel);
		return false;
	}
	*result = channel;
	return true;
}

void ff_channel_free(struct ff_channel *channel)
{
	if (channel == NULL) {
		return;
	}
	ff_websocket_free(channel->websocket);
	if (channel->multi != NULL && channel->easy != NULL) {
		curl_multi_remove_handle(channel->multi, channel->easy);
	}
	curl_easy_cleanup(channel->easy);
	curl_multi_cleanup(channel->multi);
	free(channel);
}

/* ---- once it is open ---- */

static bool flush(struct ff_channel *channel)
{
	for (;;) {
		size_t sent = 0;

		if (channel->out_at == channel->out_end) {
			channel->out_at = 0;
			channel->out_end = ff_websocket_output(channel->websocket, channel->out, sizeof(channel->out));
		}
		if (channel->out_end == 0) {
			return true;
		}
		if (!push(channel, channel->out + channel->out_at, channel->out_end - channel->out_at, &sent)) {
			return false;
		}
		channel->out_at += sent;
		if (channel->out_at < channel->out_end) {
			return true;
		}
	}
}

/* Each ping asks for an answer: nothing is received while those wait. */
static bool receives(const struct ff_channel *channel)
{
	return channel->out_at == channel->out_end;
}

/* It may have come with the answer to the handshake. */
static bool is_closed(const struct ff_channel *channel)
{
	return ff_websocket_close_code(channel->websocket) != FF_WEBSOCKET_NO_FRAME;
}

static enum ff_channel_state receive(struct ff_channel *channel)
{
	for (int i = 0; i < TURNS && receives(channel) && !is_closed(channel); i++) {
		uint8_t bytes[IN_SIZE];
		struct ff_error error = FF_ERROR_NONE;
		size_t got = 0;

		if (!pull(channel, bytes, sizeof(bytes), &got)) {
			return FF_CHANNEL_LOST;
		}
		if (got == 0) {
			break;
		}
		if (ff_websocket_receive(channel->websocket, bytes, got, &error) != FF_OK) {
			snprintf(channel->reason, sizeof(channel->reason), "%.200s", error.text);
			return FF_CHANNEL_LOST;
		}
	}
	if (!is_closed(channel)) {
		return FF_CHANNEL_UP;
	}
	snprintf(channel->reason, sizeof(channel->reason), "%s", ff_websocket_close_reason(channel->websocket));
	return FF_CHANNEL_CLOSED;
}

enum ff_channel_state ff_channel_turn(struct ff_channel *channel)
{
	enum ff_channel_state state = FF_CHANNEL_LOST;

	if (flush(channel)) {
		state = receive(channel);
	}
	if (state != FF_CHANNEL_LOST && !flush(channel)) {
		state = FF_CHANNEL_LOST;
	}
	return state;
}

size_t ff_channel_room(const struct ff_channel *channel)
{
	return ff_websocket_room(channel->websocket);
}

bool ff_channel_send(struct ff_channel *channel, bool is_text, const void *bytes, size_t size)
{
	return ff_websocket_send(channel->websocket, is_text, bytes, size);
}

void ff_channel_ping(struct ff_channel *channel)
{
	ff_websocket_ping(channel->websocket);
}

void ff_channel_close(struct ff_channel *channel)
{
	ff_websocket_close(channel->websocket, FF_WEBSOCKET_NORMAL, NULL);
}

int ff_channel_fd(const struct ff_channel *channel, short *events)
{
	bool sends = channel->out_at < channel->out_end || ff_websocket_has_output(channel->websocket);

	*events = (short)((receives(channel) ? POLLIN : 0) | (sends ? POLLOUT : 0));
	return descriptor(channel);
}

int64_t ff_channel_heard_us(const struct ff_channel *channel)
{
	return channel->heard_us;
}

unsigned ff_channel_code(const struct ff_channel *channel)
{
	return ff_websocket_close_code(channel->websocket);
}

const char *ff_channel_reason(const struct ff_channel *channel)
{
	return channel->reason;
}
