// SPDX-License-Identifier: Apache-2.0
/* The bridge's thread between a socket and a port without a board. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge.h"
#include "fake_port.h"
#include "ports.h"

#define PATIENCE_MS 10000
#define DEAD_WITHIN_S 60

struct fixture {
	struct ff_fake_port port;
	struct ff_worker *worker;
	struct ff_bridge *bridge;
	uint16_t rfc2217;
	uint16_t raw;
};

static void notify(void *context)
{
	struct fixture *fixture = context;
	ff_fake_port_notify(&fixture->port);
	ff_bridge_kick(fixture->bridge, 0);
}

static bool is_idle(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct fixture *)context)->worker, &view);
	return view.state == FF_BOARD_IDLE;
}

static bool is_free(void *context)
{
	struct ff_board_view view;
	ff_worker_view(((struct fixture *)context)->worker, &view);
	return view.holder.kind == FF_HOLDER_NONE;
}

static int open_any(const char *key, uint16_t *port)
{
	struct ff_ports_wish wish = { .host = "127.0.0.1", .board = "lab1", .key = key, .own = -1, .base = -1 };
	struct ff_ports_result result;
	struct ff_error error = FF_ERROR_NONE;
	wish.any = true;
	assert_int_equal(ff_ports_open(&result, &wish, NULL, &error), FF_OK);
	*port = result.port;
	return result.fd;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct ff_error error = FF_ERROR_NONE;
	*state = fixture;
	ff_fake_port_init(&fixture->port);
	assert_int_equal(ff_bridge_new(&fixture->bridge, NULL, &error), FF_OK);
	struct ff_worker_options options = {
		.name = "lab1",
		.address = fixture->port.address,
		.notify = notify,
		.notify_context = fixture,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&fixture->worker, &options, &error), FF_OK);
	struct ff_bridge_board board = { .worker = fixture->worker };
	board.rfc2217_fd = open_any("rfc2217", &fixture->rfc2217);
	board.raw_fd = open_any("raw", &fixture->raw);
	assert_int_equal(ff_bridge_add(fixture->bridge, 0, &board, &error), FF_OK);
	assert_int_equal(ff_bridge_start(fixture->bridge, &error), FF_OK);
	ff_fake_port_wait(&fixture->port, is_idle, fixture);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ff_bridge_stop(fixture->bridge);
	ff_worker_free(fixture->worker);
	ff_bridge_free(fixture->bridge);
	ff_fake_port_release(&fixture->port);
	free(fixture);
	return 0;
}

static int dial(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads until `wanted` has come. */
static void expect(int fd, const char *wanted)
{
	char heard[1024] = "";
	size_t size = 0;
	while (!strstr(heard, wanted)) {
		struct pollfd item = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
		ssize_t got = recv(fd, heard + size, sizeof(heard) - 1 - size, 0);
		assert_true(got > 0);
		size += (size_t)got;
		heard[size] = 0;
	}
}

static void test_bridge__carries_bytes_both_ways(void **state)
{
	struct fixture *fixture = *state;
	char heard[32] = "";
	int client = dial(fixture->raw);
	say(client, "to the board");
	ff_fake_port_hear(&fixture->port, heard, sizeof(heard));
	assert_string_equal(heard, "to the board");
	ff_fake_port_say(&fixture->port, "from the board");
	expect(client, "from the board");
	close(client);
	ff_fake_port_wait(&fixture->port, is_free, fixture);
}

static void test_bridge__refuses_a_second_writer(void **state)
{
	struct fixture *fixture = *state;
	char heard[32] = "";
	int first = dial(fixture->raw);
	int second = dial(fixture->rfc2217);
	say(first, "1");
	ff_fake_port_hear(&fixture->port, heard, sizeof(heard));
	say(second, "2");
	expect(second, "lab1 is in use by the raw TCP client at 127.0.0.1:");
	close(first);
	ff_fake_port_wait(&fixture->port, is_free, fixture);
	say(second, "3");
	ff_fake_port_hear(&fixture->port, heard, sizeof(heard));
	assert_string_equal(heard, "3");
	close(second);
}

static void test_bridge__boards_come_and_go_beside_others(void **state)
{
	struct fixture *fixture = *state;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_worker_options options = { .number = 2, .name = "lab2", .address = "socket://127.0.0.1:1" };
	struct ff_worker *worker = NULL;
	assert_int_equal(ff_worker_new(&worker, &options, &error), FF_OK);
	int other = dial(fixture->raw);
	for (int round = 0; round < 3; round++) {
		uint16_t rfc2217 = 0;
		uint16_t raw = 0;
		struct ff_bridge_board board = { .worker = worker };
		board.rfc2217_fd = open_any("rfc2217", &rfc2217);
		board.raw_fd = open_any("raw", &raw);
		assert_int_equal(ff_bridge_add(fixture->bridge, 1, &board, &error), FF_OK);
		int client = dial(raw);
		int telnet = dial(rfc2217);
		expect(client, "lab2 is lost");
		ff_bridge_remove(fixture->bridge, 1, "the board was removed");
		expect(client, "lab2: the board was removed");
		char byte;
		assert_int_equal(recv(client, &byte, 1, 0), 0);
		close(client);
		close(telnet);
		ff_fake_port_say(&fixture->port, "still here");
		expect(other, "still here");
	}
	ff_bridge_kick(fixture->bridge, 1); /* a worker's last words */
	ff_worker_free(worker);
	close(other);
}

static int option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);
	assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

