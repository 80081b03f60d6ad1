// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <farflash/version.h>

#define DEFAULT_FLASH_SIZE (4u << 20)
#define STUBS_BESIDE_PROGRAM "../share/farflash/stubs"
#define STUB_DIR_VARIABLE "FARFLASH_STUB_DIR"
#define WRONG_USAGE 2
#define CHIP_LIST_SIZE 512

const char *argp_program_version = "farflash-board " FF_VERSION;

enum key {
	KEY_CHIP = 1000,
	KEY_FLASH,
	KEY_FLASH_SIZE,
	KEY_FLASH_ID,
	KEY_LISTEN,
	KEY_TIMING,
	KEY_FAULT,
	KEY_APP,
	KEY_DEVICE,
	KEY_BOOT,
	KEY_STUB_DIR,
	KEY_MAC,
	KEY_REVISION,
	KEY_EFUSE,
	KEY_SECURITY,
	KEY_USB,
	KEY_FLASH_KEY,
};

static const struct argp_option argp_options[] = {
	{ "chip", KEY_CHIP, "NAME", 0, "The chip: ", 1 }, /* filter_help adds which there are */
	{ "flash", KEY_FLASH, "FILE", 0,
	  "The content of its flash, in plain bytes; made (erased, all FF) if it is missing", 1 },
	{ "flash-size", KEY_FLASH_SIZE, "SIZE", 0, "Size of the flash: 256KB to 128MB (4MB)", 1 },
	{ "listen", KEY_LISTEN, "PORT", 0,
	  "Where clients reach its serial port: rfc2217:[HOST:]PORT, raw:[HOST:]PORT (plain TCP, no control lines) or "
	  "pty:LINK (a pseudo terminal; datagrams \"01\" to the socket LINK.lines set DTR and RTS). HOST is 127.0.0.1 "
	  "unless given, PORT 0 takes a free one",
	  1 },
	{ "flash-id", KEY_FLASH_ID, "HEX", 0,
	  "JEDEC id of the flash, the bytes in their order, as in C84017; otherwise that of the Winbond chip of its size. The "
	  "size in the flash's SFDP table stays right",
	  2 },
	{ "timing", KEY_TIMING, "real|fast", 0,
	  "real: the line is as slow as its baud rate and the flash as its datasheet says; fast (default): no waiting",
	  2 },
	{ "boot", KEY_BOOT, "auto|app|download", 0,
	  "What runs at power-on. auto (default): the application, but the bootloader on ports without control lines, as "
	  "if somebody held the BOOT button",
	  2 },
	{ "app", KEY_APP, "TEXT", 0, "What the application prints after a reset and then every second", 2 },
	{ "mac", KEY_MAC, "XX:XX:XX:XX:XX:XX", 0, "MAC address", 2 },
	{ "revision", KEY_REVISION, "N", 0, "Revision of the chip, as in 301 for v3.1", 2 },
	{ "efuse", KEY_EFUSE, "ADDRESS=VALUE", 0,
	  "The word at ADDRESS, an efuse or whatever else says what the chip is, reads as VALUE; with /MASK behind it only "
	  "those bits do. May be given up to 32 times",
	  2 },
	{ "security", KEY_SECURITY, "LIST", 0,
	  "What is locked, as efuses and ROM tell it, with commas between: secure-boot, secure-boot-v1 (ESP32), "
	  "flash-encryption (the chip reads its flash decrypted when it boots), no-manual-encrypt (the loaders do not encrypt "
	  "what they write), secure-download (the ROM writes flash and little else)",
	  2 },
	{ "flash-key", KEY_FLASH_KEY, "FILE", 0,
	  "Burns a flash encryption key, as in a key file of espsecure: 32 bytes, or 64 for XTS-AES-256. Encrypted writes "
	  "need one",
	  2 },
	{ "usb", KEY_USB, "jtag|otg", 0,
	  "The port is the chip's own USB-Serial-JTAG or USB-OTG instead of a UART behind an adapter. No rate; DTR and RTS mean "
	  "what they mean there. In download mode on jtag the watchdogs reset the chip after 5 seconds unless a client stops "
	  "them; ,watchdog=SECONDS behind it sets another time (0: never). On otg a reset takes the port away for 100 ms, on jtag "
	  "not; ,reenumerate or ,persist behind it say otherwise. --boot download is a BOOT button that was held at power-on and "
	  "let go",
	  2 },
	{ "stub-dir", KEY_STUB_DIR, "DIR", 0,
	  "Folder of the stub flashers (JSON) that the board recognises; by default $" STUB_DIR_VARIABLE
	  " or " STUBS_BESIDE_PROGRAM " beside the program",
	  2 },
	{ "fault", KEY_FAULT, "SPEC", 0, "Something goes wrong: see below", 2 },
	{ "device", KEY_DEVICE, "echo", 0, "No chip at all but a plug that sends back what it receives", 2 },
	{ 0 },
};

