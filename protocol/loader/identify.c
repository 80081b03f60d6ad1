// SPDX-License-Identifier: Apache-2.0
#include "identify.h"

#include "bytes.h"
#include "describe.h"
#include "efuse.h"

#define UART_DIVIDER_MASK 0xFFFFF
#define HZ_PER_MHZ 1000000
#define CRYSTAL_TOLERANCE_HZ 2000000

/* The ESP32 counts its major revision by setting one bit after the other: 0, 1, 3, 7. */
static uint32_t count_from_bits(uint32_t bits)
{
	return bits == 1 ? 1 : bits == 3 ? 2 : bits == 7 ? 3 : 0;
}

static enum ff_status read_revision(struct ff_efuses *efuses, struct ff_error *error)
{
	const struct ff_chip *chip = efuses->loader->chip;
	uint32_t minor = 0;
	uint32_t major = 0;
	enum ff_status status = ff_efuses_bits(efuses, chip->minor, 2, &minor, error);
	if (status == FF_OK) {
		status = ff_efuses_bits(efuses, chip->major, 3, &major, error);
	}
	if (status != FF_OK) {
		return status;
	}
	if (chip->flags & FF_CHIP_MAJOR_IS_COUNT) {
		major = count_from_bits(major);
	}
	if (chip->block_version[0].width > 0 && (minor & 7) == 0) {
		/* Early ESP32-S3: with block version 1.1 the bits of the major revision mean something else. */
		uint32_t block_major = 0;
		uint32_t block_minor = 0;
		status = ff_efuses_bits(efuses, &chip->block_version[0], 1, &block_major, error);
		if (status == FF_OK) {
			status = ff_efuses_bits(efuses, &chip->block_version[1], 1, &block_minor, error);
		}
		if (status != FF_OK) {
			return status;
		}
		if (block_major == 1 && block_minor == 1) {
			major = 0;
			minor = 0;
		}
	}
	efuses->loader->revision = major * 100 + minor;
	return FF_OK;
}

/* esptool 5.3 targets/esp8266.py: the lower half of the MAC is in the OTP words 0 and 1; the upper half is in word 3 of
 * newer chips, and was one of two OUIs before. */
static enum ff_status read_esp8266_mac(struct ff_efuses *efuses, struct ff_error *error)
{
	struct ff_loader *loader = efuses->loader;
	uint32_t words[4] = { 0 };
	for (unsigned i = 0; i < 4; i++) {
		enum ff_status status =
			i == 2 ? FF_OK : ff_efuses_word(efuses, loader->chip->mac + 4 * i, &words[i], error);
		if (status != FF_OK) {
			return status;
		}
	}
	uint32_t kind = (words[1] >> 16) & 0xFF;
	uint32_t oui = 0;
	if (words[3] != 0) {
		oui = words[3] & 0xFFFFFF;
	} else if (kind == 0) {
		oui = 0x18FE34;
	} else if (kind == 1) {
		oui = 0xACD074;
	} else {
		return ff_error_set(error, FF_ERR_PROTOCOL, "the ESP8266 has a MAC address of unknown kind (%02x)",
				    kind);
	}
	loader->mac[0] = (uint8_t)(oui >> 16);
	loader->mac[1] = (uint8_t)(oui >> 8);
	loader->mac[2] = (uint8_t)oui;
	loader->mac[3] = (uint8_t)(words[1] >> 8);
	loader->mac[4] = (uint8_t)words[1];
	loader->mac[5] = (uint8_t)(words[0] >> 24);
	return FF_OK;
}

