// SPDX-License-Identifier: Apache-2.0
#include "speed.h"

#include <string.h>

#include "clock.h"
#include "connect.h"
#include "identify.h"
#include "port.h"
#include "ram.h"

#define BAUD_SETTLE_MS 50
#define SYNCS_AFTER_BAUD 5

static enum ff_status upload(struct ff_loader *loader, const struct ff_stub_segment *segment, struct ff_error *error)
{
	return segment->size == 0 ? FF_OK
				  : ff_ram_write(loader, segment->address, segment->bytes, segment->size, error);
}

/* The ROM's reply to MEM_END may be lost, because the code that starts may reset the UART before the reply has left:
 * only the greeting counts. */
static enum ff_status await_greeting(struct ff_loader *loader, struct ff_error *error)
{
	static const uint8_t greeting[] = { 'O', 'H', 'A', 'I' };
	int64_t deadline = ff_link_deadline(&loader->link, FF_LOADER_TIMEOUT_MS);
	do {
		const uint8_t *frame = NULL;
		size_t size = 0;
		enum ff_status status = ff_link_receive(&loader->link, deadline, &frame, &size, error);
		if (status == FF_ERR_TIMEOUT) {
			break;
		}
		if (status != FF_OK) {
			return status;
		}
		if (size == sizeof(greeting) && memcmp(frame, greeting, sizeof(greeting)) == 0) {
			return FF_OK;
		}
		struct ff_reply reply;
		uint16_t code = 0;
		if (ff_packet_parse(&reply, frame, size) && reply.opcode == FF_OP_MEM_END &&
		    ff_packet_status(&reply, 0, &code) && code != 0) {
			return ff_error_set(error, FF_ERR_REFUSED,
					    "the ROM refused to start the stub flasher: %s (%04x)",
					    ff_packet_reason(code), code);
		}
	} while (ff_now_us() < deadline);
	return ff_error_set(
		error, FF_ERR_PROTOCOL,
		"the stub flasher was uploaded to the %s but does not answer: check the power supply, or work "
		"without it (no stub)",
		loader->chip->name);
}

enum ff_status ff_speed_run_stub(struct ff_loader *loader, const struct ff_stub *stub, struct ff_error *error)
{
	enum ff_status status = upload(loader, &stub->text, error);
	if (status == FF_OK) {
		status = upload(loader, &stub->data, error);
	}
	if (status != FF_OK) {
		return status;
	}
	status = ff_ram_jump(loader, stub->entry, error);
	if (status == FF_OK) {
		status = await_greeting(loader, error);
	}
	loader->stub = status == FF_OK;
	return status;
}

bool ff_speed_can_set_baud(const struct ff_loader *loader)
{
	if (loader->stub) {
		return true;
	}
	/* esptool 5.3: the C2 and C5 ROMs cannot change their rate in secure download mode. */
	bool crystal_unknown = loader->secure_download && loader->chip->rom_clock != FF_CHIP_CLOCK_TRUE;
	return loader->chip->rom_clock != FF_CHIP_CLOCK_FIXED_RATE && !crystal_unknown;
}

enum ff_status ff_speed_set_baud(struct ff_loader *loader, uint32_t baud, struct ff_error *error)
{
	if (!ff_speed_can_set_baud(loader)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the ROM of the %s cannot change its baud rate",
				    loader->chip->name);
	}
	uint32_t asked = baud;
	if (!loader->stub) {
		enum ff_status status = ff_identify_rom_baud(loader, baud, &asked, error);
		if (status != FF_OK) {
			return status;
		}
	}
	struct ff_command command;
	ff_packet_start(&command, FF_OP_CHANGE_BAUD);
	ff_packet_word(&command, asked);
	ff_packet_word(&command, loader->stub ? loader->link.baud : 0);
	enum ff_status status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
	if (status != FF_OK) {
		return status;
	}
	status = ff_port_set_baud(&loader->link, baud, error);
	if (status != FF_OK) {
		return status;
	}
	/* What comes while both sides switch is noise. */
	status = ff_link_pause(&loader->link, BAUD_SETTLE_MS, error);
	if (status == FF_OK) {
		status = ff_link_discard(&loader->link, error);
	}
	if (status == FF_OK) {
		status = ff_connect_sync(loader, SYNCS_AFTER_BAUD, error);
	}
	if (status == FF_ERR_TIMEOUT) {
		return ff_error_set(error, FF_ERR_NO_ANSWER, "the %s does not answer at %u baud: try a lower rate",
				    loader->chip->name, baud);
	}
	return status;
}
