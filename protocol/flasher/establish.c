// SPDX-License-Identifier: Apache-2.0
#include "establish.h"

#include <string.h>

#include "connect.h"
#include "error.h"
#include "flash.h"
#include "identify.h"
#include "port.h"
#include "protections.h"
#include "speed.h"
#include "stub.h"

#define RESYNC_TRIES 10
#define MAX_RETRIES 2
#define FAILURES_AT_A_RATE 2

static void on_stage(void *context, bool resetting)
{
	ff_session_enter(context, resetting ? FF_PHASE_RESET : FF_PHASE_SYNC, 0, 0);
}

static enum ff_status connect(struct ff_flasher *flasher, struct ff_error *error)
{
	enum ff_before before = flasher->options.before;
	bool resets = before == FF_BEFORE_DEFAULT_RESET || before == FF_BEFORE_USB_RESET;
	struct ff_connect_plan plan = {
		.attempts = flasher->options.attempts,
		.reset = resets && flasher->transport->has_lines,
		.usb = before == FF_BEFORE_USB_RESET,
		.no_sync = before == FF_BEFORE_NO_RESET_NO_SYNC,
		.sequence = &flasher->reset_sequence,
		.stage = on_stage,
		.context = flasher,
	};
	enum ff_status status = ff_connect(&flasher->loader, &plan, error);
	if (status == FF_OK) {
		status = ff_connect_detect(&flasher->loader, error);
	}
	if (status == FF_OK) {
		status = ff_identify(&flasher->loader, error);
	}
	if (status == FF_OK) {
		status = ff_protections_read(&flasher->loader, error);
	}
	return status;
}

/* Why this chip has to do without a stub, or NULL. */
static const char *stub_bar(const struct ff_loader *loader)
{
	if (loader->secure_download) {
		return "secure download mode does not allow it";
	}
	if (loader->secure_boot && (loader->chip->flags & FF_CHIP_SECURE_BOOT_BARS_STUB)) {
		return "secure boot does not allow it";
	}
	return ff_chip_stub(loader->chip, loader->revision) ? NULL : "there is none for this chip";
}

static enum ff_status run_stub(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	const struct ff_log *log = flasher->observer.log;
	if (loader->stub) {
		ff_log(log, FF_LOG_INFO, "%s: the stub flasher is running already", loader->chip->name);
		return FF_OK;
	}
	if (flasher->options.no_stub) {
		return FF_OK;
	}
	const char *bar = stub_bar(loader);
	if (bar) {
		ff_log(log, FF_LOG_WARN, "%s: no stub flasher, %s", loader->chip->name, bar);
		return FF_OK;
	}
	ff_session_enter(flasher, FF_PHASE_STUB, 0, 0);
	struct ff_stub stub = { 0 };
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status =
		ff_stub_load(&stub, flasher->options.stub_dir, ff_chip_stub(loader->chip, loader->revision), &local);
	if (status == FF_ERR_NOT_FOUND) {
		ff_log(log, FF_LOG_WARN, "%s; going on with the ROM loader, which is slower", local.text);
		return FF_OK;
	}
	if (status == FF_OK) {
		status = ff_speed_run_stub(loader, &stub, &local);
		ff_stub_release(&stub);
	}
	ff_error_keep(error, &local);
	return status;
}

/* The next rate to work at when this one is too fast, 0 for none. Never below the one of the first conversation. */
static uint32_t lower_rate(const struct ff_flasher *flasher, uint32_t baud)
{
	static const uint32_t rates[] = { 921600, 460800, 230400, 115200 };
	uint32_t least = flasher->loader.initial_baud;
	if (flasher->transport->fixed_baud || !ff_speed_can_set_baud(&flasher->loader)) {
		return 0;
	}
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		if (rates[i] < baud && rates[i] >= least) {
			return rates[i];
		}
	}
	return least < baud ? least : 0;
}

static enum ff_status change_baud(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	uint32_t baud = flasher->options.baud;
	if (baud == 0 || baud == loader->link.baud) {
		return FF_OK;
	}
	if (flasher->transport->fixed_baud || !ff_speed_can_set_baud(loader)) {
		ff_log(flasher->observer.log, FF_LOG_WARN, "%s: staying at %u baud, because the %s cannot change it",
		       loader->chip->name, loader->link.baud, flasher->transport->fixed_baud ? "port" : "ROM loader");
		return FF_OK;
	}
	ff_session_enter(flasher, FF_PHASE_BAUD, 0, 0);
	enum ff_status status = ff_speed_set_baud(loader, baud, error);
	uint32_t lower = lower_rate(flasher, baud);
	if (status == FF_ERR_NO_ANSWER && lower > 0) {
		flasher->too_fast = true;
		flasher->options.baud = lower;
	}
	return status;
}

