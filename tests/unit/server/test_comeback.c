// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "comeback.h"

struct device {
	bool there;
	bool closed;
	unsigned reopens;
	uint32_t baud;
};

static enum ff_status reopen(struct ff_transport *transport, int64_t deadline_us, struct ff_error *error)
{
	struct device *device = transport->self;
	(void)deadline_us;
	device->reopens++;
	transport->kind = FF_PORT_USB_OTG;
	return device->there ? FF_OK : ff_error_set(error, FF_ERR_LOST, "it is not there");
}

static enum ff_status set_baud(void *self, uint32_t baud, int64_t deadline_us, struct ff_error *error)
{
	(void)deadline_us;
	(void)error;
	((struct device *)self)->baud = baud;
	return FF_OK;
}

static void close_device(void *self)
{
	((struct device *)self)->closed = true;
}

static const struct ff_transport_ops usb = { .set_baud = set_baud, .close = close_device, .reopen = reopen };
static const struct ff_transport_ops network = { .set_baud = set_baud, .close = close_device };

static void test_comeback__network_ports_are_closed(void **state)
{
	(void)state;
	struct device device = { .there = true };
	struct ff_comeback comeback = { .alone_until_us = 0 };
	struct ff_transport transport = { .ops = &network, .self = &device };
	ff_comeback_keep(&comeback, &transport);
	assert_true(device.closed);
	assert_null(transport.ops);
	assert_int_equal(ff_comeback_try(&comeback, &transport, 115200, NULL), FF_ERR_NOT_FOUND);
}

static void test_comeback__device_that_is_back_is_opened(void **state)
{
	(void)state;
	struct device device = { .there = false };
	struct ff_comeback comeback = { .alone_until_us = 0 };
	struct ff_transport transport = { .ops = &usb, .self = &device };
	struct ff_error error = FF_ERROR_NONE;
	ff_comeback_keep(&comeback, &transport);
	assert_null(transport.ops);
	assert_false(device.closed);
	assert_int_equal(ff_comeback_try(&comeback, &transport, 115200, &error), FF_ERR_LOST);
	assert_string_equal(error.text, "it is not there");
	device.there = true;
	assert_int_equal(ff_comeback_try(&comeback, &transport, 115200, NULL), FF_OK);
	assert_ptr_equal(transport.self, &device);
	assert_int_equal(transport.kind, FF_PORT_USB_OTG);
	assert_int_equal(device.baud, 115200);
	assert_int_equal(ff_comeback_try(&comeback, &transport, 115200, NULL), FF_ERR_NOT_FOUND);
	ff_comeback_drop(&comeback);
	assert_false(device.closed);
}

static void test_comeback__another_may_take_its_place_in_the_end(void **state)
{
	(void)state;
	struct device device = { .there = false };
	struct ff_comeback comeback = { .alone_until_us = 0 };
	struct ff_transport transport = { .ops = &usb, .self = &device };
	ff_comeback_keep(&comeback, &transport);
	comeback.alone_until_us = ff_now_us() - 1;
	struct ff_error error = FF_ERROR_NONE;
	assert_int_equal(ff_comeback_try(&comeback, &transport, 115200, &error), FF_ERR_NOT_FOUND);
	assert_int_equal(error.status, FF_OK);
	assert_int_equal(device.reopens, 1); /* but it was looked for first */
	ff_comeback_drop(&comeback);
	assert_true(device.closed);
	ff_comeback_drop(&comeback);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comeback__network_ports_are_closed),
		cmocka_unit_test(test_comeback__device_that_is_back_is_opened),
		cmocka_unit_test(test_comeback__another_may_take_its_place_in_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
