// SPDX-License-Identifier: Apache-2.0
#include "ram.h"

#include "error.h"

#define BLOCK 0x1800
#define BLOCK_USB_OTG 0x800
#define ROM_REPLY_MS 200

enum ff_status ff_ram_write(struct ff_loader *loader, uint32_t address, const uint8_t *bytes, uint32_t size,
			    struct ff_error *error)
{
	uint32_t block = loader->console == FF_CONSOLE_USB_OTG ? BLOCK_USB_OTG : BLOCK;
	struct ff_command command;
	ff_packet_start(&command, FF_OP_MEM_BEGIN);
	ff_packet_word(&command, size);
	ff_packet_word(&command, size / block + (size % block != 0));
	ff_packet_word(&command, block);
	ff_packet_word(&command, address);
	enum ff_status status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
	uint32_t sequence = 0;
	for (uint32_t at = 0; status == FF_OK && at < size;) {
		uint32_t count = size - at < block ? size - at : block;
		ff_packet_data(&command, FF_OP_MEM_DATA, sequence++, bytes + at, count);
		status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
		at += count;
	}
	return status;
}

enum ff_status ff_ram_jump(struct ff_loader *loader, uint32_t entry, struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_MEM_END);
	ff_packet_word(&command, 0); /* 0: jump to the entry point */
	ff_packet_word(&command, entry);
	return ff_link_send(&loader->link, &command, error);
}

enum ff_status ff_ram_run(struct ff_loader *loader, uint32_t entry, struct ff_error *error)
{
	ff_link_forget(&loader->link);
	enum ff_status status = ff_ram_jump(loader, entry, error);
	if (status != FF_OK) {
		return status;
	}
	struct ff_error local = FF_ERROR_NONE;
	uint32_t patience_ms = loader->stub ? FF_LOADER_TIMEOUT_MS : ROM_REPLY_MS;
	status = ff_link_finish(&loader->link, FF_OP_MEM_END, 0, ff_link_deadline(&loader->link, patience_ms), NULL,
				&local);
	if (status == FF_OK || (!loader->stub && (status == FF_ERR_TIMEOUT || status == FF_ERR_LOST))) {
		return FF_OK;
	}
	ff_error_keep(error, &local);
	return status;
}
