// SPDX-License-Identifier: Apache-2.0
#include "watchdog.h"

#include "cpu.h"

#define RTC_KEY 0x50D83AA1u
#define ENABLED (1u << 31)
#define STAGE0_SHIFT 28
#define STAGE0_MASK 7u
#define STAGE0_RESETS 3u   /* and above; below it is an interrupt or a reset of the processor alone */
#define SLOW_CLOCK 136000u /* Hz, of the RC oscillator */

static const struct ff_watchdog_layout *layout(const struct ff_soc *soc)
{
	return &soc->model->watchdog;
}

void ff_watchdogs_stop(struct ff_soc *soc)
{
	soc->watchdogs = (struct ff_watchdogs){ .rtc_bites = FF_WATCHDOG_NEVER, .swd_bites = FF_WATCHDOG_NEVER };
}

void ff_watchdogs_run(struct ff_soc *soc)
{
	struct ff_watchdogs *dogs = &soc->watchdogs;
	dogs->rtc_patience = soc->options.usb.watchdog_ms * FF_NS_PER_MS;
	dogs->rtc_bites = soc->time + dogs->rtc_patience;
	ff_bus_write(soc->bus, layout(soc)->config0, ENABLED | STAGE0_RESETS << STAGE0_SHIFT);
	if (layout(soc)->swd_config) {
		dogs->swd_bites = soc->time + dogs->rtc_patience;
	}
}

int64_t ff_watchdogs_time(const struct ff_soc *soc)
{
	const struct ff_watchdogs *dogs = &soc->watchdogs;
	return dogs->rtc_bites < dogs->swd_bites ? dogs->rtc_bites : dogs->swd_bites;
}

bool ff_watchdogs_allow(struct ff_soc *soc, uint32_t address)
{
	const struct ff_watchdog_layout *at = layout(soc);
	if (at->config0 && (address == at->config0 || address == at->config1 || address == at->feed)) {
		return ff_bus_read(soc->bus, at->protect) == RTC_KEY;
	}
	if (at->swd_config && address == at->swd_config) {
		return ff_bus_read(soc->bus, at->swd_protect) == at->swd_key;
	}
	return true;
}

static void configure_rtc(struct ff_soc *soc, uint32_t value)
{
	struct ff_watchdogs *dogs = &soc->watchdogs;
	dogs->rtc_bites = FF_WATCHDOG_NEVER;
	if ((value & ENABLED) && (value >> STAGE0_SHIFT & STAGE0_MASK) >= STAGE0_RESETS) {
		dogs->rtc_patience = ff_bus_read(soc->bus, layout(soc)->config1) * FF_NS_PER_S / SLOW_CLOCK;
		dogs->rtc_bites = soc->time + dogs->rtc_patience;
	}
}

void ff_watchdogs_written(struct ff_soc *soc, uint32_t address, uint32_t value)
{
	const struct ff_watchdog_layout *at = layout(soc);
	struct ff_watchdogs *dogs = &soc->watchdogs;
	if (at->config0 && address == at->config0) {
		configure_rtc(soc, value);
	} else if (at->feed && address == at->feed && dogs->rtc_bites != FF_WATCHDOG_NEVER) {
		dogs->rtc_bites = soc->time + dogs->rtc_patience;
	} else if (at->swd_config && address == at->swd_config && (value & at->swd_auto_feed)) {
		dogs->swd_bites = FF_WATCHDOG_NEVER;
	}
}
