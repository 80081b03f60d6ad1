// SPDX-License-Identifier: Apache-2.0
/* Vectors by hand, from RFC 854 (commands), RFC 855 (subnegotiation) and RFC 1143 (the Q method's table). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "telnet.h"

#define IAC 255
#define DONT 254
#define DO 253
#define WONT 252
#define WILL 251
#define SB 250
#define NOP 241
#define SE 240

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One end of a connection with all that it said. Runs of data are joined, so that splits do not show. */
struct end {
	struct ff_telnet telnet;
	char events[1024]; /* data in hex, "<option:bytes>", "{us 44 on}" */
	bool in_data;
	uint8_t sent[1024];
	size_t sent_size;
};

static void note(struct end *end, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct end *end, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t used = strlen(end->events);
	assert_true(used < sizeof(end->events) - 16);
	vsnprintf(end->events + used, sizeof(end->events) - used, format, args);
	va_end(args);
}

static void on_data(void *context, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		note(context, "%02x", bytes[i]);
	}
}

static void on_subnegotiation(void *context, uint8_t option, const uint8_t *bytes, size_t size)
{
	note(context, "<%u:", option);
	on_data(context, bytes, size);
	note(context, ">");
}

static void on_option(void *context, enum ff_telnet_side side, uint8_t option, bool on)
{
	note(context, "{%s %u %s}", side == FF_TELNET_US ? "us" : "them", option, on ? "on" : "off");
}

static void on_send(void *context, const uint8_t *bytes, size_t size)
{
	struct end *end = context;
	assert_true(size <= sizeof(end->sent) - end->sent_size);
	memcpy(end->sent + end->sent_size, bytes, size);
	end->sent_size += size;
}

static const struct ff_telnet_events events = { on_data, on_subnegotiation, on_option, on_send };

static void end_init(struct end *end)
{
	memset(end, 0, sizeof(*end));
	ff_telnet_init(&end->telnet, &events, end);
}

static void receive(struct end *end, const uint8_t *bytes, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece) {
		ff_telnet_receive(&end->telnet, bytes + at, size - at < piece ? size - at : piece);
	}
}

#define RECEIVE(end, ...) \
	receive(end, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), SIZE_MAX / 2)

/* Compares what was sent since the last check, and forgets it. */
#define EXPECT_SENT(end, ...) \
	do { \
		static const uint8_t expected[] = { __VA_ARGS__ }; \
		assert_int_equal((end)->sent_size, sizeof(expected)); \
		assert_memory_equal((end)->sent, expected, sizeof(expected)); \
		(end)->sent_size = 0; \
	} while (0)

#define EXPECT_SENT_NOTHING(end) assert_int_equal((end)->sent_size, 0)

struct receive_case {
	const char *name;
	const uint8_t *wire;
	size_t size;
	const char *events;
};

#define CASE(name, events, ...) \
	{ \
		name, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }), events \
	}

static const struct receive_case receive_cases[] = {
	CASE("plain", "6162", 'a', 'b'),
	CASE("escaped IAC", "61ff62", 'a', IAC, IAC, 'b'),
	CASE("CR NUL stays", "0d000a", '\r', 0, '\n'),
	CASE("NOP and a stray SE are passed over", "6162", 'a', IAC, NOP, IAC, SE, 'b'),
	CASE("IAC and no command", "6162", 'a', IAC, 7, 'b'),
	CASE("subnegotiation", "61<44:6503>62", 'a', IAC, SB, 44, 101, 3, IAC, SE, 'b'),
	CASE("empty subnegotiation", "<44:>", IAC, SB, 44, IAC, SE),
	CASE("IAC escaped inside", "<44:01ff00>", IAC, SB, 44, 1, IAC, IAC, 0, IAC, SE),
	CASE("IAC not escaped inside", "<44:01ff00>", IAC, SB, 44, 1, IAC, 0, IAC, SE),
	CASE("SE as data inside", "<44:f0>", IAC, SB, 44, SE, IAC, SE),
	CASE("broken off by another", "<44:02>", IAC, SB, 44, 1, IAC, SB, 44, 2, IAC, SE),
	CASE("broken off by a command", "61", IAC, SB, 44, 1, IAC, NOP, 'a'),
	CASE("without an option", "61", IAC, SB, IAC, SE, 'a'),
	CASE("unfinished", "", IAC, SB, 44, 1),
};

static void test_telnet__events_do_not_depend_on_the_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(receive_cases); i++) {
		const struct receive_case *c = &receive_cases[i];
		for (size_t piece = 1; piece <= c->size; piece++) {
			struct end end;
			end_init(&end);
			receive(&end, c->wire, c->size, piece);
			if (strcmp(end.events, c->events) != 0) {
				fail_msg("%s, in pieces of %zu: %s", c->name, piece, end.events);
			}
			EXPECT_SENT_NOTHING(&end);
		}
	}
}

