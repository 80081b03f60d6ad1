// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include "connect.h"

#define RESYNC_TRIES 10

const char *ff_phase_name(enum ff_phase phase)
{
	static const char *const names[FF_PHASE_COUNT] = {
#define PHASE_NAME(name, text) [name] = text,
		FF_PHASE_MAP(PHASE_NAME)
#undef PHASE_NAME
	};
	return (unsigned)phase < FF_PHASE_COUNT ? names[phase] : "unknown";
}

static void report(const struct ff_flasher *flasher)
{
	if (flasher->observer.progress) {
		flasher->observer.progress(flasher->observer.context, &flasher->progress);
	}
}

void ff_session_rest(struct ff_flasher *flasher)
{
	if (flasher->in_phase) {
		flasher->times[flasher->phase] += ff_now_us() - flasher->phase_start;
		flasher->in_phase = false;
	}
}

void ff_session_enter(struct ff_flasher *flasher, enum ff_phase phase, uint64_t total)
{
	if (flasher->in_phase && flasher->phase == phase) {
		return;
	}
	ff_session_rest(flasher);
	flasher->in_phase = true;
	flasher->phase = phase;
	flasher->phase_start = ff_now_us();
	flasher->progress = (struct ff_progress){ .phase = phase, .total = total };
	report(flasher);
}

void ff_session_progress(struct ff_flasher *flasher, uint64_t done, unsigned region, uint32_t offset)
{
	if (done <= flasher->progress.done) {
		return; /* a region that starts again */
	}
	flasher->progress.done = done;
	flasher->progress.region = region;
	flasher->progress.offset = offset;
	report(flasher);
}

enum ff_status ff_session_check(const struct ff_flasher *flasher, struct ff_error *error)
{
	if (flasher->observer.cancelled && flasher->observer.cancelled(flasher->observer.context)) {
		return ff_error_set(error, FF_ERR_CANCELLED, "cancelled");
	}
	return FF_OK;
}

bool ff_session_may_retry(enum ff_status status)
{
	return status == FF_ERR_TIMEOUT || status == FF_ERR_REFUSED || status == FF_ERR_PROTOCOL;
}

enum ff_status ff_session_resync(struct ff_flasher *flasher, struct ff_error *error)
{
	/* A stub that lost an END takes what lies between two frames for a frame, and every END that follows turns that
	 * round again. A broken escape ends its frame from wherever it is, and is noise between frames (esp-flasher-stub
	 * 1.1 slip.c). */
	static const uint8_t broken_escape[] = { 0xDB, 0x00 };
	struct ff_loader *loader = &flasher->loader;
	bool was_stub = loader->stub;
	loader->owed_ms = 0;
	enum ff_status status = ff_link_send_bytes(&loader->link, broken_escape, sizeof(broken_escape), error);
	if (status == FF_OK) {
		status = ff_link_discard(&loader->link, error);
	}
	if (status == FF_OK) {
		status = ff_connect_sync(loader, RESYNC_TRIES, error);
	}
	if (status == FF_OK && loader->stub != was_stub) {
		loader->stub = was_stub;
		return ff_error_set(error, FF_ERR_PROTOCOL, "the %s was reset in the middle of the work",
				    loader->chip->name);
	}
	return status;
}
