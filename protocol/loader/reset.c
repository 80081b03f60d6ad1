// SPDX-License-Identifier: Apache-2.0
#include "reset.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* dtr, rts, pause in ms. Passing through 1,1 first lets ports that cannot move both lines at once still end up with
 * EN low and IO0 high. */
static const struct ff_line_step tight_short[] = {
	{ 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 50 }, { 0, 0, 0 },
};
static const struct ff_line_step tight_long[] = {
	{ 0, 0, 0 }, { 1, 1, 0 }, { 0, 1, 100 }, { 1, 0, 550 }, { 0, 0, 0 },
};
/* One line after the other: some drivers lose a change of both. */
static const struct ff_line_step classic_short[] = {
	{ 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 0 }, { -1, 0, 50 }, { 0, -1, 0 },
};
static const struct ff_line_step classic_long[] = {
	{ 0, -1, 0 }, { -1, 1, 100 }, { 1, -1, 0 }, { -1, 0, 550 }, { 0, -1, 0 },
};
static const struct ff_line_step application[] = { { 0, 1, 100 }, { 0, 0, 0 } };

static const struct ff_reset to_loader[] = {
	{ "tight", tight_short, COUNT(tight_short) },
	{ "tight, slow EN", tight_long, COUNT(tight_long) },
	{ "classic", classic_short, COUNT(classic_short) },
	{ "classic, slow EN", classic_long, COUNT(classic_long) },
};

static const struct ff_reset to_application = { "hard reset", application, COUNT(application) };

const struct ff_reset *ff_reset_to_loader(unsigned attempt)
{
	return &to_loader[attempt % COUNT(to_loader)];
}

const struct ff_reset *ff_reset_to_application(void)
{
	return &to_application;
}
