// SPDX-License-Identifier: Apache-2.0
/* What a chip says of itself in its registers: package, revision, MAC, crystal, the port it talks on. */
#ifndef FF_LOADER_IDENTIFY_H
#define FF_LOADER_IDENTIFY_H

#include "loader.h"

/* Fills in what struct ff_loader lists, of a detected chip. On USB-Serial-JTAG it stops the watchdogs too,
 * which would reset the chip in mid-write, and where the flash is off in download mode (ESP32-P4 v3.1 and v3.2) it
 * switches it on. In secure download mode everything stays unknown.
 * Errors as ff_link_call(), and FF_ERR_PROTOCOL (ESP8266 with an unknown OUI). */
FF_WARN_UNUSED enum ff_status ff_identify(struct ff_loader *loader, struct ff_error *error);

/* The number to give a ROM's CHANGE_BAUD so that it makes `baud`. Errors as ff_link_call(). */
FF_WARN_UNUSED enum ff_status ff_identify_rom_baud(struct ff_loader *loader, uint32_t baud, uint32_t *asked,
						   struct ff_error *error);

#endif
