// SPDX-License-Identifier: Apache-2.0
#include "crash.h"

#include <string.h>

static bool holds(const char *line, size_t size, const char *words)
{
	return memmem(line, size, words, strlen(words)) != NULL;
}

const char *ff_crash_find(const char *line, size_t size)
{
	/* ESP-IDF 5 (esp_system/panic.c, esp_system/port/brownout.c, freertos/port_common.c, newlib/assert.c, heap), FreeRTOS'
	 * overflow hook, Arduino core 3 and ESP8266 cores, Rust's esp-backtrace. */
	static const struct {
		const char *words;
		const char *name;
	} signs[] = {
		{ "Guru Meditation Error", "Guru Meditation" },
		{ "abort() was called at PC", "abort" },
		{ "assert failed:", "failed assertion" },
		{ "A stack overflow in task", "stack overflow" },
		{ "Stack smashing protect failure", "stack overflow" },
		{ "Brownout detector was triggered", "brownout" },
		{ "CORRUPT HEAP", "corrupt heap" },
		{ "panicked at", "panic" },
		{ "!! A panic occured", "panic" },
		{ "Fatal exception (", "exception" },
		{ "ESP_ERROR_CHECK failed:", "failed ESP_ERROR_CHECK" },
		{ "CUT HERE FOR EXCEPTION DECODER", "exception" },
		{ "Soft WDT reset", "software watchdog" },
		/* ROMs of ESP32 and later, and ESP-IDF's bootloader (bootloader_utility.c). */
		{ "invalid header: 0x", "nothing to boot" },
		{ "No bootable app partitions", "nothing to boot" },
	};
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (holds(line, size, signs[i].words)) {
			return signs[i].name;
		}
	}
	return NULL;
}

bool ff_crash_is_boot(const char *line, size_t size)
{
	return holds(line, size, "rst:0x") || holds(line, size, "rst cause:");
}

bool ff_crash_is_watchdog_boot(const char *line, size_t size)
{
	/* "rst:0x8 (TG1WDT_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)"; the ESP8266 has a number alone, where 4 is its hardware
	 * watchdog. */
	return (holds(line, size, "rst:0x") && holds(line, size, "WDT")) || holds(line, size, "rst cause:4");
}
