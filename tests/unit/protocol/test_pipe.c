// SPDX-License-Identifier: Apache-2.0
/* Two ends of a pipe and a wire between them that is cut after any byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pipe.h"

#define WIRE_SIZE (4 * FF_PIPE_RING)
#define PREFIX 4 /* a frame's size on this wire */

/* What is on its way in one direction. Frames arrive when their last byte does. */
struct wire {
	uint8_t bytes[WIRE_SIZE];
	size_t size;
	size_t at;
};

/* An end whose stream is a count, so that each byte tells its place. */
struct end {
	struct ff_pipe pipe;
	uint64_t written;
	uint64_t read;
	struct wire wire; /* towards this end */
};

static struct end ends[2];
static unsigned seed; /* of the random test */

static uint8_t byte_at(uint64_t place, unsigned end)
{
	return (uint8_t)(place * 167 + (place >> 8) + end);
}

static size_t write_some(unsigned which, size_t size)
{
	static uint8_t bytes[FF_PIPE_RING];
	struct end *end = &ends[which];
	for (size_t i = 0; i < size; i++) {
		bytes[i] = byte_at(end->written + i, which);
	}
	size_t taken = ff_pipe_put(&end->pipe, bytes, size);
	end->written += taken;
	return taken;
}

static size_t read_some(unsigned which, size_t most)
{
	struct end *end = &ends[which];
	const uint8_t *bytes;
	size_t size = ff_pipe_peek(&end->pipe, &bytes);
	size = size < most ? size : most;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != byte_at(end->read + i, !which)) {
			fail_msg("seed %u: byte %llu of end %u is wrong", seed, (unsigned long long)(end->read + i),
				 which);
		}
	}
	ff_pipe_consume(&end->pipe, size);
	end->read += size;
	return size;
}

/* One frame onto the wire. False: there is none. */
static bool send_one(unsigned which)
{
	struct wire *wire = &ends[!which].wire;
	uint8_t frame[FF_PIPE_FRAME_MAX];
	if (WIRE_SIZE - wire->size < PREFIX + sizeof(frame)) {
		memmove(wire->bytes, wire->bytes + wire->at, wire->size - wire->at);
		wire->size -= wire->at;
		wire->at = 0;
	}
	if (WIRE_SIZE - wire->size < PREFIX + sizeof(frame)) {
		return false;
	}
	size_t size = ff_pipe_build(&ends[which].pipe, frame);
	uint32_t prefix = (uint32_t)size;
	assert_true((size > 0) == (prefix > 0));
	if (size == 0) {
		return false;
	}
	memcpy(wire->bytes + wire->size, &prefix, PREFIX);
	memcpy(wire->bytes + wire->size + PREFIX, frame, size);
	wire->size += PREFIX + size;
	return true;
}

/* `most` bytes of the wire arrive. Answers how many did. */
static size_t arrive(unsigned which, size_t most)
{
	struct wire *wire = &ends[which].wire;
	size_t end = wire->size - wire->at < most ? wire->size : wire->at + most;
	size_t start = wire->at;
	struct ff_error error = FF_ERROR_NONE;
	for (;;) {
		uint32_t size;
		if (end - wire->at < PREFIX) {
			return wire->at - start;
		}
		memcpy(&size, wire->bytes + wire->at, PREFIX);
		if (end - wire->at - PREFIX < size) {
			return wire->at - start;
		}
		enum ff_status status =
			ff_pipe_receive(&ends[which].pipe, wire->bytes + wire->at + PREFIX, size, &error);
		if (status != FF_OK) {
			fail_msg("seed %u: %s", seed, error.text);
		}
		wire->at += PREFIX + size;
	}
}

static void resume(void)
{
	struct ff_error error = FF_ERROR_NONE;
	for (unsigned i = 0; i < 2; i++) {
		ends[i].wire.size = ends[i].wire.at = 0;
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ff_pipe_resume(&ends[i].pipe, ff_pipe_received(&ends[!i].pipe), &error), FF_OK);
	}
}

/* Everything on its way arrives, until nothing moves any more. */
static void settle(void)
{
	bool moved = true;
	while (moved) {
		moved = false;
		for (unsigned i = 0; i < 2; i++) {
			moved |= send_one(i);
			moved |= arrive(i, SIZE_MAX) > 0;
			moved |= read_some(i, SIZE_MAX) > 0;
		}
	}
}

static int begin(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		ff_pipe_init(&ends[i].pipe);
		ends[i].written = ends[i].read = 0;
		ends[i].wire.size = ends[i].wire.at = 0;
	}
	return 0;
}

static void assert_all_arrived(void)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(ends[i].read, ends[!i].written);
		assert_int_equal(ff_pipe_room(&ends[i].pipe), FF_PIPE_RING);
		assert_true(ff_pipe_is_sent(&ends[i].pipe));
		assert_false(ff_pipe_has_frame(&ends[i].pipe));
	}
}

