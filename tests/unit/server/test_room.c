// SPDX-License-Identifier: Apache-2.0
/* What a room believes of its board's line, while the port's owner is on its way there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_worker.h"
#include "inner.h"
#include "session.h"

#define LEASE 7

struct fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	struct ff_bridge bridge; /* without a thread: the test is it */
	struct ff_room room;
	struct ff_session *session;
	int client;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int ends[2];
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	fixture->worker = ff_fake_worker_new(&fixture->port);
	ff_fake_worker_wait(&fixture->port, fixture->worker, FF_BOARD_IDLE);
	ff_room_init(&fixture->room, &fixture->bridge, fixture->worker, true);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	fixture->client = ends[0];
	fixture->session = ff_session_new(&fixture->room, ends[1], 1, &ff_speech_raw);
	assert_non_null(fixture->session);
	fixture->room.sessions = fixture->session;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_fake_port_hold_resets(&fixture->port, false); /* a test that failed still holds them */
	ff_fake_port_hold_rates(&fixture->port, false);
	ff_worker_free(fixture->worker);
	ff_fake_port_release(&fixture->port);
	fixture->session->wire->close(fixture->session);
	free(fixture->session);
	close(fixture->client);
	free(fixture);
	return 0;
}

static bool is_settled(void *context)
{
	struct fixture *fixture = context;
	ff_room_refresh(&fixture->room);
	return fixture->room.total_pending == 0;
}

static bool restores(void *context)
{
	struct fixture *fixture = context;
	pthread_mutex_lock(&fixture->port.mutex);
	bool begun = fixture->port.rates > 1;
	pthread_mutex_unlock(&fixture->port.mutex);
	return begun;
}

static void set_rate(struct fixture *fixture, uint32_t baud)
{
	const struct ff_input_command command = { .kind = FF_INPUT_BAUD, .value = baud };
	assert_true(ff_room_claim(&fixture->room, fixture->session));
	assert_true(ff_room_command(&fixture->room, fixture->session, 0, &command));
	ff_fake_port_wait(&fixture->port, is_settled, fixture);
	assert_int_equal(fixture->room.wanted.baud, baud);
}

/* Else whoever sets that rate next is told that it is set already, and then it is not. */
static void test_room__the_line_is_not_taken_for_what_it_was_before_a_lease_ended(void **state)
{
	struct fixture *fixture = *state;
	static const struct ff_line_step step = { .dtr = 0, .rts = 0 };
	const struct ff_input_command move = { .kind = FF_INPUT_LINES, .steps = &step, .step_count = 1 };
	const struct ff_keep keep = { .lease = LEASE, .owner = "Ann" };
	assert_int_equal(ff_worker_keep(fixture->worker, &keep), FF_OK);
	fixture->session->lease = LEASE;
	set_rate(fixture, 9600);
	ff_fake_port_hold_resets(&fixture->port, true);
	ff_fake_port_hold_rates(&fixture->port, true);
	assert_true(ff_room_command(&fixture->room, fixture->session, 0, &move));
	ff_worker_wake(fixture->worker);
	ff_fake_port_wait_resets(&fixture->port, 1);
	ff_worker_unkeep(fixture->worker, LEASE);
	ff_room_refresh(&fixture->room);
	assert_null(fixture->room.holder);
	assert_int_equal(fixture->room.wanted.baud, FF_CONSOLE_BAUD);
	ff_fake_port_hold_resets(&fixture->port, false);
	ff_fake_port_wait(&fixture->port, restores, fixture); /* what comes before that is done, at the old rate */
	ff_room_refresh(&fixture->room);
	assert_int_equal(fixture->room.total_pending, 0);
	assert_int_equal(fixture->room.wanted.baud, FF_CONSOLE_BAUD);
	ff_fake_port_hold_rates(&fixture->port, false);
}

/* The holder's own commands do say what the line is: one may have failed. */
static void test_room__a_rate_that_is_refused_is_not_wanted(void **state)
{
	struct fixture *fixture = *state;
	const struct ff_input_command command = { .kind = FF_INPUT_BAUD, .value = 12345 };
	fixture->port.refused_baud = 12345;
	set_rate(fixture, 9600);
	fixture->room.wanted.baud = 12345; /* as who puts it says */
	assert_true(ff_room_command(&fixture->room, fixture->session, 0, &command));
	ff_fake_port_wait(&fixture->port, is_settled, fixture);
	assert_int_equal(fixture->room.wanted.baud, 9600);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_room__the_line_is_not_taken_for_what_it_was_before_a_lease_ended),
		WITH(test_room__a_rate_that_is_refused_is_not_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
