// SPDX-License-Identifier: Apache-2.0
#include "fake_worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct wish {
	struct ff_worker *worker;
	enum ff_board_state state;
};

struct ff_worker *ff_fake_worker_new(struct ff_fake_port *port)
{
	struct ff_worker *worker = NULL;
	struct ff_error error = FF_ERROR_NONE;
	const struct ff_worker_options options = {
		.name = "lab1",
		.address = port->address,
		.notify = ff_fake_port_notify,
		.notify_context = port,
		.open = ff_fake_port_open,
	};
	assert_int_equal(ff_worker_new(&worker, &options, &error), FF_OK);
	return worker;
}

static bool is_met(void *context)
{
	const struct wish *wish = context;
	struct ff_board_view view;
	ff_worker_view(wish->worker, &view);
	return view.state == wish->state;
}

void ff_fake_worker_wait(struct ff_fake_port *port, struct ff_worker *worker, enum ff_board_state state)
{
	ff_fake_port_wait(port, is_met, &(struct wish){ worker, state });
}
