// SPDX-License-Identifier: Apache-2.0
#include "input.h"

#include <stdlib.h>
#include <string.h>

enum ff_status ff_input_init(struct ff_input *input)
{
	*input = (struct ff_input){ .line = { .baud = FF_CONSOLE_BAUD, .format = FF_LINE_FORMAT_8N1 } };
	input->bytes = malloc(FF_INPUT_SIZE);
	input->items = calloc(FF_INPUT_ITEMS, sizeof(*input->items));
	if (!input->bytes || !input->items) {
		free(input->bytes);
		free(input->items);
		input->bytes = NULL;
		return FF_ERR_NO_MEMORY;
	}
	pthread_mutex_init(&input->mutex, NULL);
	return FF_OK;
}

void ff_input_release(struct ff_input *input)
{
	if (input->bytes) {
		pthread_mutex_destroy(&input->mutex);
		free(input->bytes);
		free(input->items);
		input->bytes = NULL;
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct ff_input_item *item_at(const struct ff_input *input, uint64_t number)
{
	return &input->items[number % FF_INPUT_ITEMS];
}

static size_t byte_room(const struct ff_input *input)
{
	return FF_INPUT_SIZE - (size_t)(input->put_bytes - input->run_bytes);
}

/* Runs of bytes need no collecting: those at the old end make room by themselves. */
static void skip_bytes(struct ff_input *input)
{
	while (input->collected_items < input->run_items &&
	       item_at(input, input->collected_items)->command.kind == FF_INPUT_BYTES) {
		input->collected_items++;
	}
}

static size_t item_room(struct ff_input *input)
{
	skip_bytes(input);
	return FF_INPUT_ITEMS - (size_t)(input->put_items - input->collected_items);
}

/* ---- the putting side ---- */

bool ff_input_has_room(struct ff_input *input, size_t bytes, size_t items)
{
	pthread_mutex_lock(&input->mutex);
	bool fits = byte_room(input) >= bytes && item_room(input) >= items;
	input->starved = !fits;
	pthread_mutex_unlock(&input->mutex);
	return fits;
}

/* The newest item if bytes of this source can still be added to it, or a new one, or NULL. */
static struct ff_input_item *item_for_bytes(struct ff_input *input, uint64_t source)
{
	if (input->put_items > input->run_items) {
		struct ff_input_item *last = item_at(input, input->put_items - 1);
		if (last->command.kind == FF_INPUT_BYTES && last->source == source && !last->dropped) {
			return last;
		}
	}
	if (item_room(input) == 0) {
		return NULL;
	}
	struct ff_input_item *item = item_at(input, input->put_items++);
	*item = (struct ff_input_item){ .source = source, .command = { .kind = FF_INPUT_BYTES } };
	return item;
}

static bool is_barred(const struct ff_input *input, uint64_t source)
{
	for (size_t i = 0; i < FF_INPUT_BARRED && i < input->barred_count; i++) {
		if (input->barred[i] == source) {
			return true;
		}
	}
	return false;
}

size_t ff_input_put_bytes(struct ff_input *input, uint64_t source, const uint8_t *bytes, size_t size)
{
	pthread_mutex_lock(&input->mutex);
	if (is_barred(input, source)) {
		pthread_mutex_unlock(&input->mutex);
		return size;
	}
	size = smaller(size, byte_room(input));
	struct ff_input_item *item = size > 0 ? item_for_bytes(input, source) : NULL;
	if (!item) {
		size = 0;
	} else {
		size_t at = input->put_bytes % FF_INPUT_SIZE;
		size_t first = smaller(size, FF_INPUT_SIZE - at);
		memcpy(input->bytes + at, bytes, first);
		memcpy(input->bytes, bytes + first, size - first);
		input->put_bytes += size;
		item->size += size;
	}
	pthread_mutex_unlock(&input->mutex);
	return size;
}

/* Under the mutex. */
static bool put(struct ff_input *input, uint64_t source, uint32_t tag, const struct ff_input_command *command)
{
	bool fits = item_room(input) > 0;
	if (fits) {
		*item_at(input, input->put_items++) = (struct ff_input_item){
			.source = source,
			.tag = tag,
			.command = *command,
			.dropped = is_barred(input, source),
		};
	}
	return fits;
}

bool ff_input_put(struct ff_input *input, uint64_t source, uint32_t tag, const struct ff_input_command *command)
{
	pthread_mutex_lock(&input->mutex);
	bool fits = put(input, source, tag, command);
	pthread_mutex_unlock(&input->mutex);
	return fits;
}

void ff_input_drop(struct ff_input *input, uint64_t source)
{
	pthread_mutex_lock(&input->mutex);
	for (uint64_t i = input->run_items; i < input->put_items; i++) {
		struct ff_input_item *item = item_at(input, i);
		item->dropped |= item->source == source && item->command.kind == FF_INPUT_BYTES;
	}
	pthread_mutex_unlock(&input->mutex);
}

void ff_input_bar(struct ff_input *input, uint64_t source)
{
	static const struct ff_input_command purge = { .kind = FF_INPUT_PURGE_TX };
	static const struct ff_input_command restore = { .kind = FF_INPUT_RESTORE };
	pthread_mutex_lock(&input->mutex);
	if (source != FF_INPUT_NOBODY && !is_barred(input, source)) {
		input->barred[input->barred_count++ % FF_INPUT_BARRED] = source;
	}
	bool any = source != FF_INPUT_NOBODY || input->run_items < input->put_items;
	for (uint64_t i = input->run_items; i < input->put_items; i++) {
		item_at(input, i)->dropped = true;
	}
	/* There is room: whoever puts anything leaves some for the end. */
	if (any && put(input, FF_INPUT_NOBODY, 0, &purge)) {
		(void)put(input, FF_INPUT_NOBODY, 0, &restore);
	}
	pthread_mutex_unlock(&input->mutex);
}

bool ff_input_collect(struct ff_input *input, struct ff_input_done *done)
{
	pthread_mutex_lock(&input->mutex);
	skip_bytes(input);
	bool found = input->collected_items < input->run_items;
	if (found) {
		const struct ff_input_item *item = item_at(input, input->collected_items++);
		*done = (struct ff_input_done){ item->source, item->tag,  item->command.kind,
						item->status, item->line, item->output };
	}
	pthread_mutex_unlock(&input->mutex);
	return found;
}

void ff_input_watch(struct ff_input *input, bool wanted)
{
	pthread_mutex_lock(&input->mutex);
	input->watched = wanted;
	pthread_mutex_unlock(&input->mutex);
}

/* ---- for everyone ---- */

bool ff_input_is_empty(struct ff_input *input)
{
	pthread_mutex_lock(&input->mutex);
	bool empty = input->run_items == input->put_items;
	pthread_mutex_unlock(&input->mutex);
	return empty;
}

void ff_input_line(struct ff_input *input, struct ff_line *line)
{
	pthread_mutex_lock(&input->mutex);
	*line = input->line;
	pthread_mutex_unlock(&input->mutex);
}

bool ff_input_status(struct ff_input *input, struct ff_line_status *status)
{
	pthread_mutex_lock(&input->mutex);
	bool known = input->has_status;
	*status = input->status;
	pthread_mutex_unlock(&input->mutex);
	return known;
}

/* ---- the running side ---- */

/* Bytes that were dropped leave the ring when their turn comes. */
static void pass_dropped(struct ff_input *input)
{
	while (input->run_items < input->put_items) {
		struct ff_input_item *item = item_at(input, input->run_items);
		if (item->command.kind != FF_INPUT_BYTES || (item->size > 0 && !item->dropped)) {
			return;
		}
		input->run_bytes += item->size;
		item->size = 0;
		input->run_items++;
	}
}

bool ff_input_front(struct ff_input *input, struct ff_input_item *item, const uint8_t **bytes)
{
	pthread_mutex_lock(&input->mutex);
	pass_dropped(input);
	bool found = input->run_items < input->put_items;
	if (found) {
		size_t at = input->run_bytes % FF_INPUT_SIZE;
		*item = *item_at(input, input->run_items);
		item->size = smaller(item->size, FF_INPUT_SIZE - at);
		*bytes = input->bytes + at;
	}
	pthread_mutex_unlock(&input->mutex);
	return found;
}

static bool end_starving(struct ff_input *input)
{
	bool starved = input->starved;
	input->starved = false;
	return starved;
}

bool ff_input_consume(struct ff_input *input, size_t size)
{
	pthread_mutex_lock(&input->mutex);
	item_at(input, input->run_items)->size -= size;
	input->run_bytes += size;
	pass_dropped(input);
	/* A sender that is told about each byte would be woken for each byte. */
	bool told = byte_room(input) >= FF_INPUT_SIZE / 2 && end_starving(input);
	pthread_mutex_unlock(&input->mutex);
	return told;
}

bool ff_input_finish(struct ff_input *input, enum ff_status status)
{
	pthread_mutex_lock(&input->mutex);
	struct ff_input_item *item = item_at(input, input->run_items++);
	item->status = status;
	item->line = input->line;
	item->output = input->output;
	end_starving(input);
	pthread_mutex_unlock(&input->mutex);
	return true;
}

void ff_input_set_line(struct ff_input *input, const struct ff_line *line)
{
	pthread_mutex_lock(&input->mutex);
	input->line = *line;
	pthread_mutex_unlock(&input->mutex);
}

void ff_input_set_output(struct ff_input *input, uint64_t output)
{
	pthread_mutex_lock(&input->mutex);
	input->output = output;
	pthread_mutex_unlock(&input->mutex);
}

bool ff_input_is_watched(struct ff_input *input)
{
	pthread_mutex_lock(&input->mutex);
	bool watched = input->watched;
	pthread_mutex_unlock(&input->mutex);
	return watched;
}

bool ff_input_set_status(struct ff_input *input, const struct ff_line_status *status)
{
	pthread_mutex_lock(&input->mutex);
	const struct ff_line_status *old = &input->status;
	bool news = !input->has_status || old->modem != status->modem || old->overruns != status->overruns ||
		    old->parity_errors != status->parity_errors || old->framing_errors != status->framing_errors ||
		    old->breaks != status->breaks;
	input->has_status = true;
	input->status = *status;
	pthread_mutex_unlock(&input->mutex);
	return news;
}