static enum ff_status read_mac(struct ff_efuses *efuses, struct ff_error *error)
{
	struct ff_loader *loader = efuses->loader;
	if (loader->chip->id == FF_CHIP_NO_ID) {
		return read_esp8266_mac(efuses, error);
	}
	uint32_t low = 0;
	uint32_t high = 0;
	enum ff_status status = ff_efuses_word(efuses, loader->chip->mac, &low, error);
	if (status == FF_OK) {
		status = ff_efuses_word(efuses, loader->chip->mac + 4, &high, error);
	}
	if (status == FF_OK) {
		loader->mac[0] = (uint8_t)(high >> 8);
		loader->mac[1] = (uint8_t)high;
		ff_put_be32(loader->mac + 2, low);
		loader->mac_extension[0] = (uint8_t)(high >> 24);
		loader->mac_extension[1] = (uint8_t)(high >> 16);
	}
	return status;
}

/* Chip and port understand each other, so baud rate times divider is the UART's clock. A stub that was already running
 * has changed that clock, and no known crystal comes out: then it stays unknown. */
static enum ff_status estimate_crystal(struct ff_loader *loader, struct ff_error *error)
{
	static const uint32_t known_mhz[] = { 26, 40, 48 };
	uint32_t divider = 0;
	enum ff_status status = ff_loader_read_register(loader, loader->chip->uart_divider, &divider, error);
	if (status != FF_OK) {
		return status;
	}
	uint64_t hz = (uint64_t)(divider & UART_DIVIDER_MASK) * loader->link.baud / loader->chip->clock_multiplier;
	for (size_t i = 0; i < sizeof(known_mhz) / sizeof(known_mhz[0]); i++) {
		uint64_t known_hz = (uint64_t)known_mhz[i] * HZ_PER_MHZ;
		if (hz + CRYSTAL_TOLERANCE_HZ >= known_hz && hz <= known_hz + CRYSTAL_TOLERANCE_HZ) {
			loader->crystal_mhz = known_mhz[i];
		}
	}
	return FF_OK;
}

static enum ff_status stop_watchdogs(struct ff_loader *loader, struct ff_error *error)
{
	const struct ff_chip_watchdogs *dogs = loader->chip->watchdogs;
	uint32_t config = 0;
	enum ff_status status = ff_loader_read_register(loader, dogs->super_config, &config, error);
	const struct {
		uint32_t address;
		uint32_t value;
	} writes[] = {
		{ dogs->rtc_protect, FF_CHIP_WATCHDOG_KEY },
		{ dogs->rtc_config, 0 },
		{ dogs->rtc_protect, 0 },
		{ dogs->super_protect, dogs->super_key },
		{ dogs->super_config, config | dogs->super_feed },
		{ dogs->super_protect, 0 },
	};
	for (size_t i = 0; status == FF_OK && i < sizeof(writes) / sizeof(writes[0]); i++) {
		status = ff_loader_write_register(loader, writes[i].address, writes[i].value, error);
	}
	return status;
}

/* What the port is known to be, on this machine's USB. */
static enum ff_loader_console console_of_port(enum ff_port_kind kind)
{
	return kind == FF_PORT_USB_JTAG  ? FF_CONSOLE_USB_JTAG
	       : kind == FF_PORT_USB_OTG ? FF_CONSOLE_USB_OTG
					 : FF_CONSOLE_UART;
}

/* Behind a network only the chip itself knows: its ROM remembers. */
static enum ff_status find_console(struct ff_loader *loader, struct ff_error *error)
{
	const struct ff_chip_console *console = ff_chip_console_of(loader->chip, loader->revision);
	if (loader->console != FF_CONSOLE_UART || !console) {
		return FF_OK;
	}
	uint32_t number = 0;
	enum ff_status status = ff_loader_read_register(loader, console->address, &number, error);
	if (status != FF_OK) {
		return status;
	}
	number &= 0xFF;
	if (console->usb_otg != 0 && number == console->usb_otg) {
		loader->console = FF_CONSOLE_USB_OTG;
	} else if (console->usb_jtag != 0 && number == console->usb_jtag) {
		loader->console = FF_CONSOLE_USB_JTAG;
	}
	return FF_OK;
}

