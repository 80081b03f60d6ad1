// SPDX-License-Identifier: Apache-2.0
/* The HTTP server in this process, before a port that the test holds. Clients are bare sockets: they cut, stall and leave as
 * no library would. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "fake_port.h"
#include "httpd.h"
#include "listen.h"

#define MAX_UPLOAD 65536
#define PATIENCE_MS 10000
#define ANSWER_SIZE 16384

struct fixture {
	struct ff_fake_port port;
	struct ff_boards *boards;
	struct ff_worker *worker;
	struct ff_queue *queue;
	struct ff_waker *waker;
	struct ff_firmware_store *store;
	struct ff_httpd *httpd;
	char data_dir[64];
	uint16_t http_port;
	unsigned wanted_resets;
	_Atomic(struct ff_guest *) guest; /* the last WebSocket that was handed over */
};

/* The waker and the test both want to hear of changes. */
static void notify(void *context)
{
	struct fixture *fixture = context;
	ff_waker_kick(fixture->waker);
	ff_fake_port_notify(&fixture->port);
}

static bool is_idle(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct fixture *)context)->worker, &view);
	return view.state == FF_BOARD_IDLE;
}

static bool is_lost(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct fixture *)context)->worker, &view);
	return view.state == FF_BOARD_LOST;
}

static bool has_wanted_resets(void *context)
{
	struct fixture *fixture = context;
	pthread_mutex_lock(&fixture->port.mutex);
	bool enough = fixture->port.resets >= fixture->wanted_resets;
	pthread_mutex_unlock(&fixture->port.mutex);
	return enough;
}

static void wait_resets(struct fixture *fixture, unsigned count)
{
	fixture->wanted_resets = count;
	ff_fake_port_wait(&fixture->port, has_wanted_resets, fixture);
}

static void welcome(void *context, struct ff_worker *worker, struct ff_guest *guest)
{
	struct fixture *fixture = context;
	assert_ptr_equal(worker, fixture->worker);
	atomic_store(&fixture->guest, guest);
	ff_fake_port_notify(&fixture->port);
}

static bool has_guest(void *context)
{
	return atomic_load(&((struct fixture *)context)->guest) != NULL;
}

static bool nothing_is_stored(void *context)
{
	char command[128];
	unsigned count = 1;
	snprintf(command, sizeof(command), "find %s -type f | wc -l", ((struct fixture *)context)->data_dir);
	FILE *output = popen(command, "r");
	assert_int_equal(fscanf(output, "%u", &count), 1);
	pclose(output);
	return count == 0;
}

static void start(struct fixture *fixture)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_listen_address address = { .host = "127.0.0.1", .port = "0" };
	struct ff_listener listener;
	assert_int_equal(ff_listen_open(&listener, &address, "--listen", &error), FF_OK);
	fixture->http_port = (uint16_t)atoi(strrchr(listener.url, ':') + 1);
	struct ff_httpd_options options = {
		.listen_fd = listener.fd,
		.boards = fixture->boards,
		.queue = fixture->queue,
		.store = fixture->store,
		.waker = fixture->waker,
		.max_upload = MAX_UPLOAD,
		.welcome = welcome,
		.welcome_context = fixture,
	};
	assert_int_equal(ff_httpd_start(&fixture->httpd, &options, &error), FF_OK);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	strcpy(fixture->data_dir, "/tmp/farflash-test-XXXXXX");
	assert_non_null(mkdtemp(fixture->data_dir));
	struct ff_error error = FF_ERROR_NONE;
	fixture->waker = ff_waker_new();
	assert_non_null(fixture->waker);
	const struct ff_firmware_options firmware = {
		.data_dir = fixture->data_dir,
		.notify = ff_waker_kick,
		.notify_context = fixture->waker,
	};
	assert_int_equal(ff_firmware_store_new(&fixture->store, &firmware, &error), FF_OK);
	struct ff_queue_options queue = {
		.notify = notify,
		.notify_context = fixture,
		.store = fixture->store,
		.max_content = MAX_UPLOAD,
	};
	fixture->queue = ff_queue_new(&queue);
	assert_non_null(fixture->queue);
	struct ff_worker_options options = {
		.name = "lab1",
		.address = fixture->port.address,
		.notify = notify,
		.notify_context = fixture,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&fixture->worker, &options, &error), FF_OK);
	fixture->boards = ff_boards_new();
	assert_non_null(fixture->boards);
	assert_int_equal(ff_boards_add(fixture->boards, fixture->worker), FF_OK);
	start(fixture);
	ff_fake_port_wait(&fixture->port, is_idle, fixture);
	return 0;
}