static void test_pipe__a_frame_looks_as_documented(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a', 'b' };
	static const uint8_t answer[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 };
	struct ff_error error = FF_ERROR_NONE;
	uint8_t frame[FF_PIPE_FRAME_MAX];
	const uint8_t *bytes;
	assert_int_equal(ff_pipe_build(&ends[0].pipe, frame), 0);
	assert_int_equal(ff_pipe_put(&ends[0].pipe, (const uint8_t *)"ab", 2), 2);
	assert_false(ff_pipe_is_sent(&ends[0].pipe));
	assert_int_equal(ff_pipe_build(&ends[0].pipe, frame), sizeof(expected));
	assert_memory_equal(frame, expected, sizeof(expected));
	assert_true(ff_pipe_is_sent(&ends[0].pipe));
	assert_int_equal(ff_pipe_receive(&ends[1].pipe, frame, sizeof(expected), &error), FF_OK);
	assert_false(ff_pipe_has_frame(&ends[1].pipe)); /* nothing has been taken out */
	assert_int_equal(ff_pipe_peek(&ends[1].pipe, &bytes), 2);
	ff_pipe_consume(&ends[1].pipe, 2);
	assert_int_equal(ff_pipe_build(&ends[1].pipe, frame), sizeof(answer));
	assert_memory_equal(frame, answer, sizeof(answer));
}

static void test_pipe__holds_one_ring_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(write_some(0, FF_PIPE_RING), FF_PIPE_RING);
	assert_int_equal(write_some(0, 1), 0);
	while (send_one(0)) {
	}
	arrive(1, SIZE_MAX);
	assert_int_equal(write_some(0, 1), 0); /* it has arrived, but nobody has taken it */
	read_some(1, FF_PIPE_RING / 2);
	assert_true(send_one(1));
	arrive(0, SIZE_MAX);
	assert_int_equal(write_some(0, FF_PIPE_RING), FF_PIPE_RING / 2);
	settle();
	assert_all_arrived();
}

/* One direction stands still; the other goes on. */
static void test_pipe__directions_do_not_hold_up_each_other(void **state)
{
	(void)state;
	write_some(0, FF_PIPE_RING);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(write_some(1, 30000), 30000);
		while (send_one(0) || send_one(1)) {
		}
		arrive(0, SIZE_MAX);
		arrive(1, SIZE_MAX);
		while (read_some(0, SIZE_MAX) > 0) {
		}
	}
	assert_int_equal(ends[0].read, 3000000);
	settle();
	assert_all_arrived();
}

/* Both directions have a few frames on the way; the wire to end 1 ends after `cut` bytes, the other after `cut2`. */
static void cut_at(size_t cut, size_t cut2)
{
	begin(NULL);
	for (unsigned i = 0; i < 4; i++) {
		write_some(0, 20 + i);
		send_one(0);
		arrive(1, i < 2 ? SIZE_MAX : 0);
		read_some(1, 10);
		write_some(1, 30);
		send_one(1);
	}
	arrive(1, cut);
	arrive(0, cut2);
	resume();
	settle();
	assert_all_arrived();
	assert_int_equal(ends[1].read, 20 + 21 + 22 + 23);
	assert_int_equal(ends[0].read, 4 * 30);
}

static void test_pipe__goes_on_after_a_cut_at_any_byte(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < 100; cut++) {
		for (size_t cut2 = 0; cut2 < 220; cut2++) {
			cut_at(cut, cut2);
		}
	}
}

/* The one that resumes does not hear that it has, and tries again. */
static void test_pipe__a_resume_may_be_cut_too(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	write_some(0, 1000);
	write_some(1, 50000);
	send_one(0);
	send_one(1);
	arrive(1, SIZE_MAX);
	for (unsigned i = 0; i < 3; i++) {
		ends[0].wire.size = ends[0].wire.at = 0;
		assert_int_equal(ff_pipe_resume(&ends[1].pipe, ff_pipe_received(&ends[0].pipe), &error), FF_OK);
		send_one(1); /* lost */
	}
	resume();
	settle();
	assert_all_arrived();
}

/* Without it the writer would wait for room that it has. */
static void test_pipe__a_lost_acknowledgement_is_repeated(void **state)
{
	(void)state;
	write_some(0, 100);
	send_one(0);
	arrive(1, SIZE_MAX);
	read_some(1, SIZE_MAX);
	assert_true(send_one(1)); /* lost */
	resume();
	settle();
	assert_all_arrived();
}

static void test_pipe__what_comes_twice_is_passed_over(void **state)
{
	(void)state;
	struct ff_error error = FF_ERROR_NONE;
	uint8_t first[FF_PIPE_FRAME_MAX];
	uint8_t longer[FF_PIPE_FRAME_MAX];
	write_some(0, 100);
	size_t size = ff_pipe_build(&ends[0].pipe, first);
	assert_int_equal(ff_pipe_receive(&ends[1].pipe, first, size, &error), FF_OK);
	assert_int_equal(ff_pipe_receive(&ends[1].pipe, first, size, &error), FF_OK);
	write_some(0, 50);
	assert_int_equal(ff_pipe_resume(&ends[0].pipe, 20, &error), FF_OK); /* the peer has 100, but never mind */
	size = ff_pipe_build(&ends[0].pipe, longer);
	assert_int_equal(ff_pipe_receive(&ends[1].pipe, longer, size, &error), FF_OK);
	settle();
	assert_all_arrived();
	assert_int_equal(ends[1].read, 150);
}

