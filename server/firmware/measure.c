// SPDX-License-Identifier: Apache-2.0
#include "firmware_inner.h"

/* True: it is known, and in `measure`. False: the caller has to find it out, and the others wait for that. */
static bool is_known(struct ff_firmware_place *place, struct ff_measure *measure)
{
	struct ff_firmware_store *store = place->store;
	pthread_mutex_lock(&store->mutex);
	while (place->measured == FF_FIRMWARE_BEING_MEASURED) {
		pthread_cond_wait(&store->done, &store->mutex);
	}
	bool known = place->measured == FF_FIRMWARE_MEASURED;
	if (known) {
		*measure = place->measure;
	} else {
		place->measured = FF_FIRMWARE_BEING_MEASURED;
	}
	pthread_mutex_unlock(&store->mutex);
	return known;
}

/* `measure` NULL: it could not be found out. */
static void tell(struct ff_firmware_place *place, const struct ff_measure *measure)
{
	struct ff_firmware_store *store = place->store;
	pthread_mutex_lock(&store->mutex);
	place->measured = measure ? FF_FIRMWARE_MEASURED : FF_FIRMWARE_UNMEASURED;
	if (measure) {
		place->measure = *measure;
	}
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->mutex);
}

enum ff_status ff_firmware_measure(struct ff_firmware *firmware, const struct ff_source *source,
				   struct ff_measure *measure, struct ff_error *error)
{
	struct ff_measure found;
	if (is_known(firmware->place, measure)) {
		return FF_OK;
	}
	enum ff_status status = ff_source_measure(source, NULL, &found, error);
	tell(firmware->place, status == FF_OK ? &found : NULL);
	if (status == FF_OK) {
		*measure = found;
	}
	return status;
}
