// SPDX-License-Identifier: Apache-2.0
#include "resets.h"

#include <stddef.h>

const char *const ff_resets_before[] = {
	[FF_BEFORE_DEFAULT_RESET] = "default-reset",
	[FF_BEFORE_NO_RESET] = "no-reset",
	[FF_BEFORE_USB_RESET] = "usb-reset",
	[FF_BEFORE_NO_RESET_NO_SYNC] = "no-reset-no-sync",
	NULL,
};

const char *const ff_resets_after[] = {
	[FF_AFTER_HARD_RESET] = "hard-reset",
	[FF_AFTER_NO_RESET] = "no-reset",
	[FF_AFTER_SOFT_RESET] = "soft-reset",
	[FF_AFTER_WATCHDOG_RESET] = "watchdog-reset",
	NULL,
};

json_t *ff_resets_report(json_t *options, enum ff_before before, enum ff_after after, unsigned attempts)
{
	json_object_set_new(options, "before", json_string(ff_resets_before[before]));
	json_object_set_new(options, "after", json_string(ff_resets_after[after]));
	json_object_set_new(options, "connect_attempts", attempts ? json_integer(attempts) : json_null());
	return options;
}
