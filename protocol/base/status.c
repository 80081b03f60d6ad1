// SPDX-License-Identifier: Apache-2.0
#include <farflash/status.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct status_row {
	const char *code;
	const char *text;
};

static const struct status_row rows[FF_STATUS_COUNT] = {
#define STATUS_ROW(name, code, text) [name] = { code, text },
	FF_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
};

const char *ff_status_code(enum ff_status status)
{
	return (unsigned)status < FF_STATUS_COUNT ? rows[status].code : "unknown";
}

const char *ff_status_text(enum ff_status status)
{
	return (unsigned)status < FF_STATUS_COUNT ? rows[status].text : "unknown status";
}

void ff_error_clear(struct ff_error *error)
{
	*error = (struct ff_error)FF_ERROR_NONE;
}

enum ff_status ff_error_set(struct ff_error *error, enum ff_status status, const char *format, ...)
{
	if (!error || error->status != FF_OK) {
		return status;
	}
	error->status = status;
	va_list args;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return status;
}

enum ff_status ff_error_set_errno(struct ff_error *error, enum ff_status status, int sys_errno, const char *format, ...)
{
	if (!error || error->status != FF_OK) {
		return status;
	}
	error->status = status;
	error->sys_errno = sys_errno;
	va_list args;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	size_t used = strlen(error->text);
	char reason[128];
	/* The GNU strerror_r: thread-safe, and it may answer a constant instead of filling the buffer. */
	snprintf(error->text + used, sizeof(error->text) - used, ": %s", strerror_r(sys_errno, reason, sizeof(reason)));
	return status;
}
