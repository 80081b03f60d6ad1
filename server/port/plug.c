// SPDX-License-Identifier: Apache-2.0
#include "plug.h"

#include "clock.h"

#define FIRST_PAUSE_MS 250
#define LONGEST_PAUSE_MS 4000

void ff_plug_init(struct ff_plug *plug)
{
	plug->is_open = false;
	plug->retry_us = 0;
	plug->pause_ms = FIRST_PAUSE_MS;
}

void ff_plug_close(struct ff_plug *plug)
{
	ff_comeback_keep(&plug->comeback, &plug->transport);
	plug->is_open = false;
	plug->retry_us = 0;
}

void ff_plug_move(struct ff_plug *plug, bool at_once)
{
	if (plug->is_open && !at_once) {
		return;
	}
	if (plug->is_open) {
		ff_plug_close(plug);
	}
	/* Whoever says where the board is knows better than what was kept to look for it. */
	if (at_once || plug->address[0]) {
		ff_comeback_drop(&plug->comeback);
	}
	plug->retry_us = 0;
	plug->pause_ms = FIRST_PAUSE_MS;
}

void ff_plug_release(struct ff_plug *plug)
{
	ff_plug_close(plug);
	ff_comeback_drop(&plug->comeback);
}

void ff_plug_lose(struct ff_plug *plug)
{
	ff_plug_close(plug);
	plug->retry_us = ff_deadline_ms(plug->pause_ms);
	plug->pause_ms = plug->pause_ms * 2 < LONGEST_PAUSE_MS ? plug->pause_ms * 2 : LONGEST_PAUSE_MS;
}

enum ff_status ff_plug_open(struct ff_plug *plug, uint32_t baud, struct ff_error *error)
{
	struct ff_transport_options options = { .baud = baud, .log = plug->log };
	if (plug->is_open) {
		return FF_OK;
	}
	enum ff_status status = ff_comeback_try(&plug->comeback, &plug->transport, baud, error);
	if (status == FF_ERR_NOT_FOUND && plug->address[0] == '\0') {
		status = ff_error_set(error, FF_ERR_NOT_FOUND, "it is not plugged in");
	} else if (status == FF_ERR_NOT_FOUND) {
		status = plug->open(&plug->transport, plug->address, &options, error);
	}
	if (status != FF_OK) {
		ff_plug_lose(plug);
		return status;
	}
	ff_comeback_drop(&plug->comeback);
	plug->is_open = true;
	plug->pause_ms = FIRST_PAUSE_MS;
	ff_log(plug->log, FF_LOG_INFO, "%s is open", plug->address);
	return FF_OK;
}

bool ff_plug_is_due(const struct ff_plug *plug)
{
	return !plug->is_open && ff_now_us() >= plug->retry_us;
}