static void fill_info(struct ff_flasher *flasher)
{
	const struct ff_loader *loader = &flasher->loader;
	flasher->info = (struct ff_board_info){
		.chip = loader->chip->name,
		.revision = loader->revision,
		.crystal_mhz = loader->crystal_mhz,
		.flash_id = loader->flash_id,
		.flash_size = loader->flash_size,
		.stub = loader->stub,
		.baud = loader->link.baud,
		.description = loader->description,
		.features = loader->features,
		.has_eui64 = !loader->secure_download && (loader->chip->flags & FF_CHIP_MAC_EXTENSION),
		.secure_boot = loader->boot_protection,
		.flash_encryption = loader->encryption,
	};
	memcpy(flasher->info.mac, loader->mac, sizeof(flasher->info.mac));
	if (flasher->info.has_eui64) {
		memcpy(flasher->info.eui64, loader->mac, 3);
		memcpy(flasher->info.eui64 + 3, loader->mac_extension, 2);
		memcpy(flasher->info.eui64 + 5, loader->mac + 3, 3);
	}
}

static enum ff_status establish_once(struct ff_flasher *flasher, struct ff_error *error)
{
	enum ff_status status = connect(flasher, error);
	if (status == FF_OK) {
		status = run_stub(flasher, error);
	}
	if (status == FF_OK) {
		status = change_baud(flasher, error);
	}
	if (status == FF_OK) {
		ff_session_enter(flasher, FF_PHASE_SYNC, 0, 0);
		status = ff_flash_attach(&flasher->loader, error);
	}
	if (status == FF_OK) {
		fill_info(flasher);
		flasher->in_step = true;
	}
	ff_session_rest(flasher);
	return status;
}

enum ff_status ff_establish_port_rate(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_link *link = &flasher->loader.link;
	uint32_t baud = flasher->loader.initial_baud;
	return link->baud == baud ? FF_OK : ff_port_set_baud(link, baud, error);
}

/* Whether connecting again makes sense. A port that went away and can come back is waited for. */
static bool may_connect_again(struct ff_flasher *flasher, enum ff_status status)
{
	struct ff_link *link = &flasher->loader.link;
	if (status == FF_ERR_LOST) {
		return ff_port_can_reopen(link) && ff_port_reopen(link, NULL) == FF_OK;
	}
	bool too_fast = flasher->too_fast;
	flasher->too_fast = false;
	return ff_session_may_retry(status) || (status == FF_ERR_NO_ANSWER && too_fast);
}

enum ff_status ff_establish(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_error first = FF_ERROR_NONE;
	enum ff_status status = establish_once(flasher, &first);
	for (unsigned retry = 1; retry <= MAX_RETRIES && may_connect_again(flasher, status); retry++) {
		ff_log(flasher->observer.log, FF_LOG_WARN, "%s; connecting again (%u of %d)", first.text, retry,
		       MAX_RETRIES);
		ff_session_retry(flasher, FF_RETRY_CONNECT);
		struct ff_error local = FF_ERROR_NONE;
		status = ff_establish_port_rate(flasher, &local);
		if (status == FF_OK) {
			status = establish_once(flasher, &local);
		}
		if (status != FF_OK) {
			first = local;
		}
	}
	if (status != FF_OK) {
		ff_error_keep(error, &first);
	}
	return status;
}

/* Gets back into step with a loader that answered late, wrongly or not at all. */
static enum ff_status resync(struct ff_flasher *flasher, struct ff_error *error)
{
	/* A stub that lost an END takes what lies between two frames for a frame, and every END that follows turns that
	 * round again. A broken escape ends its frame from wherever it is, and is noise between frames (esp-flasher-stub
	 * 1.1 slip.c). */
	static const uint8_t broken_escape[] = { 0xDB, 0x00 };
	struct ff_loader *loader = &flasher->loader;
	bool was_stub = loader->stub;
	bool rebooted = ff_link_has_heard_boot(&loader->link);
	loader->owed_ms = 0;
	if (rebooted) {
		return FF_ERR_TIMEOUT;
	}
	enum ff_status status = ff_link_send_bytes(&loader->link, broken_escape, sizeof(broken_escape), error);
	if (status == FF_OK) {
		status = ff_link_discard(&loader->link, error);
	}
	if (status == FF_OK) {
		status = ff_connect_sync(loader, RESYNC_TRIES, error);
	}
	bool same = loader->stub == was_stub;
	loader->stub = was_stub;
	if (status == FF_OK && !same) {
		return FF_ERR_TIMEOUT; /* rebooted unheard */
	}
	/* A ROM may have rebooted too; without its flash attached it would only fail later. */
	return status == FF_OK && !was_stub ? ff_flash_attach(loader, error) : status;
}