static void test_telnet__drops_an_oversized_subnegotiation(void **state)
{
	(void)state;
	for (size_t size = FF_TELNET_SUBNEGOTIATION_MAX; size <= FF_TELNET_SUBNEGOTIATION_MAX + 1; size++) {
		struct end end;
		end_init(&end);
		RECEIVE(&end, IAC, SB, 200);
		for (size_t i = 0; i < size; i++) {
			RECEIVE(&end, 'x');
		}
		RECEIVE(&end, IAC, SE, 'z');
		bool fits = size <= FF_TELNET_SUBNEGOTIATION_MAX;
		assert_int_equal(strncmp(end.events, "<200:7878", 9) == 0, fits);
		assert_string_equal(end.events + strlen(end.events) - 2, "7a");
		assert_int_equal(strlen(end.events), fits ? 5 + 2 * size + 1 + 2 : 2);
	}
}

static void test_telnet__escapes_data(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_send_data(&end.telnet, (const uint8_t[]){ IAC, 'a', IAC, IAC, 'b' }, 5);
	EXPECT_SENT(&end, IAC, IAC, 'a', IAC, IAC, IAC, IAC, 'b');
	ff_telnet_send_data(&end.telnet, NULL, 0);
	EXPECT_SENT_NOTHING(&end);
}

static void test_telnet__escapes_inside_subnegotiations(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_send_subnegotiation(&end.telnet, 44, (const uint8_t[]){ 1, 0, 0, IAC, 0 }, 5);
	EXPECT_SENT(&end, IAC, SB, 44, 1, 0, 0, IAC, IAC, 0, IAC, SE);
}

/* ---- RFC 1143 ---- */

static void test_telnet__request_is_sent_once_and_granted(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_request(&end.telnet, FF_TELNET_US, 44, true);
	ff_telnet_request(&end.telnet, FF_TELNET_US, 44, true);
	EXPECT_SENT(&end, IAC, WILL, 44);
	assert_true(ff_telnet_pending(&end.telnet, FF_TELNET_US, 44));
	assert_false(ff_telnet_enabled(&end.telnet, FF_TELNET_US, 44));
	RECEIVE(&end, IAC, DO, 44, IAC, DO, 44);
	EXPECT_SENT_NOTHING(&end);
	assert_string_equal(end.events, "{us 44 on}");
	assert_true(ff_telnet_enabled(&end.telnet, FF_TELNET_US, 44));
	assert_false(ff_telnet_enabled(&end.telnet, FF_TELNET_THEM, 44));
}

static void test_telnet__refused_request_is_an_event(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 0, true);
	EXPECT_SENT(&end, IAC, DO, 0);
	RECEIVE(&end, IAC, WONT, 0, IAC, WONT, 0);
	EXPECT_SENT_NOTHING(&end);
	assert_string_equal(end.events, "{them 0 off}");
	assert_false(ff_telnet_pending(&end.telnet, FF_TELNET_THEM, 0));
}

static void test_telnet__agrees_to_allowed_options_only(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_allow(&end.telnet, FF_TELNET_US, 3);
	RECEIVE(&end, IAC, DO, 3, IAC, WILL, 3);
	EXPECT_SENT(&end, IAC, WILL, 3, IAC, DONT, 3);
	assert_string_equal(end.events, "{us 3 on}");
}

static void test_telnet__refuses_an_unknown_option_once(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	for (int i = 0; i < 100; i++) {
		RECEIVE(&end, IAC, WILL, 31, IAC, DO, 24);
	}
	EXPECT_SENT(&end, IAC, DONT, 31, IAC, WONT, 24);
	assert_string_equal(end.events, "");
}

static void test_telnet__acknowledges_the_end_of_an_option(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_allow(&end.telnet, FF_TELNET_THEM, 0);
	RECEIVE(&end, IAC, WILL, 0);
	EXPECT_SENT(&end, IAC, DO, 0);
	RECEIVE(&end, IAC, WONT, 0, IAC, WONT, 0);
	EXPECT_SENT(&end, IAC, DONT, 0);
	assert_string_equal(end.events, "{them 0 on}{them 0 off}");
}

