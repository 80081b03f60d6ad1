// SPDX-License-Identifier: Apache-2.0
#include "connect.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "error.h"
#include "port.h"
#include "reset.h"

#define SYNC_TIMEOUT_MS 100
#define SYNC_REPLIES 8
#define SYNC_WORDS 9
#define SYNCS_PER_RESET 5

static enum ff_status await_sync(struct ff_loader *loader, struct ff_error *error)
{
	bool all_zero = true;
	for (unsigned seen = 0; seen < SYNC_REPLIES; seen++) {
		struct ff_reply reply;
		enum ff_status status = ff_link_reply(&loader->link, FF_OP_SYNC,
						      ff_link_deadline(&loader->link, SYNC_TIMEOUT_MS), &reply, error);
		if (status != FF_OK) {
			return status;
		}
		uint16_t code = 0;
		if (!ff_packet_status(&reply, 0, &code) || code != 0) {
			return FF_ERR_TIMEOUT; /* an error kept back from the command before: ask again */
		}
		all_zero = all_zero && reply.value == 0;
	}
	/* A ROM answers with a value, a stub with 0. */
	loader->stub = all_zero;
	return FF_OK;
}

static enum ff_status sync_once(struct ff_loader *loader, struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_SYNC);
	ff_packet_word(&command, 0x20120707);
	for (int i = 1; i < SYNC_WORDS; i++) {
		ff_packet_word(&command, 0x55555555);
	}
	loader->syncs++;
	/* A boot log at another rate is noise that may look like half a frame. */
	enum ff_status status = ff_link_flush(&loader->link, error);
	if (status == FF_OK) {
		status = ff_link_send(&loader->link, &command, error);
	}
	return status == FF_OK ? await_sync(loader, error) : status;
}

enum ff_status ff_connect_sync(struct ff_loader *loader, unsigned tries, struct ff_error *error)
{
	for (unsigned i = 0; i < tries; i++) {
		struct ff_error local = FF_ERROR_NONE;
		enum ff_status status = sync_once(loader, &local);
		if (status == FF_OK) {
			return FF_OK;
		}
		if (status != FF_ERR_TIMEOUT && status != FF_ERR_REFUSED) {
			ff_error_keep(error, &local);
			return status;
		}
	}
	return FF_ERR_TIMEOUT;
}

static enum ff_status reset(struct ff_loader *loader, const struct ff_connect_plan *plan, unsigned number,
			    struct ff_error *error)
{
	enum ff_status status = ff_link_discard(&loader->link, error);
	if (status != FF_OK) {
		return status;
	}
	ff_link_forget(&loader->link);
	loader->resets++;
	if (plan->sequence && plan->sequence->count > 0) {
		ff_log(loader->link.hooks.log, FF_LOG_DEBUG, "reset %u: the board's own sequence", number + 1);
		return ff_port_move_lines(&loader->link, plan->sequence->steps, plan->sequence->count, error);
	}
	const struct ff_reset *sequence = ff_reset_to_loader(loader->link.transport, plan->usb, number);
	ff_log(loader->link.hooks.log, FF_LOG_DEBUG, "reset %u: %s", number + 1, sequence->name);
	return ff_port_move_lines(&loader->link, sequence->steps, sequence->count, error);
}

