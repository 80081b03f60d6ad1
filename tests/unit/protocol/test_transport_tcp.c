// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include <farflash/transport.h>

#include "clock.h"
#include "test_transport_peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void start(struct peer *peer, struct ff_transport *transport, const struct act *acts, size_t count)
{
	struct ff_error error = FF_ERROR_NONE;
	peer_start(peer, "socket://", acts, count, NULL, 0);
	if (ff_transport_open(transport, peer->address, NULL, &error) != FF_OK) {
		fail_msg("%s", error.text);
	}
}

static void test_tcp__carries_every_byte(void **state)
{
	(void)state;
	const struct act acts[] = {
		EXPECT(0x00, 0xFF, 0xC0, 0x0D, 0x0A),
		SEND(0xFF, 0xF0, 0x00, 0x11, 0x13),
	};
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	assert_false(transport.has_lines);
	assert_true(transport.fixed_baud);
	int64_t deadline = ff_deadline_ms(5000);
	assert_int_equal(
		transport.ops->write(transport.self, (const uint8_t[]){ 0, 0xFF, 0xC0, 0x0D, 0x0A }, 5, deadline, NULL),
		FF_OK);
	uint8_t bytes[8];
	size_t have = 0;
	while (have < 5) {
		size_t got = 0;
		assert_int_equal(
			transport.ops->read(transport.self, bytes + have, sizeof(bytes) - have, &got, deadline, NULL),
			FF_OK);
		assert_true(got > 0);
		have += got;
	}
	assert_memory_equal(bytes, ((const uint8_t[]){ 0xFF, 0xF0, 0x00, 0x11, 0x13 }), 5);
	assert_int_equal(transport.ops->drain(transport.self, deadline, NULL), FF_OK);
	ff_transport_close(&transport);
	assert_null(transport.ops);
	ff_transport_close(&transport);
	peer_join(&peer);
}

static void test_tcp__looks_only_when_the_deadline_has_passed(void **state)
{
	(void)state;
	const struct act acts[] = { EXPECT('?'), SEND('!') };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	uint8_t byte = 0;
	size_t got = 77;
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, 0, NULL), FF_ERR_TIMEOUT);
	assert_int_equal(got, 77);
	assert_int_equal(transport.ops->write(transport.self, (const uint8_t *)"?", 1, ff_deadline_ms(5000), NULL),
			 FF_OK);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, ff_deadline_ms(5000), NULL), FF_OK);
	assert_int_equal(byte, '!');
	ff_transport_close(&transport);
	peer_join(&peer);
}

static void on_alarm(int number)
{
	(void)number;
}

/* Signals every 2 ms, without SA_RESTART: neither may they cut the wait short nor stretch it. */
static void test_tcp__waits_exactly_through_signals(void **state)
{
	(void)state;
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, NULL, 0);
	struct sigaction action = { .sa_handler = on_alarm }, old;
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &every, NULL);
	uint8_t byte = 0;
	size_t got = 0;
	int64_t deadline = ff_deadline_ms(100);
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = transport.ops->read(transport.self, &byte, 1, &got, deadline, &error);
	int64_t late_us = ff_now_us() - deadline;
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	assert_int_equal(status, FF_ERR_TIMEOUT);
	assert_non_null(strstr(error.text, "sent nothing in time"));
	assert_true(late_us >= 0);
	ff_transport_close(&transport);
	peer_join(&peer);
}

static void test_tcp__end_of_file_is_a_lost_board(void **state)
{
	(void)state;
	const struct act acts[] = { SEND('a'), CLOSE };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	uint8_t bytes[4];
	size_t got = 0;
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(5000);
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, deadline, &error), FF_OK);
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, deadline, &error),
			 FF_ERR_LOST);
	assert_true(ff_now_us() < deadline);
	assert_non_null(strstr(error.text, peer.address));
	ff_transport_close(&transport);
	peer_join(&peer);
}

