// SPDX-License-Identifier: Apache-2.0
/* How a board's flash chip is connected (esptool 5.3 cmds.py, flash_id()). */
#ifndef FARFLASH_WIRING_H
#define FARFLASH_WIRING_H

/* Strings are constants of the program's whole life. */
struct ff_flash_wiring {
	unsigned data_lines;        /* 4 or 8, as the efuses have it; 0 where they do not tell */
	const char *voltage;        /* "3.3V", "1.8V", "1.9V", "OFF"; NULL where nothing tells */
	const char *voltage_set_by; /* "eFuse", "a strapping pin", "RTC_CNTL"; NULL with `voltage` */
};

#endif
