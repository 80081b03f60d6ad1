// SPDX-License-Identifier: Apache-2.0
#include "guest.h"

#include <stdlib.h>

void ff_guest_free(struct ff_guest *guest)
{
	if (guest) {
		guest->close(guest->closer);
		free(guest->extra);
		free(guest);
	}
}
