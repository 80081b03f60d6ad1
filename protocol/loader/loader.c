// SPDX-License-Identifier: Apache-2.0
#include "loader.h"

#include <string.h>

void ff_loader_init(struct ff_loader *loader, struct ff_transport *transport, uint32_t baud,
		    const struct ff_link_hooks *hooks)
{
	memset(loader, 0, sizeof(*loader));
	loader->initial_baud = baud;
	ff_link_init(&loader->link, transport, baud, hooks);
}

enum ff_status ff_loader_call(struct ff_loader *loader, const struct ff_command *command, size_t payload,
			      uint32_t timeout_ms, struct ff_reply *reply, struct ff_error *error)
{
	uint32_t owed = loader->owed_ms;
	loader->owed_ms = 0;
	return ff_link_call(&loader->link, command, payload, timeout_ms + owed, reply, error);
}

enum ff_status ff_loader_read_register(struct ff_loader *loader, uint32_t address, uint32_t *value,
				       struct ff_error *error)
{
	struct ff_command command;
	struct ff_reply reply;
	ff_packet_start(&command, FF_OP_READ_REG);
	ff_packet_word(&command, address);
	enum ff_status status = ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, &reply, error);
	if (status == FF_OK) {
		*value = reply.value;
	}
	return status;
}

enum ff_status ff_loader_write_register(struct ff_loader *loader, uint32_t address, uint32_t value,
					struct ff_error *error)
{
	return ff_loader_write_bits(loader, address, value, UINT32_MAX, error);
}

enum ff_status ff_loader_write_bits(struct ff_loader *loader, uint32_t address, uint32_t value, uint32_t mask,
				    struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_WRITE_REG);
	ff_packet_word(&command, address);
	ff_packet_word(&command, value);
	ff_packet_word(&command, mask);
	ff_packet_word(&command, 0); /* delay, in microseconds */
	return ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
}