static void test_telnet__turns_an_option_off(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_request(&end.telnet, FF_TELNET_US, 1, false);
	EXPECT_SENT_NOTHING(&end);
	ff_telnet_allow(&end.telnet, FF_TELNET_US, 1);
	RECEIVE(&end, IAC, DO, 1);
	EXPECT_SENT(&end, IAC, WILL, 1);
	ff_telnet_request(&end.telnet, FF_TELNET_US, 1, false);
	EXPECT_SENT(&end, IAC, WONT, 1);
	RECEIVE(&end, IAC, DONT, 1);
	EXPECT_SENT_NOTHING(&end);
	assert_string_equal(end.events, "{us 1 on}{us 1 off}");
}

/* The rows of RFC 1143's table that only an opposite request reaches. Each starts from a pending request to turn the
 * option on (WANTYES) or off (WANTNO), followed by its opposite, which must wait for the answer. */
static void test_telnet__change_of_mind_waits_for_the_answer(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, true);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, false);
	EXPECT_SENT(&end, IAC, DO, 1);
	RECEIVE(&end, IAC, WILL, 1);
	EXPECT_SENT(&end, IAC, DONT, 1);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, true);
	EXPECT_SENT_NOTHING(&end);
	RECEIVE(&end, IAC, WONT, 1);
	EXPECT_SENT(&end, IAC, DO, 1);
	RECEIVE(&end, IAC, WILL, 1);
	EXPECT_SENT_NOTHING(&end);
	assert_string_equal(end.events, "{them 1 on}");
}

static void test_telnet__change_of_mind_may_be_refused(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, true);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, false);
	EXPECT_SENT(&end, IAC, DO, 1);
	RECEIVE(&end, IAC, WONT, 1);
	EXPECT_SENT_NOTHING(&end);
	assert_string_equal(end.events, "{them 1 off}");
}

static void test_telnet__survives_dont_answered_by_will(void **state)
{
	(void)state;
	struct end end;
	end_init(&end);
	ff_telnet_allow(&end.telnet, FF_TELNET_THEM, 1);
	RECEIVE(&end, IAC, WILL, 1);
	EXPECT_SENT(&end, IAC, DO, 1);
	ff_telnet_request(&end.telnet, FF_TELNET_THEM, 1, false);
	EXPECT_SENT(&end, IAC, DONT, 1);
	RECEIVE(&end, IAC, WILL, 1);
	EXPECT_SENT_NOTHING(&end);
	assert_false(ff_telnet_enabled(&end.telnet, FF_TELNET_THEM, 1));
}

/* Two ends that both ask for the same at once must fall silent: RFC 1143's motive. */
static void test_telnet__two_eager_ends_fall_silent(void **state)
{
	(void)state;
	struct end a, b;
	end_init(&a);
	end_init(&b);
	ff_telnet_request(&a.telnet, FF_TELNET_US, 0, true);
	ff_telnet_request(&a.telnet, FF_TELNET_THEM, 0, true);
	ff_telnet_request(&b.telnet, FF_TELNET_US, 0, true);
	ff_telnet_request(&b.telnet, FF_TELNET_THEM, 0, true);
	for (int round = 0; round < 4; round++) {
		struct end *from = round % 2 ? &b : &a;
		struct end *to = round % 2 ? &a : &b;
		receive(to, from->sent, from->sent_size, sizeof(from->sent));
		from->sent_size = 0;
	}
	EXPECT_SENT_NOTHING(&a);
	EXPECT_SENT_NOTHING(&b);
	assert_true(ff_telnet_enabled(&a.telnet, FF_TELNET_US, 0) && ff_telnet_enabled(&a.telnet, FF_TELNET_THEM, 0));
	assert_true(ff_telnet_enabled(&b.telnet, FF_TELNET_US, 0) && ff_telnet_enabled(&b.telnet, FF_TELNET_THEM, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_telnet__events_do_not_depend_on_the_split),
		cmocka_unit_test(test_telnet__drops_an_oversized_subnegotiation),
		cmocka_unit_test(test_telnet__escapes_data),
		cmocka_unit_test(test_telnet__escapes_inside_subnegotiations),
		cmocka_unit_test(test_telnet__request_is_sent_once_and_granted),
		cmocka_unit_test(test_telnet__refused_request_is_an_event),
		cmocka_unit_test(test_telnet__agrees_to_allowed_options_only),
		cmocka_unit_test(test_telnet__refuses_an_unknown_option_once),
		cmocka_unit_test(test_telnet__acknowledges_the_end_of_an_option),
		cmocka_unit_test(test_telnet__turns_an_option_off),
		cmocka_unit_test(test_telnet__change_of_mind_waits_for_the_answer),
		cmocka_unit_test(test_telnet__change_of_mind_may_be_refused),
		cmocka_unit_test(test_telnet__survives_dont_answered_by_will),
		cmocka_unit_test(test_telnet__two_eager_ends_fall_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