#define P4_ID 18
#define P4_DOWNLOAD_MODE_WORD 0x5012D034 /* EFUSE_RD_REPEAT_DATA1 */
#define P4_DOWNLOAD_MODE_XPD_ON (1U << 16)
#define P4_PAD_GROUP 0x5011010C /* LP_SYSTEM_REG_ANA_XPD_PAD_GROUP */
#define P4_LDO 0x501151B8       /* PMU_EXT_LDO_P0_0P1A */
#define P4_LDO_ANALOG 0x501151BC
#define P4_PMU_DATE 0x501153FC
#define P4_FLASH_FORCE_ON 3U

struct timed_write {
	uint32_t wait_us; /* before it */
	uint32_t address;
	uint32_t value;
	uint32_t mask;
};

static enum ff_status write_timed(struct ff_loader *loader, const struct timed_write *write, struct ff_error *error)
{
	struct ff_command command;
	ff_packet_start(&command, FF_OP_WRITE_REG);
	ff_packet_word(&command, write->address);
	ff_packet_word(&command, write->value);
	ff_packet_word(&command, write->mask);
	ff_packet_word(&command, write->wait_us);
	return ff_loader_call(loader, &command, 0, FF_LOADER_TIMEOUT_MS, NULL, error);
}

static enum ff_status switch_p4_flash_on(struct ff_loader *loader, struct ff_error *error)
{
	static const struct timed_write writes[] = {
		{ 0, P4_PAD_GROUP, 1, UINT32_MAX },
		{ 10000, P4_LDO_ANALOG, 1U << 27, 1U << 27 }, /* limit the current */
		{ 0, P4_LDO, 1U << 7, 1U << 7 },
		{ 0, P4_PMU_DATE, P4_FLASH_FORCE_ON, P4_FLASH_FORCE_ON },
		{ 50, P4_LDO_ANALOG, 0, 1U << 27 },
		{ 0, P4_LDO, 0, 0xFFU << 23 },
		{ 0, P4_LDO, 1U << 7, 1U << 7 }, /* the voltage of the efuses */
		{ 0, P4_LDO, 0, 1U << 7 },
		{ 1800, P4_PMU_DATE, P4_FLASH_FORCE_ON, P4_FLASH_FORCE_ON }, /* changes nothing, but waits */
	};
	enum ff_status status = FF_OK;
	for (size_t i = 0; status == FF_OK && i < sizeof(writes) / sizeof(writes[0]); i++) {
		status = write_timed(loader, &writes[i], error);
	}
	return status;
}

/* esptool 5.3 targets/esp32p4.py, power_on_flash(): v3.1 and v3.2 of the ESP32-P4 enter download mode with their flash
 * switched off, to spare parts of 1.8 V. A v3.2 whose efuse makes its ROM switch it on must not do so twice: there the
 * force is taken back before the flash is attached. */
static enum ff_status give_flash_power(struct ff_loader *loader, struct ff_error *error)
{
	if (loader->chip->id != P4_ID || (loader->revision != 301 && loader->revision != 302)) {
		return FF_OK;
	}
	uint32_t efuses = 0;
	uint32_t date = 0;
	enum ff_status status = ff_loader_read_register(loader, P4_DOWNLOAD_MODE_WORD, &efuses, error);
	if (status != FF_OK) {
		return status;
	}
	if (loader->revision == 301 || !(efuses & P4_DOWNLOAD_MODE_XPD_ON)) {
		return switch_p4_flash_on(loader, error);
	}
	status = ff_loader_read_register(loader, P4_PMU_DATE, &date, error);
	if (status == FF_OK && (date & P4_FLASH_FORCE_ON) == P4_FLASH_FORCE_ON) {
		status = ff_loader_write_register(loader, P4_PMU_DATE, date & ~P4_FLASH_FORCE_ON, error);
	}
	return status;
}