/* Would end the program by SIGPIPE if the flag were missing. */
static void test_tcp__writing_to_a_closed_peer_is_a_lost_board(void **state)
{
	(void)state;
	const struct act acts[] = { CLOSE };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	peer_join(&peer);
	static const uint8_t block[4096];
	enum ff_status status = FF_OK;
	int64_t deadline = ff_deadline_ms(5000);
	while (status == FF_OK && ff_now_us() < deadline) {
		status = transport.ops->write(transport.self, block, sizeof(block), deadline, NULL);
	}
	assert_int_equal(status, FF_ERR_LOST);
	ff_transport_close(&transport);
}

static void test_tcp__write_gives_up_at_its_deadline(void **state)
{
	(void)state;
	const struct act acts[] = { PAUSE(1000), CLOSE };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	size_t size = 32 << 20; /* more than any socket buffer */
	uint8_t *bytes = calloc(1, size);
	assert_non_null(bytes);
	struct ff_error error = FF_ERROR_NONE;
	int64_t deadline = ff_deadline_ms(150);
	assert_int_equal(transport.ops->write(transport.self, bytes, size, deadline, &error), FF_ERR_TIMEOUT);
	assert_true(ff_now_us() >= deadline);
	assert_non_null(strstr(error.text, "takes no more bytes"));
	free(bytes);
	ff_transport_close(&transport);
	peer_join(&peer);
}

static void test_tcp__discards_what_has_arrived(void **state)
{
	(void)state;
	const struct act acts[] = { FLOOD(20), EXPECT('?'), SEND('!') };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	uint8_t bytes[8];
	size_t got = 0;
	int64_t deadline = ff_deadline_ms(5000);
	int arrived = 0;
	while (arrived < 20 * 1024 && ff_now_us() < deadline) {
		assert_return_code(ioctl(transport.ops->poll_fd(transport.self), FIONREAD, &arrived), 0);
		ff_sleep_ms(1);
	}
	assert_int_equal(transport.ops->discard(transport.self, deadline, NULL), FF_OK);
	assert_int_equal(transport.ops->read(transport.self, bytes, 1, &got, 0, NULL), FF_ERR_TIMEOUT);
	assert_int_equal(transport.ops->write(transport.self, (const uint8_t *)"?", 1, deadline, NULL), FF_OK);
	assert_int_equal(transport.ops->read(transport.self, bytes, sizeof(bytes), &got, deadline, NULL), FF_OK);
	assert_int_equal(bytes[0], '!');
	ff_transport_close(&transport);
	peer_join(&peer);
}

static void test_tcp__says_what_raw_tcp_cannot_do(void **state)
{
	(void)state;
	static const struct ff_line_step reset = { .dtr = 0, .rts = 1, .hold_ms = 1 };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, NULL, 0);
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(transport.ops->set_lines(transport.self, &reset, 1, &error), FF_ERR_UNSUPPORTED);
	assert_non_null(strstr(error.text, "cannot reset"));
	ff_error_clear(&error);
	assert_int_equal(transport.ops->set_baud(transport.self, 115200, ff_deadline_ms(100), &error), FF_OK);
	assert_int_equal(transport.ops->set_baud(transport.self, 921600, ff_deadline_ms(100), &error),
			 FF_ERR_UNSUPPORTED);
	ff_transport_close(&transport);
	peer_join(&peer);
}

/* The peer must see the bytes and then an end of file. A plain close with unread input would be a reset, at which many
 * servers drop what they have not read yet. */
static void test_tcp__close_is_orderly_despite_unread_input(void **state)
{
	(void)state;
	const struct act acts[] = { FLOOD(64), EXPECT('b', 'y', 'e') };
	struct peer peer;
	struct ff_transport transport;
	start(&peer, &transport, acts, COUNT(acts));
	uint8_t byte = 0;
	size_t got = 0;
	int64_t deadline = ff_deadline_ms(5000);
	assert_int_equal(transport.ops->read(transport.self, &byte, 1, &got, deadline, NULL), FF_OK);
	assert_int_equal(transport.ops->write(transport.self, (const uint8_t *)"bye", 3, deadline, NULL), FF_OK);
	ff_transport_close(&transport);
	peer_join(&peer);
}

