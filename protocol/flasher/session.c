// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <stdarg.h>
#include <stdio.h>

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
	if (flasher->in_phase && !flasher->recovering) {
		flasher->times[flasher->phase] += ff_now_us() - flasher->phase_start;
		flasher->in_phase = false;
	}
}

void ff_session_enter(struct ff_flasher *flasher, enum ff_phase phase, uint64_t total, uint32_t offset)
{
	if (flasher->recovering || (flasher->in_phase && flasher->phase == phase)) {
		return;
	}
	ff_session_rest(flasher);
	flasher->in_phase = true;
	flasher->phase = phase;
	flasher->phase_start = ff_now_us();
	flasher->progress = (struct ff_progress){ .phase = phase, .total = total, .offset = offset };
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

void ff_session_note(const struct ff_flasher *flasher, const char *format, ...)
{
	char text[FF_ERROR_TEXT_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ff_log(flasher->observer.log, FF_LOG_WARN, "%s", text);
	if (flasher->observer.note) {
		flasher->observer.note(flasher->observer.context, text);
	}
}

void ff_session_retry(const struct ff_flasher *flasher, enum ff_retry what)
{
	if (flasher->observer.retry) {
		flasher->observer.retry(flasher->observer.context, what);
	}
}

enum ff_status ff_session_check(const struct ff_flasher *flasher, struct ff_error *error)
{
	if (flasher->observer.cancelled && flasher->observer.cancelled(flasher->observer.context)) {
		return ff_error_set(error, FF_ERR_CANCELLED, "cancelled in the middle of the work");
	}
	return FF_OK;
}

bool ff_session_may_retry(enum ff_status status)
{
	return status == FF_ERR_TIMEOUT || status == FF_ERR_REFUSED || status == FF_ERR_PROTOCOL;
}
