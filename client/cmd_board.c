// SPDX-License-Identifier: Apache-2.0
/* reset, flash-id, read-mac, chip-id: short work on one board, here or through the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "commands.h"
#include "direct.h"
#include "follow.h"
#include "job.h"

/* Runs "reset" or "info" and leaves its finished job in run->result. */
static bool work_remote(struct ff_run *run, const char *kind)
{
	struct ff_api api;
	char *board;
	bool good;

	if (!ff_api_init(&api, run)) {
		return false;
	}
	board = ff_api_choose_board(&api, run->options->board, &run->failure);
	good = board != NULL && ff_api_start(&api, board, kind, &run->result, &run->failure) &&
	       ff_follow_job(&api, &run->result, run->display, &run->failure) &&
	       ff_job_check(run->result, &run->failure);
	free(board);
	ff_api_release(&api);
	return good;
}

static const char *board_of(const struct ff_run *run)
{
	const char *name = json_string_value(json_object_get(run->result, "board"));

	return name != NULL ? name : "the board";
}

bool ff_cmd_reset(struct ff_run *run)
{
	if (run->options->port != NULL ? !ff_direct_reset(run) : !work_remote(run, "reset")) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("%s: reset\n", board_of(run));
	}
	return true;
}

/* Identifies the board; `info` is borrowed from run->result. */
static bool identify(struct ff_run *run, const json_t **info)
{
	if (run->options->port != NULL ? !ff_direct_info(run) : !work_remote(run, "info")) {
		return false;
	}
	ff_display_clear(run->display);
	*info = json_object_get(run->result, "info");
	if (!json_is_object(*info)) {
		return ff_failure_set(&run->failure, "internal-error", "%s: the server did not say what it found out",
				      board_of(run));
	}
	return true;
}

static const char *known(const json_t *info, const char *key)
{
	const char *text = json_string_value(json_object_get(info, key));

	return text != NULL ? text : "unknown";
}

/* The id holds the maker in its lowest byte, then type and capacity. */
bool ff_cmd_flash_id(struct ff_run *run)
{
	const json_t *info;
	unsigned long id;
	long long size;

	if (!identify(run, &info)) {
		return false;
	}
	if (run->options->json) {
		return true;
	}
	id = strtoul(known(info, "flash_id"), NULL, 0);
	size = (long long)json_integer_value(json_object_get(info, "flash_size"));
	if (id == 0) {
		return ff_failure_set(&run->failure, "protocol-error", "%s: the flash chip does not say what it is",
				      board_of(run));
	}
	printf("Manufacturer: %02lx\n", id & 0xff);
	printf("Device: %02lx%02lx\n", id >> 8 & 0xff, id >> 16 & 0xff);
	if (size >= 1024 * 1024) {
		printf("Detected flash size: %lldMB\n", size / (1024 * 1024));
	} else if (size > 0) {
		printf("Detected flash size: %lldKB\n", size / 1024);
	} else {
		puts("Detected flash size: unknown");
	}
	return true;
}

bool ff_cmd_read_mac(struct ff_run *run)
{
	const json_t *info;

	if (!identify(run, &info)) {
		return false;
	}
	if (!run->options->json) {
		printf("MAC: %s\n", known(info, "mac"));
	}
	return true;
}

bool ff_cmd_chip_id(struct ff_run *run)
{
	const json_t *info;
	json_int_t crystal;

	if (!identify(run, &info)) {
		return false;
	}
	if (run->options->json) {
		return true;
	}
	crystal = json_integer_value(json_object_get(info, "crystal_mhz"));
	printf("Chip: %s\nRevision: %s\n", known(info, "chip"), known(info, "revision"));
	if (crystal > 0) {
		printf("Crystal: %lldMHz\n", (long long)crystal);
	}
	printf("MAC: %s\n", known(info, "mac"));
	return true;
}