/* Anything at any time, with a seed that a failure names. */
static void run_at_random(void)
{
	begin(NULL);
	srand(seed);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned which = (unsigned)rand() % 2;
		switch (rand() % 9) {
		case 0:
		case 1:
			write_some(which, (size_t)rand() % (rand() % 8 ? 300 : 60000));
			break;
		case 2:
		case 3:
		case 4:
			send_one(which);
			break;
		case 5:
		case 6:
			arrive(which, (size_t)rand() % (rand() % 4 ? 500 : 60000));
			break;
		case 7:
			read_some(which, (size_t)rand() % (rand() % 8 ? 300 : 60000));
			break;
		default:
			if (rand() % 20 == 0) {
				resume();
			}
		}
	}
	resume();
	settle();
	assert_all_arrived();
}

static void test_pipe__is_exact_whatever_happens(void **state)
{
	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		run_at_random();
	}
}

static void assert_refused(const uint8_t *frame, size_t size)
{
	struct ff_error error = FF_ERROR_NONE;
	struct ff_pipe *pipe = &ends[1].pipe;
	uint64_t received = ff_pipe_received(pipe);
	size_t room = ff_pipe_room(pipe);
	assert_int_equal(ff_pipe_receive(pipe, frame, size, &error), FF_ERR_PROTOCOL);
	assert_int_equal(ff_pipe_received(pipe), received);
	assert_int_equal(ff_pipe_room(pipe), room);
}

static void make(uint8_t *frame, uint64_t at, uint64_t acknowledged)
{
	for (unsigned i = 0; i < 8; i++) {
		frame[i] = (uint8_t)(at >> (56 - 8 * i));
		frame[8 + i] = (uint8_t)(acknowledged >> (56 - 8 * i));
	}
}

static void test_pipe__refuses_what_cannot_be(void **state)
{
	(void)state;
	static uint8_t frame[FF_PIPE_FRAME_MAX + 1];
	struct ff_error error = FF_ERROR_NONE;
	write_some(1, 100);
	assert_refused(frame, 0);
	assert_refused(frame, FF_PIPE_HEADER_SIZE - 1);
	assert_refused(frame, sizeof(frame));
	make(frame, 1, 0); /* a gap */
	assert_refused(frame, 20);
	make(frame, UINT64_MAX, 0);
	assert_refused(frame, 20);
	make(frame, 0, 1); /* nothing has gone out yet */
	assert_refused(frame, FF_PIPE_HEADER_SIZE);
	send_one(1);
	make(frame, 0, 101);
	assert_refused(frame, FF_PIPE_HEADER_SIZE);
	make(frame, 0, UINT64_MAX);
	assert_refused(frame, FF_PIPE_HEADER_SIZE);
	make(frame, 0, 60);
	assert_int_equal(ff_pipe_receive(&ends[1].pipe, frame, FF_PIPE_HEADER_SIZE, &error), FF_OK);
	make(frame, 0, 59); /* taken back */
	assert_refused(frame, FF_PIPE_HEADER_SIZE);
	for (uint64_t at = 0; at < FF_PIPE_RING; at += FF_PIPE_DATA_MAX) {
		make(frame, at, 60);
		assert_int_equal(ff_pipe_receive(&ends[1].pipe, frame, FF_PIPE_FRAME_MAX, &error), FF_OK);
	}
	make(frame, FF_PIPE_RING, 60); /* past what may be on its way */
	assert_refused(frame, FF_PIPE_HEADER_SIZE + 1);
	assert_int_equal(ff_pipe_resume(&ends[1].pipe, 101, &error), FF_ERR_PROTOCOL);
	assert_int_equal(ff_pipe_resume(&ends[1].pipe, 59, &error), FF_ERR_PROTOCOL);
	assert_int_equal(ff_pipe_resume(&ends[1].pipe, 100, &error), FF_OK);
	assert_int_equal(ff_pipe_resume(&ends[1].pipe, 60, &error), FF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pipe__a_frame_looks_as_documented, begin),
		cmocka_unit_test_setup(test_pipe__holds_one_ring_and_no_more, begin),
		cmocka_unit_test_setup(test_pipe__directions_do_not_hold_up_each_other, begin),
		cmocka_unit_test_setup(test_pipe__goes_on_after_a_cut_at_any_byte, begin),
		cmocka_unit_test_setup(test_pipe__a_resume_may_be_cut_too, begin),
		cmocka_unit_test_setup(test_pipe__a_lost_acknowledgement_is_repeated, begin),
		cmocka_unit_test_setup(test_pipe__what_comes_twice_is_passed_over, begin),
		cmocka_unit_test_setup(test_pipe__is_exact_whatever_happens, begin),
		cmocka_unit_test_setup(test_pipe__refuses_what_cannot_be, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
