// SPDX-License-Identifier: Apache-2.0
#include "wiring.h"

#include <string.h>

#include "efuse.h"

/* Where a chip says it. Fields of width 0 are not there. */
struct row {
	const char *chip;
	struct ff_chip_bits octal;    /* 1: eight data lines */
	struct ff_chip_bits override; /* a register that software set overrides all else: force, ... */
	struct ff_chip_bits boost;    /* ... the reference voltage ... */
	struct ff_chip_bits power;    /* ... and whether there is any */
	struct ff_chip_bits efuses;   /* three bits: power, tie to 3.3 V, force */
	struct ff_chip_bits strap;    /* 1: 1.8 V */
};

/* esptool 5.3 targets: esp32.py, esp32s2.py, esp32s3.py, get_flash_voltage() and flash_type(). */
static const struct row rows[] = {
	{
		.chip = "ESP32",
		.override = { 0x3FF48074, 22, 1 },
		.boost = { 0x3FF48074, 29, 2 },
		.power = { 0x3FF48074, 31, 1 },
		.efuses = { 0x3FF5A010, 14, 3 },
		.strap = { 0x3FF44038, 5, 1 },
	},
	{
		.chip = "ESP32-S2",
		.octal = { 0x3F41A03C, 9, 1 },
		.efuses = { 0x3F41A034, 4, 3 },
		.strap = { 0x3F404038, 4, 1 },
	},
	{
		.chip = "ESP32-S3",
		.octal = { 0x6000703C, 9, 1 },
		.efuses = { 0x60007034, 4, 3 },
		.strap = { 0x60004038, 4, 1 },
	},
};

#define POWER 1U
#define TIE 2U
#define FORCE 4U

static const struct row *row_of(const struct ff_chip *chip)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].chip, chip->name) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

static enum ff_status read_override(struct ff_efuses *efuses, const struct row *row, struct ff_flash_wiring *wiring,
				    struct ff_error *error)
{
	uint32_t override = 0;
	uint32_t boost = 0;
	uint32_t power = 0;
	enum ff_status status = ff_efuses_bits(efuses, &row->override, 1, &override, error);
	if (status == FF_OK) {
		status = ff_efuses_bits(efuses, &row->boost, 1, &boost, error);
	}
	if (status == FF_OK) {
		status = ff_efuses_bits(efuses, &row->power, 1, &power, error);
	}
	if (status == FF_OK && override) {
		wiring->voltage = boost ? "1.9V" : power ? "1.8V" : "OFF";
		wiring->voltage_set_by = "RTC_CNTL";
	}
	return status;
}

static enum ff_status read_efuses(struct ff_efuses *efuses, const struct row *row, struct ff_flash_wiring *wiring,
				  struct ff_error *error)
{
	uint32_t bits = 0;
	enum ff_status status = ff_efuses_bits(efuses, &row->efuses, 1, &bits, error);
	if (status == FF_OK && (bits & FORCE)) {
		wiring->voltage = !(bits & POWER) ? "OFF" : bits & TIE ? "3.3V" : "1.8V";
		wiring->voltage_set_by = "eFuse";
	}
	return status;
}

static enum ff_status read_strap(struct ff_efuses *efuses, const struct row *row, struct ff_flash_wiring *wiring,
				 struct ff_error *error)
{
	uint32_t strap = 0;
	enum ff_status status = ff_efuses_bits(efuses, &row->strap, 1, &strap, error);
	if (status == FF_OK) {
		wiring->voltage = strap ? "1.8V" : "3.3V";
		wiring->voltage_set_by = "a strapping pin";
	}
	return status;
}

enum ff_status ff_wiring_read(struct ff_loader *loader, struct ff_flash_wiring *wiring, struct ff_error *error)
{
	struct ff_efuses efuses = { .loader = loader };
	struct ff_flash_wiring found = { 0 };
	const struct row *row = row_of(loader->chip);
	uint32_t octal = 0;
	if (!row || loader->secure_download) {
		*wiring = found;
		return FF_OK;
	}
	enum ff_status status = ff_efuses_bits(&efuses, &row->octal, 1, &octal, error);
	if (status == FF_OK && row->octal.width > 0) {
		found.data_lines = octal ? 8 : 4;
	}
	if (status == FF_OK) {
		status = read_override(&efuses, row, &found, error);
	}
	if (status == FF_OK && !found.voltage) {
		status = read_efuses(&efuses, row, &found, error);
	}
	if (status == FF_OK && !found.voltage) {
		status = read_strap(&efuses, row, &found, error);
	}
	if (status == FF_OK) {
		*wiring = found;
	}
	return status;
}