static enum ff_status reset_and_sync(struct ff_loader *loader, const struct ff_connect_plan *plan, unsigned number,
				     struct ff_error *error)
{
	enum ff_status status = FF_OK;
	if (plan->reset) {
		if (plan->stage) {
			plan->stage(plan->context, true);
		}
		status = reset(loader, plan, number, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (plan->stage) {
		plan->stage(plan->context, false);
	}
	return ff_connect_sync(loader, SYNCS_PER_RESET, error);
}

/* A chip that is itself on USB goes off the bus when it resets, in the middle of the sequence or a moment later. When it
 * is back it should be in its loader, so it is not reset once more. */
static enum ff_status attempt(struct ff_loader *loader, const struct ff_connect_plan *plan, unsigned number,
			      struct ff_error *error)
{
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = reset_and_sync(loader, plan, number, &local);
	if (status == FF_ERR_LOST && ff_port_can_reopen(&loader->link)) {
		ff_error_clear(&local);
		status = ff_port_reopen(&loader->link, &local);
		if (status == FF_OK) {
			status = ff_connect_sync(loader, SYNCS_PER_RESET, &local);
		}
	}
	ff_error_keep(error, &local);
	return status;
}

/* What the silence, or the noise, means, and what to do about it. */
static const char *advice(const struct ff_loader *loader, bool reset)
{
	const struct ff_link *link = &loader->link;
	if (ff_link_has_heard(link, "waiting for download") || ff_link_has_heard(link, "wait uart0 download") ||
	    ff_link_has_heard(link, "waiting for host")) {
		return "the chip waits for a download but does not hear: check the line from the port's TX to the chip's RX";
	}
	if (ff_link_has_heard(link, "UUUUUUUUUUUUUUUU")) {
		return "what was sent came back: RX and TX are joined, or there is no chip behind the port, so no bootloader";
	}
	if (ff_link_has_heard(link, "boot:0x") || ff_link_has_heard(link, "rst:0x")) {
		return reset ? "the chip booted into its application: hold BOOT while it resets, or check the DTR and RTS "
			       "circuit"
			     : "the chip is in its application: put it into its bootloader (hold BOOT, press EN)";
	}
	if (link->heard_total > 0) {
		return reset ? "something talks, but not the bootloader: hold BOOT while it resets, and check the baud rate"
			     : "something talks, but not the bootloader: put the board into it (hold BOOT, press EN)";
	}
	return reset ? "nothing at all was received: check power, cable and port, or hold BOOT while it resets"
		     : "nothing at all was received: check power, cable and port, and put the board into its bootloader "
		       "(hold BOOT, press EN)";
}

static enum ff_status give_up(const struct ff_loader *loader, bool reset, int64_t start, struct ff_error *error)
{
	char heard[72];
	ff_link_heard(&loader->link, heard, sizeof(heard));
	char resets[40] = "no reset";
	if (loader->resets > 0) {
		snprintf(resets, sizeof(resets), "%u %s", loader->resets, loader->resets == 1 ? "reset" : "resets");
	}
	double seconds = (double)(ff_now_us() - start) / 1e6;
	bool any = heard[0] != '\0';
	return ff_error_set(
		error, FF_ERR_NO_ANSWER,
		"no answer from the bootloader after %s and %u sync attempts in %.1f s at %u baud%s%s%s; %s", resets,
		loader->syncs, seconds, loader->link.baud, any ? "; received \"" : "", heard, any ? "\"" : "",
		advice(loader, reset));
}

enum ff_status ff_connect(struct ff_loader *loader, const struct ff_connect_plan *plan, struct ff_error *error)
{
	int64_t start = ff_now_us();
	loader->resets = 0;
	loader->syncs = 0;
	loader->stub = false;
	loader->owed_ms = 0;
	ff_link_forget(&loader->link);
	if (plan->no_sync) {
		return FF_OK;
	}
	for (unsigned i = 0; i < plan->attempts; i++) {
		enum ff_status status = attempt(loader, plan, i, error);
		if (status != FF_ERR_TIMEOUT) {
			return status;
		}
	}
	return give_up(loader, plan->reset, start, error);
}

#define SECURITY_INFO_SIZE 20
#define SECURITY_INFO_SIZE_S2 12 /* without chip id and API version */
#define STATUS_SIZE 2

/* Flags, crypt count, key purposes, and where the chip names itself its id and API version. */
static void take_security_info(struct ff_loader *loader, const uint8_t *bytes, bool has_id)
{
	struct ff_cursor cursor = ff_cursor_make(bytes, has_id ? SECURITY_INFO_SIZE : SECURITY_INFO_SIZE_S2);
	struct ff_security_info *security = &loader->security;
	security->flags = ff_cursor_le32(&cursor);
	security->crypt_count = ff_cursor_u8(&cursor);
	for (size_t i = 0; i < FF_SECURITY_KEY_PURPOSES; i++) {
		security->key_purposes[i] = ff_cursor_u8(&cursor);
	}
	security->has_id = has_id;
	if (has_id) {
		security->chip_id = ff_cursor_le32(&cursor);
		security->api_version = ff_cursor_le32(&cursor);
	}
	loader->security_known = true;
	loader->secure_boot = security->flags & FF_SECURITY_BOOT;
	loader->secure_download = security->flags & FF_SECURITY_DOWNLOAD;
}

/* FF_ERR_UNSUPPORTED where the chip does not know the command. */
static enum ff_status read_security_info(struct ff_loader *loader, struct ff_error *error)
{
	struct ff_command command;
	struct ff_reply reply;
	ff_packet_start(&command, FF_OP_SECURITY_INFO);
	enum ff_status status = ff_link_send(&loader->link, &command, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_error local = FF_ERROR_NONE;
	status = ff_link_reply(&loader->link, FF_OP_SECURITY_INFO,
			       ff_link_deadline(&loader->link, FF_LOADER_TIMEOUT_MS), &reply, &local);
	if (status == FF_ERR_REFUSED) {
		return FF_ERR_UNSUPPORTED;
	}
	if (status == FF_ERR_TIMEOUT) {
		return ff_error_set(error, status, "the bootloader answered the sync but not GET_SECURITY_INFO");
	}
	if (status != FF_OK) {
		ff_error_keep(error, &local);
		return status;
	}
	bool has_id = reply.size >= SECURITY_INFO_SIZE + STATUS_SIZE;
	uint16_t code = 0;
	if (!ff_packet_status(&reply, has_id ? SECURITY_INFO_SIZE : SECURITY_INFO_SIZE_S2, &code)) {
		return ff_error_set(error, FF_ERR_PROTOCOL, "the security info of the chip has only %zu bytes",
				    reply.size);
	}
	if (code != 0) {
		return FF_ERR_UNSUPPORTED;
	}
	take_security_info(loader, reply.data, has_id);
	return FF_OK;
}

static enum ff_status detect_by_magic(struct ff_loader *loader, bool has_info, struct ff_error *error)
{
	uint32_t magic = 0;
	struct ff_error local = FF_ERROR_NONE;
	enum ff_status status = ff_loader_read_register(loader, FF_CHIP_MAGIC_REGISTER, &magic, &local);
	if (status == FF_ERR_REFUSED && has_info) {
		/* Only the S2 answers security info without a chip id and can refuse registers. */
		loader->secure_download = true;
		loader->chip = ff_chip_by_name("ESP32-S2");
		return FF_OK;
	}
	if (status != FF_OK) {
		ff_error_keep(error, &local);
		return status;
	}
	loader->chip = ff_chip_by_magic(magic);
	if (!loader->chip) {
		return ff_error_set(error, FF_ERR_UNKNOWN_CHIP, "the chip has the unknown magic value %08x", magic);
	}
	return FF_OK;
}

static enum ff_status detect(struct ff_loader *loader, struct ff_error *error)
{
	loader->secure_boot = false;
	loader->secure_download = false;
	loader->security_known = false;
	loader->security = (struct ff_security_info){ 0 };
	enum ff_status status = read_security_info(loader, error);
	if (status != FF_OK && status != FF_ERR_UNSUPPORTED) {
		return status;
	}
	if (!loader->security.has_id) {
		return detect_by_magic(loader, loader->security_known, error);
	}
	uint32_t id = loader->security.chip_id;
	loader->chip = ff_chip_by_id(id);
	if (!loader->chip) {
		return ff_error_set(error, FF_ERR_UNKNOWN_CHIP, "the chip has the unknown id %u", id);
	}
	return FF_OK;
}

enum ff_status ff_connect_detect(struct ff_loader *loader, struct ff_error *error)
{
	const struct ff_chip *chip = loader->chip;
	bool secure_boot = loader->secure_boot;
	bool secure_download = loader->secure_download;
	bool security_known = loader->security_known;
	struct ff_security_info security = loader->security;
	enum ff_status status = detect(loader, error);
	if (status != FF_OK) {
		/* A known board that cannot be asked now is still the same board: callers go on asking what it is. */
		loader->chip = chip;
		loader->secure_boot = secure_boot;
		loader->secure_download = secure_download;
		loader->security_known = security_known;
		loader->security = security;
	}
	return status;
}