static const char doc[] =
	"A virtual Espressif board: it answers the bootloader protocol on a serial port as the chip's ROM and Espressif's "
	"stub flasher do, keeps its flash in a file, and boots an application when it is reset.\n\n"
	"  farflash-board --chip esp32 --flash flash.bin --listen rfc2217:7001\n"
	"  esptool --port rfc2217://127.0.0.1:7001 ...\v";

static bool parse_size(const char *text, uint32_t *size)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);
	unsigned shift = 0;
	if (strcasecmp(end, "MB") == 0 || strcasecmp(end, "M") == 0) {
		shift = 20;
	} else if (strcasecmp(end, "KB") == 0 || strcasecmp(end, "K") == 0) {
		shift = 10;
	} else if (*end != '\0') {
		return false;
	}
	if (end == text || *text == '-' || value == 0 || value > (UINT32_MAX >> shift)) {
		return false;
	}
	*size = (uint32_t)(value << shift);
	return true;
}

static bool parse_flash_id(const char *text, uint32_t *id)
{
	unsigned maker, type, capacity;
	int end = 0;
	bool valid = strspn(text, "0123456789abcdefABCDEF") == 6 && text[6] == '\0' &&
		     sscanf(text, "%2x%2x%2x%n", &maker, &type, &capacity, &end) == 3 && end == 6;
	if (valid) {
		*id = maker | type << 8 | capacity << 16;
	}
	return valid && *id != 0;
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	int end = 0;
	int fields = sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
			    &mac[5], &end);
	return fields == 6 && text[end] == '\0';
}

/* The index of `text` among the words, or -1. */
static int find_word(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			return i;
		}
	}
	return -1;
}

struct parsing {
	struct ff_options *options;
	const char *mac;
	const char *revision;
	const char *flash_key;
};

/* "esp8266, esp32 or esp32p4" */
static const char *list_chips(char list[CHIP_LIST_SIZE])
{
	size_t used = 0;
	const struct ff_model *model;
	for (size_t i = 0; (model = ff_model_at(i)) && used < CHIP_LIST_SIZE; i++) {
		const char *between = i == 0 ? "" : ff_model_at(i + 1) ? ", " : " or ";
		used += (size_t)snprintf(list + used, CHIP_LIST_SIZE - used, "%s%s", between, model->name);
	}
	return list;
}

static void set_chip(struct ff_board_options *board, const char *name, struct argp_state *state)
{
	board->model = ff_model_find(name);
	if (!board->model) {
		char list[CHIP_LIST_SIZE];
		argp_error(state, "there is no chip \"%s\"; it is one of %s", name, list_chips(list));
	}
}

static void set_word(int *chosen, const char *text, const char *const *words, const char *option,
		     struct argp_state *state)
{
	*chosen = find_word(text, words);
	if (*chosen < 0) {
		argp_error(state, "\"%s\" is not a value of --%s", text, option);
	}
}

static void add_efuse(struct ff_board_options *board, const char *text, struct argp_state *state)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_identity_add_efuse(&board->identity, text, &error) != FF_OK) {
		argp_error(state, "%s", error.text);
	}
}

static void add_security(struct ff_board_options *board, const char *list, struct argp_state *state)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_security_parse(&board->identity.security, list, &error) != FF_OK) {
		argp_error(state, "%s", error.text);
	}
}

static void set_usb(struct ff_board_options *board, const char *text, struct argp_state *state)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_usb_parse(&board->usb, text, &error) != FF_OK) {
		argp_error(state, "%s", error.text);
	}
}

static void add_fault(struct ff_board_options *board, const char *spec, struct argp_state *state)
{
	struct ff_error error = FF_ERROR_NONE;
	if (ff_faults_add(&board->faults, spec, &error) != FF_OK) {
		argp_error(state, "%s", error.text);
	}
}

static void finish_state(const struct parsing *parsing, struct argp_state *state)
{
	struct ff_board_options *board = &parsing->options->board;
	struct ff_security *security = &board->identity.security;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = ff_security_check(security, board->model, board->identity.revision, &error);
	if (status == FF_OK && parsing->flash_key) {
		status = ff_security_load_key(security, board->model, parsing->flash_key, &error);
	}
	if (status == FF_OK) {
		status = ff_usb_check(&board->usb, board->model, &error);
	}
	if (status != FF_OK) {
		argp_error(state, "%s", error.text);
	}
}