/* The bridge's end of the connection from `client`, which is in this process too. */
static int other_end(int client)
{
	struct sockaddr_in mine;
	struct sockaddr_in peer;
	socklen_t size = sizeof(mine);
	assert_int_equal(getsockname(client, (struct sockaddr *)&mine, &size), 0);
	for (int fd = 3; fd < 256; fd++) {
		size = sizeof(peer);
		if (fd != client && getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
		    peer.sin_family == AF_INET && peer.sin_port == mine.sin_port) {
			return fd;
		}
	}
	return -1;
}

/* The next subnegotiation of COM-PORT with this code, whatever else comes; answers its value, a byte that is not FF. */
static uint8_t next_message(int fd, uint8_t code)
{
	const uint8_t wanted[] = { 0xFF, 0xFA, 44, code };
	size_t matched = 0;
	for (;;) {
		uint8_t byte;
		struct pollfd item = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&item, 1, PATIENCE_MS), 1);
		assert_int_equal(recv(fd, &byte, 1, 0), 1);
		if (matched == sizeof(wanted)) {
			return byte;
		}
		matched = byte == wanted[matched] ? matched + 1 : byte == wanted[0];
	}
}

static void test_bridge__tells_of_modem_lines_and_line_errors(void **state)
{
	struct fixture *fixture = *state;
	struct ff_line_status line = { .modem = FF_MODEM_CTS | FF_MODEM_DSR, .breaks = 7, .overruns = 1 };
	ff_fake_port_set_line(&fixture->port, &line);
	int client = dial(fixture->rfc2217);
	/* WILL COM-PORT, LINESTATE-MASK: all but the two that are always set. The modem lines come unasked. */
	const uint8_t begin[] = { 0xFF, 0xFB, 44, 0xFF, 0xFA, 44, 10, 0x1E, 0xFF, 0xF0 };
	assert_int_equal(send(client, begin, sizeof(begin), MSG_NOSIGNAL), sizeof(begin));
	while ((next_message(client, 107) & 0xF0) != 0x30) {
	}
	line.breaks++;
	ff_fake_port_set_line(&fixture->port, &line);
	assert_int_equal(next_message(client, 106), 0x10);
	line.overruns += 3;
	line.parity_errors++;
	ff_fake_port_set_line(&fixture->port, &line);
	assert_int_equal(next_message(client, 106), 0x06);
	line.framing_errors++;
	ff_fake_port_set_line(&fixture->port, &line);
	assert_int_equal(next_message(client, 106), 0x08);
	line.modem = FF_MODEM_DSR | FF_MODEM_DCD;
	ff_fake_port_set_line(&fixture->port, &line);
	assert_int_equal(next_message(client, 107), 0xA9); /* DCD and DSR; delta of DCD and of CTS */
	close(client);
}

static void test_bridge__finds_dead_peers_within_60_s(void **state)
{
	struct fixture *fixture = *state;
	char heard[32] = "";
	int client = dial(fixture->raw);
	say(client, "x"); /* once the board has that, the connection has been accepted */
	ff_fake_port_hear(&fixture->port, heard, sizeof(heard));
	int end = other_end(client);
	assert_true(end >= 0);
	assert_true(option(end, IPPROTO_TCP, TCP_NODELAY));
	assert_true(option(end, SOL_SOCKET, SO_KEEPALIVE));
	int idle = option(end, IPPROTO_TCP, TCP_KEEPIDLE);
	int probes = option(end, IPPROTO_TCP, TCP_KEEPINTVL) * option(end, IPPROTO_TCP, TCP_KEEPCNT);
	assert_true(idle + probes <= DEAD_WITHIN_S);
	/* With bytes on their way there are no probes. */
	int user_ms = option(end, IPPROTO_TCP, TCP_USER_TIMEOUT);
	assert_true(user_ms > 0 && user_ms <= DEAD_WITHIN_S * 1000);
	close(client);
}

static void test_ports__usual_ones_give_way_and_others_do_not(void **state)
{
	(void)state;
	struct ff_ports_wish wish = { .host = "127.0.0.1", .board = "lab1", .key = "raw", .own = -1, .base = -1 };
	struct ff_ports_result taken;
	struct ff_ports_result next;
	struct ff_error error = FF_ERROR_NONE;
	wish.any = true;
	assert_int_equal(ff_ports_open(&taken, &wish, NULL, &error), FF_OK);
	wish.any = false;
	wish.usual_base = taken.port;
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_OK);
	assert_true(next.port > taken.port);
	close(next.fd);
	wish.base = taken.port;
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_ERR_BUSY);
	assert_non_null(strstr(error.text, "--raw"));
	wish.base = -1;
	wish.own = taken.port;
	ff_error_clear(&error);
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_ERR_BUSY);
	assert_non_null(strstr(error.text, "raw=PORT of board lab1"));
	wish.own = 0;
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_OK);
	assert_int_equal(next.fd, -1);
	wish.own = -1;
	wish.base = 0;
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_OK);
	assert_int_equal(next.fd, -1);
	wish.base = 65535;
	wish.index = 1;
	ff_error_clear(&error);
	assert_int_equal(ff_ports_open(&next, &wish, NULL, &error), FF_ERR_ARGUMENT);
	close(taken.fd);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_bridge__carries_bytes_both_ways),
		WITH(test_bridge__refuses_a_second_writer),
		WITH(test_bridge__boards_come_and_go_beside_others),
		WITH(test_bridge__tells_of_modem_lines_and_line_errors),
		WITH(test_bridge__finds_dead_peers_within_60_s),
		cmocka_unit_test(test_ports__usual_ones_give_way_and_others_do_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
