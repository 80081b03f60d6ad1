// SPDX-License-Identifier: Apache-2.0
#include "firmware_inner.h"

/* True: it is known. False: the caller has to find it out, and the others wait for that. */
static bool is_known(struct ff_firmware_place *place)
{
	struct ff_firmware_store *store = place->store;
	pthread_mutex_lock(&store->mutex);
	while (place->measured == FF_FIRMWARE_BEING_MEASURED) {
		pthread_cond_wait(&store->done, &store->mutex);
	}
	bool known = place->measured == FF_FIRMWARE_MEASURED;
	if (!known) {
		place->measured = FF_FIRMWARE_BEING_MEASURED;
	}
	pthread_mutex_unlock(&store->mutex);
	return known;
}

/* `measure` NULL: it could not be found out. `kept` NULL: nothing is kept. */
static void tell(struct ff_firmware_place *place, const struct ff_measure *measure, struct ff_firmware_kept *kept)
{
	struct ff_firmware_store *store = place->store;
	pthread_mutex_lock(&store->mutex);
	place->measured = measure ? FF_FIRMWARE_MEASURED : FF_FIRMWARE_UNMEASURED;
	place->wire = (struct ff_firmware_wire){ .deflated = { .read = NULL } };
	if (measure) {
		place->wire.measure = *measure;
	}
	if (kept) {
		place->wire.deflated = ff_firmware_kept_source(kept);
		place->kept = kept;
		store->kept_count += place->listed;
	}
	pthread_cond_broadcast(&store->done);
	pthread_mutex_unlock(&store->mutex);
}

/* Not worth its room, or not whole. */
static bool is_useless(const struct ff_firmware_kept *kept, const struct ff_measure *measure, uint64_t size)
{
	return kept->failed || kept->size != measure->wire || kept->size >= size;
}

enum ff_status ff_firmware_measure(struct ff_firmware *firmware, const struct ff_source *source,
				   const struct ff_firmware_wire **wire, struct ff_error *error)
{
	struct ff_firmware_place *place = firmware->place;
	if (!is_known(place)) {
		struct ff_firmware_kept *kept = ff_firmware_kept_new(place->store, source->size);
		struct ff_sink sink = ff_firmware_kept_sink(kept);
		struct ff_measure found = { .wire = 0 };
		enum ff_status status = ff_source_measure(source, kept ? &sink : NULL, &found, error);
		if (kept && (status != FF_OK || is_useless(kept, &found, source->size))) {
			ff_firmware_kept_free(kept);
			kept = NULL;
		}
		tell(place, status == FF_OK ? &found : NULL, kept);
		if (status != FF_OK) {
			return status;
		}
	}
	*wire = &place->wire;
	return FF_OK;
}
