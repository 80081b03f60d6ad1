// SPDX-License-Identifier: Apache-2.0
#include "broker.h"

bool ff_broker_claim(struct ff_broker *broker, const struct ff_holder *who, uint64_t last_posted)
{
	if (broker->keep.lease != who->lease) {
		return false;
	}
	if (broker->holder.kind == FF_HOLDER_NONE) {
		broker->holder = *who;
		broker->last_before = last_posted;
	}
	return broker->holder.id == who->id;
}

bool ff_broker_release(struct ff_broker *broker, uint64_t id)
{
	if (broker->holder.kind == FF_HOLDER_NONE || broker->holder.id != id) {
		return false;
	}
	broker->holder = (struct ff_holder){ .kind = FF_HOLDER_NONE };
	return true;
}

uint64_t ff_broker_limit(const struct ff_broker *broker)
{
	return broker->holder.kind == FF_HOLDER_NONE ? UINT64_MAX : broker->last_before;
}