/* In the order in which the program stops. */
static void stop(struct fixture *fixture)
{
	if (!fixture->httpd) {
		return;
	}
	ff_httpd_quiesce(fixture->httpd);
	ff_queue_stop(fixture->queue);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_worker_stop(fixture->worker, "the server is stopping");
	assert_true(ff_worker_join(fixture->worker, ff_deadline_ms(PATIENCE_MS)));
	ff_httpd_stop(fixture->httpd);
	fixture->httpd = NULL;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	stop(fixture);
	ff_boards_free(fixture->boards);
	ff_worker_free(fixture->worker);
	ff_queue_free(fixture->queue);
	ff_firmware_store_free(fixture->store);
	ff_waker_free(fixture->waker);
	ff_fake_port_release(&fixture->port);
	assert_int_equal(remove(fixture->data_dir), 0);
	free(fixture);
	return 0;
}

static int dial(const struct fixture *fixture)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(fixture->http_port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int ask(const struct fixture *fixture, const char *request)
{
	int fd = dial(fixture);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

/* Reads until `end` stands in the answer, or NULL: until the connection ends. Without `end` the socket is closed. */
static void hear(int fd, char answer[ANSWER_SIZE], const char *end)
{
	int64_t deadline = ff_deadline_ms(PATIENCE_MS);
	size_t size = 0;
	answer[0] = 0;
	while (!end || !strstr(answer, end)) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		if (poll(&poll_fd, 1, ff_deadline_poll_ms(deadline)) != 1) {
			fail_msg("nothing more came after \"%s\"", answer);
		}
		ssize_t got = recv(fd, answer + size, ANSWER_SIZE - 1 - size, 0);
		if (got <= 0) {
			assert_null(end);
			assert_int_equal(got, 0);
			break;
		}
		size += (size_t)got;
		answer[size] = 0;
	}
	if (!end) {
		close(fd);
	}
}

static void check_answer(const struct fixture *fixture, const char *request, const char *status, const char *words)
{
	char answer[ANSWER_SIZE];
	hear(ask(fixture, request), answer, NULL);
	if (!strstr(answer, status) || !strstr(answer, words)) {
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", answer, status, words);
	}
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n"

static void test_httpd__answers_get_and_head(void **state)
{
	check_answer(*state, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n", "{\"status\":\"ok\"");
	check_answer(*state, "GET /api/v1/boards/lab1 HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "\"state\":\"idle\"");
	char answer[ANSWER_SIZE];
	hear(ask(*state, "HEAD /api/v1/jobs HTTP/1.1\r\n" CLOSE "\r\n"), answer, NULL);
	assert_non_null(strstr(answer, " 200 "));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	check_answer(*state, "PATCH /api/v1/boards HTTP/1.1\r\n" CLOSE "\r\n", " 405 ", "Allow: GET, HEAD\r\n");
}

static void test_httpd__refuses_a_large_body_before_it_comes(void **state)
{
	check_answer(
		*state,
		"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n",
		" 413 ", "\"code\":\"upload-too-large\"");
	check_answer(*state,
		     "PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n"
		     "Expect: 100-continue\r\n\r\n",
		     "HTTP/1.1 413 ", "\"code\":\"upload-too-large\"");
}

/* What a client does that looks for the answer only when it has sent everything. */
static void send_all_then_hear(int fd, const char *bytes, size_t size, unsigned times, char answer[ANSWER_SIZE])
{
	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
	}
	hear(fd, answer, NULL);
}

static void test_httpd__client_that_writes_first_still_sees_the_refusal(void **state)
{
	static char body[65536];
	char answer[ANSWER_SIZE];
	memset(body, 'x', sizeof(body));
	int fd = ask(
		*state,
		"PUT /api/v1/boards/none/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n");
	send_all_then_hear(fd, body, sizeof(body), 1024, answer);
	assert_non_null(strstr(answer, "HTTP/1.1 404 "));
	assert_non_null(strstr(answer, "\"code\":\"no-such-board\""));
}

static void test_httpd__counts_a_body_without_length(void **state)
{
	static char chunk[16384 + 8] = "4000\r\n";
	char answer[ANSWER_SIZE];
	memset(chunk + 6, 'x', 16384);
	memcpy(chunk + 6 + 16384, "\r\n", 2);
	int fd = ask(
		*state,
		"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
	send_all_then_hear(fd, chunk, sizeof(chunk), 1024, answer);
	assert_non_null(strstr(answer, "HTTP/1.1 413 "));
	assert_non_null(strstr(answer, "\"code\":\"upload-too-large\""));
	ff_fake_port_wait(&((struct fixture *)*state)->port, nothing_is_stored, *state);
}

static void test_httpd__client_that_leaves_in_mid_upload_leaves_nothing(void **state)
{
	struct fixture *fixture = *state;
	/* Data and end of stream arrive together in some of them and apart in others. */
	for (int i = 0; i < 100; i++) {
		char body[4096] = "";
		memset(body, 'x', sizeof(body));
		int fd = ask(
			fixture,
			"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n");
		assert_true(send(fd, body, (size_t)i * 37, MSG_NOSIGNAL) >= 0);
		close(fd);
	}
	ff_fake_port_wait(&fixture->port, nothing_is_stored, fixture);
	assert_int_equal(ff_queue_count(fixture->queue), 0);
}

static void test_httpd__request_waits_for_its_job(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	ff_fake_port_hold_resets(&fixture->port, true);
	int fd = ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "\r\n");
	wait_resets(fixture, 1);
	check_answer(fixture, "GET /api/v1/boards HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "\"state\":\"busy\"");
	check_answer(fixture, "POST /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx",
		     " 409 ", "\"code\":\"board-busy\"");
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	ff_fake_port_hold_resets(&fixture->port, false);
	hear(fd, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "\"state\":\"done\""));
}

static void test_httpd__streams_end_with_their_job(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	ff_fake_port_hold_resets(&fixture->port, true);
	int text = ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "Accept: text/plain\r\n\r\n");
	wait_resets(fixture, 1);
	int events = ask(fixture, "GET /api/v1/jobs/1/events HTTP/1.1\r\n" CLOSE "\r\n");
	hear(events, answer, "\"running\"");
	ff_fake_port_hold_resets(&fixture->port, false);
	hear(text, answer, NULL);
	assert_non_null(strstr(answer, "Content-Type: text/plain"));
	assert_non_null(strstr(answer, "\ndone: reset"));
	assert_non_null(strstr(answer, "\r\n0\r\n"));
	hear(events, answer, NULL);
	assert_non_null(strstr(answer, "event: end\ndata: {\"id\":\"1\""));
}