enum ff_status ff_identify(struct ff_loader *loader, struct ff_error *error)
{
	struct ff_efuses efuses = { .loader = loader };
	loader->revision = 0;
	loader->crystal_mhz = loader->chip->crystal_mhz;
	loader->console = console_of_port(loader->link.transport->kind);
	enum ff_status status = ff_describe(&efuses, error);
	if (loader->secure_download) {
		return FF_OK;
	}
	if (status == FF_OK) {
		status = read_revision(&efuses, error);
	}
	if (status == FF_OK) {
		status = read_mac(&efuses, error);
	}
	if (status == FF_OK && loader->chip->uart_divider != 0) {
		status = estimate_crystal(loader, error);
	}
	if (status == FF_OK) {
		status = find_console(loader, error);
	}
	const struct ff_chip_watchdogs *dogs = loader->chip->watchdogs;
	if (status == FF_OK && loader->console == FF_CONSOLE_USB_JTAG && dogs && dogs->super_protect && !loader->stub) {
		status = stop_watchdogs(loader, error);
	}
	if (status == FF_OK && !loader->stub) {
		status = give_flash_power(loader, error);
	}
	return status;
}

#define ESP32_RTC_CALIBRATION 0x3FF5F06C /* TIMG_RTCCALICFG1 */
#define ESP32_RTC_CALIBRATION_SHIFT 7
#define ESP32_RTC_CALIBRATION_MASK 0x01FFFFFF
#define ESP32_EFUSE_WORD4 0x3FF5A010 /* low byte: EFUSE_RD_CK8M_FREQ */
#define MIN_CRYSTAL_HZ 20000000
#define MAX_CRYSTAL_HZ 60000000

/* esptool 5.3 targets/esp32.py: the ESP32's ROM takes its crystal for what it measured against the 8 MHz oscillator,
 * which drifts, and divides that by the rate it is asked for. */
static enum ff_status read_calibrated_hz(struct ff_loader *loader, uint64_t *hz, struct ff_error *error)
{
	uint32_t calibration = 0;
	uint32_t oscillator = 0;
	enum ff_status status = ff_loader_read_register(loader, ESP32_RTC_CALIBRATION, &calibration, error);
	if (status == FF_OK) {
		status = ff_loader_read_register(loader, ESP32_EFUSE_WORD4, &oscillator, error);
	}
	if (status == FF_OK) {
		calibration = (calibration >> ESP32_RTC_CALIBRATION_SHIFT) & ESP32_RTC_CALIBRATION_MASK;
		*hz = (uint64_t)calibration * 15625 * (oscillator & 0xFF) / 40;
	}
	return status;
}

enum ff_status ff_identify_rom_baud(struct ff_loader *loader, uint32_t baud, uint32_t *asked, struct ff_error *error)
{
	struct ff_efuses efuses = { .loader = loader };
	uint64_t believed_hz = 0;
	uint64_t true_hz = (uint64_t)loader->crystal_mhz * HZ_PER_MHZ;
	uint32_t mhz = 0;
	enum ff_status status = FF_OK;
	switch (loader->chip->rom_clock) {
	case FF_CHIP_CLOCK_CALIBRATED:
		status = read_calibrated_hz(loader, &believed_hz, error);
		true_hz = believed_hz > 33000000 ? 40000000 : 26000000;
		break;
	case FF_CHIP_CLOCK_40MHZ:
		believed_hz = 40000000;
		break;
	case FF_CHIP_CLOCK_REGISTER:
		status = ff_efuses_bits(&efuses, &loader->chip->rom_crystal, 1, &mhz, error);
		believed_hz = (uint64_t)mhz * HZ_PER_MHZ;
		break;
	case FF_CHIP_CLOCK_TRUE:
	case FF_CHIP_CLOCK_FIXED_RATE:
		break;
	}
	if (status != FF_OK) {
		return status;
	}
	/* Without a plausible belief (an emulator, an unprogrammed efuse) the plain rate is the best guess. */
	bool plausible = believed_hz >= MIN_CRYSTAL_HZ && believed_hz <= MAX_CRYSTAL_HZ && true_hz > 0;
	*asked = plausible ? (uint32_t)(baud * believed_hz / true_hz) : baud;
	return FF_OK;
}