/* What depends on the chip, once it is known. */
static void finish(const struct parsing *parsing, struct argp_state *state)
{
	struct ff_options *options = parsing->options;
	struct ff_board_options *board = &options->board;
	if (!board->listen) {
		argp_error(state, "--listen is missing");
	}
	if (board->echo) {
		return;
	}
	if (!board->model || !board->flash_path) {
		argp_error(state, "--%s is missing", board->model ? "flash" : "chip");
		return;
	}
	board->identity.revision = board->model->default_revision;
	memcpy(board->identity.mac, board->model->default_mac, sizeof(board->identity.mac));
	if (parsing->mac && !parse_mac(parsing->mac, board->identity.mac)) {
		argp_error(state, "\"%s\" is not a MAC address", parsing->mac);
	}
	if (parsing->revision) {
		char *end;
		unsigned long revision = strtoul(parsing->revision, &end, 10);
		if (*end != '\0' || revision > board->model->max_revision) {
			argp_error(state, "%s has no revision \"%s\"", board->model->name, parsing->revision);
		}
		board->identity.revision = (uint32_t)revision;
	}
	finish_state(parsing, state);
	if (!board->app_text) {
		snprintf(options->app_text, sizeof(options->app_text), "farflash-board: %s application running",
			 board->model->name);
		board->app_text = options->app_text;
	}
}

/* What the board is. */
static error_t parse_board(int key, char *arg, struct parsing *parsing, struct argp_state *state)
{
	struct ff_board_options *board = &parsing->options->board;
	switch (key) {
	case KEY_CHIP:
		set_chip(board, arg, state);
		return 0;
	case KEY_FLASH:
		board->flash_path = arg;
		return 0;
	case KEY_FLASH_SIZE:
		if (!parse_size(arg, &board->flash_size)) {
			argp_error(state, "\"%s\" is not a size like 4MB", arg);
		}
		return 0;
	case KEY_FLASH_ID:
		if (!parse_flash_id(arg, &board->flash_id)) {
			argp_error(state, "\"%s\" is not a JEDEC id of six hexadecimal digits", arg);
		}
		return 0;
	case KEY_LISTEN:
		board->listen = arg;
		return 0;
	case KEY_APP:
		board->app_text = arg;
		return 0;
	case KEY_STUB_DIR:
		board->stub_dir = arg;
		return 0;
	case KEY_MAC:
		parsing->mac = arg;
		return 0;
	case KEY_REVISION:
		parsing->revision = arg;
		return 0;
	case KEY_EFUSE:
		add_efuse(board, arg, state);
		return 0;
	case KEY_SECURITY:
		add_security(board, arg, state);
		return 0;
	case KEY_USB:
		set_usb(board, arg, state);
		return 0;
	case KEY_FLASH_KEY:
		parsing->flash_key = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* How it behaves. */
static error_t parse_manner(int key, char *arg, struct ff_board_options *board, struct argp_state *state)
{
	static const char *const timings[] = { "fast", "real", NULL };
	static const char *const boots[] = { "auto", "app", "download", NULL };
	static const char *const devices[] = { "echo", NULL };
	int chosen;
	switch (key) {
	case KEY_TIMING:
		set_word(&chosen, arg, timings, "timing", state);
		board->real_timing = chosen == 1;
		return 0;
	case KEY_FAULT:
		add_fault(board, arg, state);
		return 0;
	case KEY_DEVICE:
		set_word(&chosen, arg, devices, "device", state);
		board->echo = true;
		return 0;
	case KEY_BOOT:
		set_word(&chosen, arg, boots, "boot", state);
		board->boot = (enum ff_board_boot)chosen;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_key(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	switch (key) {
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\" for?", arg);
		return 0;
	case ARGP_KEY_END:
		finish(parsing, state);
		return 0;
	default:
		if (parse_manner(key, arg, &parsing->options->board, state) == 0) {
			return 0;
		}
		return parse_board(key, arg, parsing, state);
	}
}

/* Adds the chips to their option, and the faults to the end of the help. */
static char *filter_help(int key, const char *text, void *input)
{
	(void)input;
	if (key == KEY_CHIP) {
		char list[CHIP_LIST_SIZE];
		char *whole;
		return asprintf(&whole, "%s%s", text, list_chips(list)) < 0 ? (char *)text : whole;
	}
	if (key != ARGP_KEY_HELP_POST_DOC) {
		return (char *)text;
	}
	return strdup(ff_fault_help);
}

static void find_stub_dir(struct ff_options *options)
{
	const char *variable = getenv(STUB_DIR_VARIABLE);
	options->board.stub_dir = variable ? variable : options->stub_dir;
	char program[FF_OPTIONS_PATH_SIZE - sizeof(STUBS_BESIDE_PROGRAM) - 1];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	char *slash = strrchr(program, '/');
	if (slash) {
		*slash = '\0';
	}
	snprintf(options->stub_dir, sizeof(options->stub_dir), "%s/" STUBS_BESIDE_PROGRAM, program);
}

void ff_options_parse(struct ff_options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse_key,
		.doc = doc,
		.help_filter = filter_help,
	};
	*options = (struct ff_options){ .board = { .flash_size = DEFAULT_FLASH_SIZE } };
	ff_faults_init(&options->board.faults);
	find_stub_dir(options);
	struct parsing parsing = { .options = options };
	argp_err_exit_status = WRONG_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &parsing);
}
