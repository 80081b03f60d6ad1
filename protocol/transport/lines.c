// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "clock.h"

enum ff_status ff_lines_check(const struct ff_line_step *steps, size_t count, struct ff_error *error)
{
	if (count > FF_LINES_MAX_STEPS) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "a reset sequence has at most %d steps",
				    FF_LINES_MAX_STEPS);
	}
	for (size_t i = 0; i < count; i++) {
		const struct ff_line_step *step = &steps[i];
		if (step->dtr < -1 || step->dtr > 1 || step->rts < -1 || step->rts > 1 ||
		    step->hold_ms > FF_LINES_MAX_HOLD_MS) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "step %zu of the reset sequence is out of range",
					    i);
		}
	}
	return FF_OK;
}

bool ff_lines_exist(int fd)
{
	int bits = 0;
	return ioctl(fd, TIOCMGET, &bits) == 0;
}

static int with(int bits, int line, int8_t state)
{
	if (state < 0) {
		return bits;
	}
	return state ? bits | line : bits & ~line;
}

static enum ff_status failed(const struct ff_fd *io, struct ff_error *error)
{
	if (errno == EIO || errno == ENODEV || errno == ENXIO || errno == EBADF) {
		return ff_fd_lost(io, errno, error);
	}
	return ff_error_set_errno(error, FF_ERR_IO, errno, "cannot set DTR and RTS of %s", io->name);
}

enum ff_status ff_lines_run(const struct ff_fd *io, const struct ff_line_step *steps, size_t count,
			    struct ff_error *error)
{
	enum ff_status status = ff_lines_check(steps, count, error);
	if (status != FF_OK) {
		return status;
	}
	/* TIOCMSET sets every output, so the others (OUT1, OUT2, LOOP) are kept as they are. */
	int bits = 0;
	if (ioctl(io->fd, TIOCMGET, &bits) < 0) {
		return failed(io, error);
	}
	for (size_t i = 0; i < count; i++) {
		int wanted = with(with(bits, TIOCM_DTR, steps[i].dtr), TIOCM_RTS, steps[i].rts);
		if (wanted != bits && ioctl(io->fd, TIOCMSET, &wanted) < 0) {
			return failed(io, error);
		}
		bits = wanted;
		ff_sleep_ms(steps[i].hold_ms);
	}
	return FF_OK;
}