static void test_httpd__text_of_a_failed_job_is_cut(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	ff_fake_port_set_open_status(&fixture->port, FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_port_wait(&fixture->port, is_lost, fixture);
	hear(ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "Accept: text/plain\r\n\r\n"), answer,
	     NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "\nfailed: "));
	assert_null(strstr(answer, "\r\n0\r\n"));
}

static void test_httpd__console_goes_both_ways(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	char heard[16];
	int fd = ask(fixture, "GET /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "\r\n");
	hear(fd, answer, "\r\n\r\n");
	ff_fake_port_say(&fixture->port, "hello from the board");
	hear(fd, answer, "hello from the board");
	check_answer(fixture, "POST /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "Content-Length: 4\r\n\r\nping",
		     "HTTP/1.1 204 ", "\r\n\r\n");
	ff_fake_port_hear(&fixture->port, heard, sizeof(heard));
	assert_string_equal(heard, "ping");
	close(fd);
}

#define UPGRADE \
	" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static void test_httpd__hands_a_websocket_over(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	/* Behind another request, with the first bytes of what is no HTTP any more. */
	int fd = ask(fixture, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
			      "GET /api/v1/boards/lab1/console?history=7&from=5000000000&epoch=0123456789abcdef" UPGRADE
			      "extra");
	hear(fd, answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
	assert_non_null(strstr(answer, "HTTP/1.1 101 "));
	ff_fake_port_wait(&fixture->port, has_guest, fixture);
	struct ff_guest *guest = atomic_load(&fixture->guest);
	assert_true(guest->resumes && guest->position == 5000000000 && guest->history == 7);
	assert_string_equal(guest->epoch, "0123456789abcdef");
	assert_int_equal(strncmp(guest->peer, "127.0.0.1:", 10), 0);
	assert_int_equal(guest->extra_size, 5);
	assert_memory_equal(guest->extra, "extra", 5);
	assert_int_equal(send(fd, "ping", 4, MSG_NOSIGNAL), 4);
	struct pollfd item = { .fd = guest->fd, .events = POLLIN };
	assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(guest->fd, answer, sizeof(answer), 0), 4);
	assert_int_equal(recv(guest->fd, answer, sizeof(answer), 0), -1); /* it does not block */
	assert_int_equal(send(guest->fd, "pong", 4, MSG_NOSIGNAL), 4);
	ff_guest_free(guest);
	hear(fd, answer, NULL);
	assert_string_equal(answer + strlen(answer) - 4, "pong");
}

