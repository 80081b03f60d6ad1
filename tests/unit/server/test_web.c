// SPDX-License-Identifier: Apache-2.0
/* A session's WebSocket, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fake_worker.h"
#include "web.h"

#define SECOND_US 1000000
#define DEAD_WITHIN_S 60

/* What a client sends: masked, with a mask of zeros. */
#define PONG "\x8a\x80\0\0\0\0"
#define MESSAGE "\x82\x81\0\0\0\0x"
#define CLOSE "\x88\x82\0\0\0\0\x03\xe8"

struct fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	struct ff_room room;
	struct ff_session *session;
	int client;
	int closed; /* how often the guest's connection was given back */
	int64_t begin_us;
};

static void append(void *context, bool is_text, const uint8_t *bytes, size_t size)
{
	struct ff_session *session = context;
	(void)is_text;
	memcpy(session->in + session->in_end, bytes, size);
	session->in_end += size;
}

static void give_back(void *closer)
{
	(*(int *)closer)++;
}

static struct ff_guest *make_guest(struct fixture *fixture, const char *extra, size_t extra_size)
{
	int ends[2];
	struct ff_guest *guest = calloc(1, sizeof(*guest));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	fixture->client = ends[0];
	guest->fd = ends[1];
	guest->close = give_back;
	guest->closer = &fixture->closed;
	guest->extra = malloc(extra_size + 1);
	memcpy(guest->extra, extra, extra_size);
	guest->extra_size = extra_size;
	return guest;
}

static void open_session(struct fixture *fixture, const char *extra, size_t extra_size)
{
	struct ff_guest *guest = make_guest(fixture, extra, extra_size);
	fixture->session = ff_session_new(&fixture->room, guest->fd, 1, &ff_speech_raw);
	assert_non_null(fixture->session);
	assert_true(ff_web_open(fixture->session, guest, append));
	fixture->begin_us = ff_now_us();
}

static void close_session(struct fixture *fixture)
{
	int fd = fixture->session->source.fd;
	fixture->session->wire->close(fixture->session);
	assert_int_equal(fixture->closed, 1);
	free(fixture->session);
	close(fd);
	close(fixture->client);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->worker = ff_fake_worker_new(&fixture->port);
	ff_room_init(&fixture->room, NULL, fixture->worker, true);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_worker_free(fixture->worker);
	ff_fake_port_release(&fixture->port);
	free(fixture);
	return 0;
}

static void say(const struct fixture *fixture, const char *bytes, size_t size)
{
	assert_int_equal(send(fixture->client, bytes, size, MSG_NOSIGNAL), size);
}

/* Whether so many pings, and nothing else, wait to go out. */
static void check_pings(const struct ff_session *session, size_t count)
{
	assert_int_equal(ff_session_pending(session), count * 2);
	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(session->out + session->out_at + i * 2, "\x89\0", 2);
	}
}

static void test_web__a_silent_peer_is_asked_and_then_given_up(void **state)
{
	struct fixture *fixture = *state;
	open_session(fixture, "", 0);
	struct ff_session *session = fixture->session;
	int64_t heard_us = fixture->begin_us + (int64_t)11 * SECOND_US; /* between two pings */
	say(fixture, MESSAGE, 7);
	assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
	int64_t now = ff_web_tick(session, heard_us);
	while (!session->doomed) { /* looked at only when it wants to be */
		assert_true(now - heard_us <= (int64_t)DEAD_WITHIN_S * SECOND_US);
		int64_t next = ff_web_tick(session, now);
		assert_true(next > now || session->doomed);
		now = next;
	}
	check_pings(session, 3);
	close_session(fixture);
}

static void test_web__whatever_a_peer_sends_is_a_sign_of_life(void **state)
{
	struct fixture *fixture = *state;
	open_session(fixture, "", 0);
	struct ff_session *session = fixture->session;
	for (int second = 1; second <= 600; second++) {
		if (second % 40 == 0) {
			say(fixture, second % 80 == 0 ? PONG : MESSAGE, second % 80 == 0 ? 6 : 7);
			session->in_at = session->in_end;
			assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
		}
		(void)ff_web_tick(session, fixture->begin_us + (int64_t)second * SECOND_US);
		assert_false(session->doomed);
	}
	check_pings(session, 30);
	close_session(fixture);
}

static void test_web__what_came_with_the_handshake_is_first(void **state)
{
	struct fixture *fixture = *state;
	open_session(fixture, MESSAGE "\x82\x81\0\0", 11);
	struct ff_session *session = fixture->session;
	assert_true(session->unread);
	say(fixture, "\0\0y", 3);
	assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
	assert_int_equal(session->in_end, 1);
	assert_int_equal(session->in[0], 'x');
	assert_false(session->unread);
	assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
	assert_int_equal(session->in[0], 'y');
	assert_int_equal(session->wire->read(session), FF_WIRE_NOTHING);
	close_session(fixture);
}

static void test_web__what_came_before_the_close_frame_is_run_first(void **state)
{
	struct fixture *fixture = *state;
	open_session(fixture, "", 0);
	struct ff_session *session = fixture->session;
	say(fixture, MESSAGE CLOSE MESSAGE, 22);
	assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
	assert_int_equal(session->in_end, 1);
	assert_true(session->unread);
	assert_int_equal(session->wire->read(session), FF_WIRE_END);
	assert_false(session->unread); /* or it would be asked for ever */
	close_session(fixture);
}

static void test_web__takes_nothing_from_a_peer_that_does_not_read(void **state)
{
	static const uint8_t much[FF_SESSION_OUT_FULL + 1];
	struct fixture *fixture = *state;
	open_session(fixture, "", 0);
	struct ff_session *session = fixture->session;
	ff_session_send(session, much, sizeof(much));
	say(fixture, MESSAGE, 7);
	assert_int_equal(session->wire->read(session), FF_WIRE_NOTHING);
	session->out_at = session->out_end = 0;
	assert_int_equal(session->wire->read(session), FF_WIRE_SOME);
	close_session(fixture);
}

static void test_web__one_that_is_turned_away_is_told_why(void **state)
{
	struct fixture *fixture = *state;
	uint8_t heard[64];
	struct ff_guest *guest = make_guest(fixture, MESSAGE, 7);
	int fd = guest->fd;
	ff_web_turn_away(guest, FF_WEBSOCKET_TRY_LATER, "full");
	assert_int_equal(fixture->closed, 1);
	assert_int_equal(recv(fixture->client, heard, sizeof(heard), 0), 8);
	assert_memory_equal(heard,
			    "\x88\x06\x03\xf5"
			    "full",
			    8);
	close(fd);
	close(fixture->client);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_web__a_silent_peer_is_asked_and_then_given_up),
		WITH(test_web__whatever_a_peer_sends_is_a_sign_of_life),
		WITH(test_web__what_came_with_the_handshake_is_first),
		WITH(test_web__what_came_before_the_close_frame_is_run_first),
		WITH(test_web__takes_nothing_from_a_peer_that_does_not_read),
		WITH(test_web__one_that_is_turned_away_is_told_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
