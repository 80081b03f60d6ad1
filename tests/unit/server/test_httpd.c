// SPDX-License-Identifier: Apache-2.0
/* The HTTP server, whole: one answer for each request, whatever the client and the disk do. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "httpd_fixture.h"

static bool is_lost(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct ff_httpd_fixture *)context)->worker, &view);
	return view.state == FF_BOARD_LOST;
}

static bool has_guest(void *context)
{
	return atomic_load(&((struct ff_httpd_fixture *)context)->guest) != NULL;
}

static bool nothing_is_stored(void *context)
{
	char command[128];
	unsigned count = 1;
	snprintf(command, sizeof(command), "find %s -type f | wc -l", ((struct ff_httpd_fixture *)context)->data_dir);
	FILE *output = popen(command, "r");
	assert_int_equal(fscanf(output, "%u", &count), 1);
	pclose(output);
	return count == 0;
}

static bool eight_are_accepting(void *context)
{
	return atomic_load(&((struct ff_httpd_fixture *)context)->accepting) == 8;
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n"

static void test_httpd__answers_get_and_head(void **state)
{
	ff_httpd_fixture_check(*state, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200 OK\r\n",
			       "{\"status\":\"ok\"");
	ff_httpd_fixture_check(*state, "GET /api/v1/boards/lab1 HTTP/1.1\r\n" CLOSE "\r\n", " 200 ",
			       "\"state\":\"idle\"");
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_httpd_fixture_hear(ff_httpd_fixture_ask(*state, "HEAD /api/v1/jobs HTTP/1.1\r\n" CLOSE "\r\n"), answer,
			      NULL);
	assert_non_null(strstr(answer, " 200 "));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	ff_httpd_fixture_check(*state, "PATCH /api/v1/boards HTTP/1.1\r\n" CLOSE "\r\n", " 405 ",
			       "Allow: GET, HEAD\r\n");
}

static void test_httpd__refuses_a_large_body_before_it_comes(void **state)
{
	ff_httpd_fixture_check(
		*state,
		"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n",
		" 413 ", "\"code\":\"upload-too-large\"");
	ff_httpd_fixture_check(
		*state,
		"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n"
		"Expect: 100-continue\r\n\r\n",
		"HTTP/1.1 413 ", "\"code\":\"upload-too-large\"");
}

/* What a client does that looks for the answer only when it has sent everything. */
static void send_all_then_hear(int fd, const char *bytes, size_t size, unsigned times,
			       char answer[FF_HTTPD_FIXTURE_ANSWER])
{
	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
	}
	ff_httpd_fixture_hear(fd, answer, NULL);
}

static void test_httpd__client_that_writes_first_still_sees_the_refusal(void **state)
{
	static char body[65536];
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	memset(body, 'x', sizeof(body));
	int fd = ff_httpd_fixture_ask(
		*state,
		"PUT /api/v1/boards/none/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n");
	send_all_then_hear(fd, body, sizeof(body), 1024, answer);
	assert_non_null(strstr(answer, "HTTP/1.1 404 "));
	assert_non_null(strstr(answer, "\"code\":\"no-such-board\""));
}

static void test_httpd__counts_a_body_without_length(void **state)
{
	static char chunk[16384 + 8] = "4000\r\n";
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	memset(chunk + 6, 'x', 16384);
	memcpy(chunk + 6 + 16384, "\r\n", 2);
	int fd = ff_httpd_fixture_ask(
		*state,
		"PUT /api/v1/boards/lab1/flash?offset=0 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
	send_all_then_hear(fd, chunk, sizeof(chunk), 1024, answer);
	assert_non_null(strstr(answer, "HTTP/1.1 413 "));
	assert_non_null(strstr(answer, "\"code\":\"upload-too-large\""));
	ff_fake_port_wait(&((struct ff_httpd_fixture *)*state)->port, nothing_is_stored, *state);
}

static void test_httpd__client_that_leaves_in_mid_upload_leaves_nothing(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	/* Data and end of stream arrive together in some of them and apart in others. */
	for (int i = 0; i < 100; i++) {
		char body[4096] = "";
		memset(body, 'x', sizeof(body));
		int fd = ff_httpd_fixture_ask(
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
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_fake_port_hold_resets(&fixture->port, true);
	int fd = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "\r\n");
	ff_httpd_fixture_wait_resets(fixture, 1);
	ff_httpd_fixture_check(fixture, "GET /api/v1/boards HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "\"state\":\"busy\"");
	ff_httpd_fixture_check(fixture,
			       "POST /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx",
			       " 409 ", "\"code\":\"board-busy\"");
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_httpd_fixture_hear(fd, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "\"state\":\"done\""));
}

static void test_httpd__streams_end_with_their_job(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_fake_port_hold_resets(&fixture->port, true);
	int text = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE
						 "Accept: text/plain\r\n\r\n");
	ff_httpd_fixture_wait_resets(fixture, 1);
	int events = ff_httpd_fixture_ask(fixture, "GET /api/v1/jobs/1/events HTTP/1.1\r\n" CLOSE "\r\n");
	ff_httpd_fixture_hear(events, answer, "\"running\"");
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_httpd_fixture_hear(text, answer, NULL);
	assert_non_null(strstr(answer, "Content-Type: text/plain"));
	assert_non_null(strstr(answer, "\ndone: reset"));
	assert_non_null(strstr(answer, "\r\n0\r\n"));
	ff_httpd_fixture_hear(events, answer, NULL);
	assert_non_null(strstr(answer, "event: end\ndata: {\"id\":\"1\""));
}