/* A port of this machine at which nobody listens: bound, so that nobody else takes it meanwhile. */
static int closed_port(char *address, size_t size, const char *scheme)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t name_size = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_return_code(getsockname(fd, (struct sockaddr *)&name, &name_size), 0);
	snprintf(address, size, "%s127.0.0.1:%u", scheme, ntohs(name.sin_port));
	return fd;
}

static void test_tcp__nobody_listens(void **state)
{
	(void)state;
	static const char *const schemes[] = { "socket://", "rfc2217://" };
	for (size_t i = 0; i < COUNT(schemes); i++) {
		char address[64];
		int fd = closed_port(address, sizeof(address), schemes[i]);
		struct ff_transport transport = { .ops = NULL };
		struct ff_error error = FF_ERROR_NONE;
		assert_int_equal(ff_transport_open(&transport, address, NULL, &error), FF_ERR_UNREACHABLE);
		assert_non_null(strstr(error.text, "nothing listens at"));
		assert_null(transport.ops);
		close(fd);
	}
}

/* A listener with a full backlog drops further requests: the connect must end by its own time. */
static void test_tcp__connect_has_a_timeout(void **state)
{
	(void)state;
	char address[64];
	int listener = closed_port(address, sizeof(address), "socket://");
	assert_return_code(listen(listener, 0), 0);
	struct ff_transport first = { .ops = NULL }, second = { .ops = NULL };
	const struct ff_transport_options options = { .connect_timeout_ms = 200 };
	assert_int_equal(ff_transport_open(&first, address, &options, NULL), FF_OK);
	struct ff_error error = FF_ERROR_NONE;
	int64_t start_us = ff_now_us();
	assert_int_equal(ff_transport_open(&second, address, &options, &error), FF_ERR_UNREACHABLE);
	assert_in_range(ff_now_us() - start_us, 200 * 1000, 5000 * 1000);
	assert_non_null(strstr(error.text, "does not answer within 200 ms"));
	ff_transport_close(&first);
	close(listener);
}

static void test_tcp__reaches_ipv6(void **state)
{
	(void)state;
	struct sockaddr_in6 name = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	socklen_t size = sizeof(name);
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&name, sizeof(name)) < 0) {
		skip(); /* this machine has no IPv6 */
	}
	assert_return_code(listen(listener, 1), 0);
	assert_return_code(getsockname(listener, (struct sockaddr *)&name, &size), 0);
	char address[64];
	snprintf(address, sizeof(address), "socket://[::1]:%u", ntohs(name.sin6_port));
	struct ff_transport transport;
	assert_int_equal(ff_transport_open(&transport, address, NULL, NULL), FF_OK);
	assert_true(transport.ops->poll_fd(transport.self) >= 0);
	ff_transport_close(&transport);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp__carries_every_byte),
		cmocka_unit_test(test_tcp__looks_only_when_the_deadline_has_passed),
		cmocka_unit_test(test_tcp__waits_exactly_through_signals),
		cmocka_unit_test(test_tcp__end_of_file_is_a_lost_board),
		cmocka_unit_test(test_tcp__writing_to_a_closed_peer_is_a_lost_board),
		cmocka_unit_test(test_tcp__write_gives_up_at_its_deadline),
		cmocka_unit_test(test_tcp__discards_what_has_arrived),
		cmocka_unit_test(test_tcp__says_what_raw_tcp_cannot_do),
		cmocka_unit_test(test_tcp__close_is_orderly_despite_unread_input),
		cmocka_unit_test(test_tcp__nobody_listens),
		cmocka_unit_test(test_tcp__connect_has_a_timeout),
		cmocka_unit_test(test_tcp__reaches_ipv6),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