static void test_httpd__stops_with_clients_of_every_kind(void **state)
{
	struct fixture *fixture = *state;
	char answer[ANSWER_SIZE];
	ff_fake_port_hold_resets(&fixture->port, true);
	int waiting = ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "\r\n");
	wait_resets(fixture, 1);
	int queued = ask(fixture, "POST /api/v1/boards/lab1/info HTTP/1.1\r\n" CLOSE "\r\n");
	int console = ask(fixture, "GET /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "\r\n");
	int events = ask(fixture, "GET /api/v1/jobs/1/events HTTP/1.1\r\n" CLOSE "\r\n");
	int silent = dial(fixture);
	hear(console, answer, "\r\n\r\n");
	hear(events, answer, "\"running\"");
	while (ff_queue_count(fixture->queue) < 2) {
		check_answer(fixture, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "");
	}
	stop(fixture);
	hear(waiting, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 ")); /* a reset that has begun is finished */
	hear(queued, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	assert_non_null(strstr(answer, "\"code\":\"shutting-down\""));
	hear(events, answer, NULL);
	assert_non_null(strstr(answer, "event: end"));
	hear(console, answer, NULL);
	/* A connection that was not accepted yet is reset instead of closed. */
	assert_true(recv(silent, answer, 1, 0) <= 0);
	close(silent);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_httpd__answers_get_and_head),
		WITH(test_httpd__refuses_a_large_body_before_it_comes),
		WITH(test_httpd__client_that_writes_first_still_sees_the_refusal),
		WITH(test_httpd__counts_a_body_without_length),
		WITH(test_httpd__client_that_leaves_in_mid_upload_leaves_nothing),
		WITH(test_httpd__request_waits_for_its_job),
		WITH(test_httpd__streams_end_with_their_job),
		WITH(test_httpd__text_of_a_failed_job_is_cut),
		WITH(test_httpd__console_goes_both_ways),
		WITH(test_httpd__hands_a_websocket_over),
		WITH(test_httpd__stops_with_clients_of_every_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