static void test_httpd__text_of_a_failed_job_is_cut(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_fake_port_set_open_status(&fixture->port, FF_ERR_NOT_FOUND);
	ff_fake_port_unplug(&fixture->port);
	ff_fake_port_wait(&fixture->port, is_lost, fixture);
	ff_httpd_fixture_hear(ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE
							    "Accept: text/plain\r\n\r\n"),
			      answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 "));
	assert_non_null(strstr(answer, "\nfailed: "));
	assert_null(strstr(answer, "\r\n0\r\n"));
}

static void test_httpd__console_goes_both_ways(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	char heard[16];
	int fd = ff_httpd_fixture_ask(fixture, "GET /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "\r\n");
	ff_httpd_fixture_hear(fd, answer, "\r\n\r\n");
	ff_fake_port_say(&fixture->port, "hello from the board");
	ff_httpd_fixture_hear(fd, answer, "hello from the board");
	ff_httpd_fixture_check(fixture,
			       "POST /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "Content-Length: 4\r\n\r\nping",
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
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	/* Behind another request, with the first bytes of what is no HTTP any more. */
	int fd = ff_httpd_fixture_ask(
		fixture,
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
		"GET /api/v1/boards/lab1/console?history=7&from=5000000000&epoch=0123456789abcdef" UPGRADE "extra");
	ff_httpd_fixture_hear(fd, answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
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
	assert_int_equal(poll(&item, 1, FF_HTTPD_FIXTURE_PATIENCE_MS), 1);
	assert_int_equal(recv(guest->fd, answer, sizeof(answer), 0), 4);
	assert_int_equal(recv(guest->fd, answer, sizeof(answer), 0), -1); /* it does not block */
	assert_int_equal(send(guest->fd, "pong", 4, MSG_NOSIGNAL), 4);
	ff_guest_free(guest);
	ff_httpd_fixture_hear(fd, answer, NULL);
	assert_string_equal(answer + strlen(answer) - 4, "pong");
}

static void test_httpd__stops_with_clients_of_every_kind(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	ff_fake_port_hold_resets(&fixture->port, true);
	int waiting = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE "\r\n");
	ff_httpd_fixture_wait_resets(fixture, 1);
	int queued = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/info HTTP/1.1\r\n" CLOSE "\r\n");
	int console = ff_httpd_fixture_ask(fixture, "GET /api/v1/boards/lab1/console HTTP/1.1\r\n" CLOSE "\r\n");
	int events = ff_httpd_fixture_ask(fixture, "GET /api/v1/jobs/1/events HTTP/1.1\r\n" CLOSE "\r\n");
	int silent = ff_httpd_fixture_dial(fixture);
	ff_httpd_fixture_hear(console, answer, "\r\n\r\n");
	ff_httpd_fixture_hear(events, answer, "\"running\"");
	while (ff_queue_count(fixture->queue) < 2) {
		ff_httpd_fixture_check(fixture, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "");
	}
	ff_httpd_fixture_stop(fixture);
	ff_httpd_fixture_hear(waiting, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 200 ")); /* a reset that has begun is finished */
	ff_httpd_fixture_hear(queued, answer, NULL);
	assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	assert_non_null(strstr(answer, "\"code\":\"shutting-down\""));
	ff_httpd_fixture_hear(events, answer, NULL);
	assert_non_null(strstr(answer, "event: end"));
	ff_httpd_fixture_hear(console, answer, NULL);
	/* A connection that was not accepted yet is reset instead of closed. */
	assert_true(recv(silent, answer, 1, 0) <= 0);
	close(silent);
}

/* More of them than there are threads of the library, and one whose client leaves. */
static void test_httpd__waits_for_a_disk_beside_its_threads(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	int fds[8];
	sem_wait(&fixture->disk);
	for (size_t i = 0; i < 8; i++) {
		fds[i] = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/reset HTTP/1.1\r\n" CLOSE
						       "Prefer: respond-async\r\n\r\n");
	}
	ff_fake_port_wait(&fixture->port, eight_are_accepting, fixture);
	ff_httpd_fixture_check(fixture, "GET /healthz HTTP/1.1\r\n" CLOSE "\r\n", " 200 ", "\"status\":\"ok\"");
	close(fds[0]);
	sem_post(&fixture->disk);
	for (size_t i = 1; i < 8; i++) {
		ff_httpd_fixture_hear(fds[i], answer, NULL);
		assert_non_null(strstr(answer, "HTTP/1.1 202 "));
	}
	ff_httpd_fixture_wait_resets(fixture, 8);
}

static void *slow_down(void *context)
{
	struct ff_httpd_fixture *fixture = context;
	usleep(100000);
	sem_post(&fixture->disk);
	return NULL;
}

static void test_httpd__stops_while_a_disk_is_slow(void **state)
{
	struct ff_httpd_fixture *fixture = *state;
	char answer[FF_HTTPD_FIXTURE_ANSWER];
	int fds[8];
	pthread_t thread;
	sem_wait(&fixture->disk);
	for (size_t i = 0; i < 8; i++) {
		fds[i] = ff_httpd_fixture_ask(fixture, "POST /api/v1/boards/lab1/info HTTP/1.1\r\n" CLOSE "\r\n");
	}
	ff_fake_port_wait(&fixture->port, eight_are_accepting, fixture);
	close(fds[0]);
	pthread_create(&thread, NULL, slow_down, fixture);
	ff_httpd_fixture_stop(fixture);
	pthread_join(thread, NULL);
	for (size_t i = 1; i < 8; i++) {
		ff_httpd_fixture_hear(fds[i], answer, NULL);
		assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, ff_httpd_fixture_set_up, ff_httpd_fixture_tear_down)

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
		WITH(test_httpd__waits_for_a_disk_beside_its_threads),
		WITH(test_httpd__stops_while_a_disk_is_slow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
