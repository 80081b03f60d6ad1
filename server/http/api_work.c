// SPDX-License-Identifier: Apache-2.0
/* Work that a query describes: reading and erasing flash, memory, the flash chip's status. */
#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "query.h"
#include "reply.h"

#define SECTOR 4096
#define LARGEST_DUMP 1048576 /* a word costs a command of its own, so this takes minutes already */
#define ADDRESSES ((uint64_t)1 << 32)
#define MOST_STATUS_BYTES 3
#define USUAL_STATUS_BYTES 2

static const char *const range_params[] = { "offset", "size", FF_QUERY_LOADER, NULL };
static const char *const erase_params[] = { "offset", "size", FF_QUERY_LOADER, "force", NULL };
static const char *const read_memory_params[] = { "address", "size", FF_QUERY_LOADER, NULL };
static const char *const write_memory_params[] = { "address", "value", "mask", FF_QUERY_LOADER, NULL };

static const char *const read_status_params[] = { "bytes", FF_QUERY_LOADER, NULL };
static const char *const write_status_params[] = { "bytes", "value", "non_volatile", FF_QUERY_LOADER, NULL };

/* The job to be made, which is the request's state. NULL: out of memory, and the problem says so. */
static struct ff_job_target *begin(struct ff_request *request, enum ff_job_kind kind)
{
	struct ff_queue_request *wanted = calloc(1, sizeof(*wanted));
	if (!wanted) {
		ff_problem_set_status(&request->problem, FF_ERR_NO_MEMORY, "the server is out of memory");
		return NULL;
	}
	request->state = wanted;
	request->free_state = free;
	wanted->kind = kind;
	wanted->worker = request->worker;
	ff_query_loader(request, &wanted->options);
	return &wanted->target;
}

static void check_range(struct ff_request *request, const struct ff_job_target *target)
{
	if (target->start + (uint64_t)target->size > ADDRESSES) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "%u bytes from 0x%x reach beyond the last address", target->size, target->start);
	}
}

static void begin_read(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_READ);
	const char *size = ff_request_param(request, "size");
	if (!target) {
		return;
	}
	ff_query_offset(request, &target->start);
	if (size && strcasecmp(size, "all") != 0 && ff_query_number(request, "size", &target->size) &&
	    target->size == 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "nothing to read: the size is 0");
	}
	check_range(request, target);
}

static void begin_erase(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_ERASE);
	if (!target) {
		return;
	}
	struct ff_queue_request *wanted = request->state;
	ff_query_bool(request, "force", &wanted->options.force);
	bool has_offset = ff_query_offset(request, &target->start);
	bool has_size = ff_query_number(request, "size", &target->size);
	if (has_offset != has_size) {
		/* Half a region must not become the whole chip. */
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "give offset and size, or neither of them to erase the whole flash");
	} else if (has_size && target->size == 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "nothing to erase: the size is 0");
	} else if (target->start % SECTOR != 0 || target->size % SECTOR != 0) {
		ff_problem_set_status(&request->problem, FF_ERR_ALIGNMENT,
				      "flash is erased in sectors: offset and size must be multiples of 4096");
	}
	check_range(request, target);
}

static void check_words(struct ff_request *request, const struct ff_job_target *target)
{
	if (target->start % FF_JOB_WORD != 0 || target->size % FF_JOB_WORD != 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST,
			       "memory is accessed in words: address and size must be multiples of %d", FF_JOB_WORD);
	}
	check_range(request, target);
}

static void begin_read_memory(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_READ_MEMORY);
	if (target && ff_query_need(request, "address", "where to read", &target->start) &&
	    ff_query_need(request, "size", "how many bytes to read", &target->size)) {
		if (target->size == 0 || target->size > LARGEST_DUMP) {
			ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "size must be from 4 to %d",
				       LARGEST_DUMP);
		}
		check_words(request, target);
	}
}

static void begin_write_memory(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_WRITE_MEMORY);
	if (target && ff_query_need(request, "address", "where to write", &target->start) &&
	    ff_query_need(request, "value", "which word to write", &target->value)) {
		target->size = FF_JOB_WORD;
		target->mask = UINT32_MAX;
		ff_query_number(request, "mask", &target->mask);
		check_words(request, target);
	}
}

static void read_status_bytes(struct ff_request *request, struct ff_job_target *target)
{
	target->size = USUAL_STATUS_BYTES;
	ff_query_number(request, "bytes", &target->size);
	if (target->size == 0 || target->size > MOST_STATUS_BYTES) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "bytes must be from 1 to %d",
			       MOST_STATUS_BYTES);
	}
}

static void begin_read_status(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_READ_FLASH_STATUS);
	if (target) {
		read_status_bytes(request, target);
	}
}

static void begin_write_status(struct ff_request *request)
{
	struct ff_job_target *target = begin(request, FF_JOB_WRITE_FLASH_STATUS);
	if (!target) {
		return;
	}
	read_status_bytes(request, target);
	ff_query_bool(request, "non_volatile", &target->non_volatile);
	if (ff_query_need(request, "value", "which status to write", &target->value) && !request->problem.http_status &&
	    target->value >> (8 * target->size) != 0) {
		ff_problem_set(&request->problem, FF_PROBLEM_BAD_REQUEST, "value 0x%x does not fit into %u bytes",
			       target->value, target->size);
	}
}

static enum MHD_Result answer(struct ff_request *request)
{
	return ff_answer_is_made(request) ? ff_answer_job(request) : ff_answer_submit(request, request->state);
}

/* Asking what an answer would look like must not touch the board. */
static enum MHD_Result answer_get(struct ff_request *request, const char *content_type)
{
	return strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0 ? ff_reply_head(request, content_type)
								  : answer(request);
}

static enum MHD_Result answer_content(struct ff_request *request)
{
	return answer_get(request, FF_REPLY_BYTES);
}

static enum MHD_Result answer_status(struct ff_request *request)
{
	return answer_get(request, FF_REPLY_JSON);
}

const struct ff_handler ff_api_flash_read = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = range_params,
	.begin = begin_read,
	.answer = answer_content,
};
const struct ff_handler ff_api_erase = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = erase_params,
	.begin = begin_erase,
	.answer = answer,
};
const struct ff_handler ff_api_any_erase = {
	.selects_board = true,
	.params = erase_params,
	.begin = begin_erase,
	.answer = answer,
};
const struct ff_handler ff_api_memory_read = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = read_memory_params,
	.begin = begin_read_memory,
	.answer = answer_content,
};
const struct ff_handler ff_api_memory_write = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = write_memory_params,
	.begin = begin_write_memory,
	.answer = answer,
};
const struct ff_handler ff_api_flash_status_read = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = read_status_params,
	.begin = begin_read_status,
	.answer = answer_status,
};
const struct ff_handler ff_api_flash_status_write = {
	.names_board = true,
	.lease = FF_LEASE_NEEDED,
	.params = write_status_params,
	.begin = begin_write_status,
	.answer = answer,
};