static enum ff_status establish_same(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_board_info before = flasher->info;
	enum ff_status status = ff_establish_port_rate(flasher, error);
	if (status == FF_OK) {
		status = ff_establish(flasher, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (strcmp(before.chip, flasher->info.chip) != 0 ||
	    memcmp(before.mac, flasher->info.mac, sizeof(before.mac)) != 0 || before.stub != flasher->info.stub) {
		return ff_error_set(error, FF_ERR_PROTOCOL, "another board answers now: the %s is gone", before.chip);
	}
	return FF_OK;
}

enum ff_status ff_establish_again(struct ff_flasher *flasher, struct ff_error *error)
{
	flasher->recovering = true;
	ff_session_retry(flasher, FF_RETRY_SYNC);
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = resync(flasher, &local);
	if (may_connect_again(flasher, status)) {
		ff_log(flasher->observer.log, FF_LOG_WARN, "%s: connecting again", flasher->info.chip);
		ff_session_retry(flasher, FF_RETRY_CONNECT);
		status = establish_same(flasher, error);
	} else if (status != FF_OK) {
		ff_error_keep(error, &local);
	}
	flasher->recovering = false;
	return status;
}

enum ff_status ff_establish_slower(struct ff_flasher *flasher, struct ff_error *error)
{
	struct ff_loader *loader = &flasher->loader;
	uint32_t before = loader->link.baud;
	uint32_t baud = lower_rate(flasher, before);
	if (baud == 0) {
		return ff_establish_again(flasher, error);
	}
	ff_log(flasher->observer.log, FF_LOG_WARN, "%s: too much noise at %u baud; going on at %u", flasher->info.chip,
	       before, baud);
	ff_session_retry(flasher, FF_RETRY_SLOWER);
	flasher->options.baud = baud; /* for whoever starts from scratch now */
	enum ff_status status = ff_establish_again(flasher, error);
	if (status != FF_OK) {
		return status;
	}
	flasher->recovering = true;
	if (loader->link.baud == before) {
		status = ff_speed_set_baud(loader, baud, NULL);
	}
	if (status != FF_OK && status != FF_ERR_LOST && status != FF_ERR_CANCELLED) {
		status = establish_same(flasher, error);
	}
	flasher->info.baud = loader->link.baud;
	flasher->recovering = false;
	return status == FF_OK ? FF_OK : ff_error_set(error, status, "%s", ff_status_text(status));
}

enum ff_status ff_establish_ready(struct ff_flasher *flasher, struct ff_error *error)
{
	enum ff_status status = flasher->in_step ? FF_OK : ff_establish_again(flasher, error);
	if (status == FF_OK) {
		status = ff_flash_tell_size(&flasher->loader, error);
		flasher->in_step = status == FF_OK;
	}
	return status;
}

bool ff_establish_is_noise(const struct ff_error *error)
{
	return error->status != FF_ERR_LOST &&
	       (error->status != FF_ERR_REFUSED || !ff_packet_blames_flash((uint16_t)error->rom_code));
}

static bool may_repeat(const struct ff_flasher *flasher, enum ff_status status)
{
	bool back = status == FF_ERR_LOST && ff_port_can_reopen(&flasher->loader.link);
	return back || ff_session_may_retry(status);
}

/* Whether to do a step again after so many failures at this rate. *slower: at a lower one. */
static bool repeats_step(const struct ff_flasher *flasher, unsigned failures, unsigned repeats,
			 const struct ff_error *last, bool *slower)
{
	*slower = failures >= FAILURES_AT_A_RATE && ff_establish_is_noise(last) &&
		  lower_rate(flasher, flasher->loader.link.baud) > 0;
	return may_repeat(flasher, last->status) && (*slower || failures <= repeats);
}

bool ff_establish_recover(struct ff_flasher *flasher, bool slower, struct ff_error *why)
{
	if (!may_repeat(flasher, why->status)) {
		return false;
	}
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = slower && ff_establish_is_noise(why) ? ff_establish_slower(flasher, &local)
								     : ff_establish_again(flasher, &local);
	if (status == FF_ERR_LOST || status == FF_ERR_CANCELLED) {
		*why = local;
	}
	return status == FF_OK;
}

enum ff_status ff_establish_repeat(struct ff_flasher *flasher, unsigned repeats, ff_establish_step step, void *context,
				   struct ff_error *error)
{
	struct ff_error last = FF_ERROR_NONE;
	unsigned failures = 1;
	bool slower = false;
	enum ff_status status = step(context, &last);
	while (status != FF_OK && repeats_step(flasher, failures, repeats, &last, &slower)) {
		ff_log(flasher->observer.log, FF_LOG_WARN, "%s; trying again%s", last.text,
		       slower ? ", at a lower rate" : "");
		ff_session_retry(flasher, FF_RETRY_STEP);
		if (!ff_establish_recover(flasher, slower, &last)) {
			break;
		}
		ff_error_clear(&last);
		status = step(context, &last);
		failures = slower ? 1 : failures + 1;
	}
	ff_error_keep(error, &last);
	return last.status;
}
