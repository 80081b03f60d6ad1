// SPDX-License-Identifier: Apache-2.0
/* The answer to SYNC, once more for those who were too far away to hear it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resync.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SYNC_SIZE 46

static const uint8_t answer[] = { 0xC0, 0x01, 0x08, 0x04, 0x00, 0x07, 0x07, 0x12, 0x20, 0x00, 0x00, 0x00, 0x00, 0xC0 };

static void sync_frame(uint8_t *frame)
{
	static const uint8_t head[] = { 0xC0, 0, 0x08, 0x24, 0, 0, 0, 0, 0, 0x07, 0x07, 0x12, 0x20 };
	memset(frame, 0x55, SYNC_SIZE);
	memcpy(frame, head, sizeof(head));
	frame[SYNC_SIZE - 1] = 0xC0;
}

/* "S" the client sends SYNC, "s" in two pieces, "d" other data, "D" a lot of it, "a" the board answers, "b" in two pieces,
 * "8" eight times, "t" it says something else, "l" something long in a frame, "p" the client purges, "q" it asks for
 * something else, "r" it resets the board. "!" behind one: now the answer comes once more. */
static const char *const stories[] = {
	"SapqqSapq!qqSapq!q", /* esptool at 300 ms */
	"sbpqsbpq!",
	"S8pqS8pq!",
	"StapqStapq!",
	"SlapqSlapq!",
	"SqapqSqapq!",
	"SaqSaqSaq", /* not without a purge */
	"pqSapq",    /* one that was missed is no pattern */
	"SpqSpqSpq", /* nothing to send */
	"SapqSpqSapq",
	"SapqSdapq",
	"SapqdSapqSapq!",
	"SapqDSapqSapq!",
	"SapqrSapqSapq!",
	"SapqSaprq",
	"SapqSapdq",
	"SapqStlpq",
	"atpqapqapq",
};

static size_t play(struct ff_resync *resync, char step)
{
	static const uint8_t other[] = "ets Jul 29 2019 12:21:46\r\nwaiting for download\r\n";
	static const uint8_t framed[] = { 0xC0, 0x01, 0x0A, 0x02, 0x00, 1, 2, 3, 4, 0, 0, 0xC0 };
	uint8_t frame[SYNC_SIZE];
	uint8_t much[300];
	sync_frame(frame);
	memset(much, 0x01, sizeof(much));
	much[0] = much[sizeof(much) - 1] = 0xC0;
	much[2] = 0x08;
	switch (step) {
	case 'S':
		ff_resync_sent(resync, frame, sizeof(frame));
		break;
	case 's':
		ff_resync_sent(resync, frame, 20);
		ff_resync_sent(resync, frame + 20, sizeof(frame) - 20);
		break;
	case 'd':
		ff_resync_sent(resync, framed, sizeof(framed));
		break;
	case 'D':
		ff_resync_sent(resync, much, sizeof(much));
		break;
	case '8':
		for (int i = 0; i < 7; i++) {
			ff_resync_heard(resync, answer, sizeof(answer));
		}
		/* fallthrough */
	case 'a':
		ff_resync_heard(resync, answer, sizeof(answer));
		break;
	case 'b':
		ff_resync_heard(resync, answer, 5);
		ff_resync_heard(resync, answer + 5, sizeof(answer) - 5);
		break;
	case 't':
		ff_resync_heard(resync, other, sizeof(other));
		ff_resync_heard(resync, framed, sizeof(framed));
		break;
	case 'l':
		ff_resync_heard(resync, much, sizeof(much));
		break;
	case 'r':
		ff_resync_forget(resync);
		break;
	default:
		return ff_resync_request(resync, step == 'p');
	}
	return 0;
}

static void tell(const char *story, bool far)
{
	struct ff_resync resync;
	ff_resync_init(&resync, far);
	for (const char *step = story; *step; step++) {
		bool wanted = step[1] == '!';
		size_t size = play(&resync, *step);
		if (size != (wanted ? sizeof(answer) : 0)) {
			fail_msg("%s: %zu bytes at step %td", story, size, step - story);
		}
		if (wanted) {
			assert_memory_equal(resync.answer, answer, sizeof(answer));
			step++;
		}
	}
}

static void test_resync__beside_the_board(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stories); i++) {
		tell(stories[i], false);
	}
}

/* Answers come when their question has long been given up. */
static void test_resync__beside_the_tool(void **state)
{
	static const char *const far_stories[] = {
		"SpqSpaqSpq!q", /* the second is missed before anything has come */
		"SpqSpbqSpq!Spq!", "Spq8Spq!", "SpaqSpq!", "SpqSpqSpq", /* nothing to send */
		"SpaqSprqSpqSpq", /* what was answered before a reset does not hold */
		"SpaqdSpqSpq",    /* nor before the tool went on */
		"SpaqSaq",        /* one that was heard in time purges no more */
		"apqapqapq",
	};
	(void)state;
	for (size_t i = 0; i < COUNT(far_stories); i++) {
		tell(far_stories[i], true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resync__beside_the_board),
		cmocka_unit_test(test_resync__beside_the_tool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
