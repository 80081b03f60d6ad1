// SPDX-License-Identifier: Apache-2.0
#include "order.h"

struct ff_order ff_order_of(int priority, int64_t since_us, uint64_t number)
{
	return (struct ff_order){ .at_us = since_us - priority * FF_ORDER_STEP_US, .number = number };
}

bool ff_order_before(const struct ff_order *first, const struct ff_order *second)
{
	return first->at_us != second->at_us ? first->at_us < second->at_us : first->number < second->number;
}
