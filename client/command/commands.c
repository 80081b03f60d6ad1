// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#define SETTINGS_OPTIONS \
	{ "flash-mode", FF_OPTION_FLASH_MODE, "MODE", 0, "Put this mode into the bootloader's header (keep)", 1 }, \
		{ "flash-freq", \
		  FF_OPTION_FLASH_FREQ, \
		  "FREQ", \
		  0, \
		  "Put this frequency into the bootloader's header (keep)", \
		  1 }, \
	{ \
		"flash-size", FF_OPTION_FLASH_SIZE, "SIZE", 0, \
			"Put this size into the bootloader's header (keep; detect: the size that the flash has)", 1 \
	}

#define TURN_OPTIONS \
	{ "select", FF_OPTION_SELECT, "SELECTOR", 0, "Any board with these labels, as in chip=esp32c3,rack!=1", 1 }, \
		{ "all", FF_OPTION_ALL, NULL, 0, "All boards that --select matches, at the same time", 1 }, \
		{ "wait", FF_OPTION_WAIT, "SECONDS", 0, "With --select: how long to wait for a board (3600)", 1 }, \
	{ \
		"priority", FF_OPTION_PRIORITY, "N", 0, "Before others (up to 10) or behind them (down to -10)", 1 \
	}

#define WRITE_OPTIONS \
	TURN_OPTIONS, \
		{ "build-dir", \
		  'C', \
		  "DIR", \
		  0, \
		  "Write what DIR/flasher_args.json of an ESP-IDF build lists; a zip or tar.gz of DIR will do", \
		  1 }, \
		SETTINGS_OPTIONS, \
		{ "encrypt", \
		  FF_OPTION_ENCRYPT, \
		  NULL, \
		  0, \
		  "Have the chip encrypt the images while it writes them; of a build directory those that it marks", \
		  1 }, \
		{ "encrypt-files", \
		  FF_OPTION_ENCRYPT_FILES, \
		  NULL, \
		  0, \
		  "The OFFSET FILE pairs up to the next option are encrypted by the chip, the others are not", \
		  1 }, \
		{ "ignore-flash-enc-efuse", \
		  FF_OPTION_IGNORE_ENCRYPTION_EFUSES, \
		  NULL, \
		  0, \
		  "Have the chip encrypt even if its eFuses hold no key for that", \
		  1 }, \
		{ "ignore-flash-encryption-efuse-setting", \
		  FF_OPTION_IGNORE_ENCRYPTION_EFUSES, \
		  NULL, \
		  OPTION_HIDDEN, \
		  NULL, \
		  1 }, \
		{ "erase-all", 'e', NULL, 0, "Erase the whole flash first", 1 }, \
		{ "compress", FF_OPTION_COMPRESS, NULL, 0, "Compress while sending (what happens anyway)", 1 }, \
		{ NULL, 'z', NULL, OPTION_ALIAS, NULL, 1 }, \
	{ \
		"verify", FF_OPTION_VERIFY, NULL, 0, "Verify what was written (what happens anyway)", 1 \
	}

static const struct argp_option write_options[] = {
	WRITE_OPTIONS,
	{ 0 },
};

static const struct argp_option test_options[] = {
	{ "expect", FF_OPTION_EXPECT, "PATTERN", 0, "What a line of the board's output has to hold for success", 1 },
	{ "fail", FF_OPTION_FAIL, "PATTERN", 0, "What means failure", 1 },
	{ "timeout", FF_OPTION_TIMEOUT, "N", 0, "Seconds from the reset to the verdict (60)", 1 },
	{ "no-crash-check", FF_OPTION_NO_CRASH, NULL, 0, "Panics, aborts, brownouts and boot loops are no failure", 1 },
	{ "boots", FF_OPTION_BOOTS, "N", 0, "How many boots are a boot loop (5)", 1 },
	{ "log", FF_OPTION_LOG, "FILE", 0, "Write the board's output there, with the time of each line", 1 },
	WRITE_OPTIONS,
	{ 0 },
};

static const struct argp_option turn_options[] = {
	TURN_OPTIONS,
	{ 0 },
};

static const struct argp_option quarantine_options[] = {
	{ "reason", FF_OPTION_REASON, "TEXT", 0, "Put the board in quarantine, and say why", 1 },
	{ "end", FF_OPTION_END, NULL, 0, "Take the board out of it", 1 },
	{ 0 },
};

static const struct argp_option verify_options[] = {
	TURN_OPTIONS,
	{ "build-dir", 'C', "DIR", 0,
	  "Compare with what DIR/flasher_args.json of an ESP-IDF build lists; a zip or tar.gz of DIR will do", 1 },
	SETTINGS_OPTIONS,
	{ 0 },
};

static const struct argp_option boards_options[] = {
	{ "select", FF_OPTION_SELECT, "SELECTOR", 0, "Only boards with these labels, as in chip=esp32c3,rack!=1", 1 },
	{ 0 },
};

static const struct argp_option jobs_options[] = {
	{ "cancel", FF_OPTION_CANCEL, "ID", 0, "Cancel job ID, whether it waits or runs", 1 },
	{ 0 },
};

static const struct argp_option audit_options[] = {
	{ "since", FF_OPTION_SINCE, "TIME", 0, "Only what has happened since, as in 2026-01-31T12:00:00Z", 1 },
	{ "limit", FF_OPTION_LIMIT, "N", 0, "The newest N lines (100)", 1 },
	{ 0 },
};

static const struct argp_option read_status_options[] = {
	{ "bytes", FF_OPTION_BYTES, "N", 0, "Status registers to read, 1 to 3 (2)", 1 },
	{ 0 },
};

static const struct argp_option write_status_options[] = {
	{ "bytes", FF_OPTION_BYTES, "N", 0, "Status registers to write, 1 to 3 (2)", 1 },
	{ "non-volatile", FF_OPTION_NON_VOLATILE, NULL, 0, "Write for good, not just until the flash loses power", 1 },
	{ 0 },
};

static const struct argp_option lease_options[] = {
	{ "select", FF_OPTION_SELECT, "LABELS", 0, "Any board with these labels, as in chip=esp32c3,rack!=1", 1 },
	{ "for", FF_OPTION_FOR, "SECONDS", 0, "How long the board stays ours after we have died without a word (120)",
	  1 },
	{ "address", FF_OPTION_ADDRESS, "ADDRESS", 0,
	  "Open the board's RFC 2217 and raw TCP ports to this address (mine: to ours), where the server wants tokens",
	  1 },
	{ "wait", FF_OPTION_WAIT, "SECONDS", 0, "How long to wait for a board that is not free (3600)", 1 },
	{ "end", FF_OPTION_END, NULL, 0, "Take the board away from whoever has it", 1 },
	{ 0 },
};

static const struct argp_option monitor_options[] = {
	{ "reset", FF_OPTION_RESET, NULL, 0, "Reset the board first", 1 },
	{ "seconds", FF_OPTION_SECONDS, "N", 0, "Leave after N seconds", 1 },
	{ "history", FF_OPTION_HISTORY, "BYTES", 0, "Begin with so much of what the server has seen before (0)", 1 },
	{ "timestamps", FF_OPTION_TIMESTAMPS, "FORMAT", OPTION_ARG_OPTIONAL,
	  "Put the time before each line: as strftime has it, with %N for milliseconds (%Y-%m-%dT%H:%M:%S.%N)", 1 },
	{ "log", FF_OPTION_LOG, "FILE", 0, "Append what is shown to FILE", 1 },
	{ "eol", FF_OPTION_EOL, "CR|LF|CRLF", 0, "What Enter sends (CR); of a pipe, what its line feeds become (LF)",
	  1 },
	{ "no-reconnect", FF_OPTION_NO_RECONNECT, NULL, 0, "End when the connection is lost", 1 },
	{ 0 },
};

static const struct argp_option connect_options[] = {
	{ "rfc2217", FF_OPTION_LOCAL_RFC2217, "[HOST:]PORT", 0,
	  "Listen here for pyserial, esptool and their like (127.0.0.1:2217; 0: any free port)", 1 },
	{ "raw", FF_OPTION_LOCAL_RAW, "[HOST:]PORT", 0, "Listen here for plain TCP: bytes only", 1 },
	{ "pty", FF_OPTION_LOCAL_PTY, "LINK", 0, "Make a pseudo terminal, and LINK to it", 1 },
	{ 0 },
};

#define CRYPT_DETAILS \
	"KEYFILE holds 32 or 24 bytes for the ESP32, with --aes-xts 32, 64 or 16. Only a file encrypted for the very address " \
	"where it lies can be read there. Needs neither server nor board."

const struct ff_command ff_commands[] = {
	{ .name = "boards",
	  .arguments = "",
	  .summary = "List the server's boards",
	  .details =
		  "SELECTOR has terms, with commas between them, which all have to hold: KEY=VALUE, KEY!=VALUE, KEY or "
		  "!KEY. Labels are given to farflashd; board, chip and mac are known without that.",
	  .options = boards_options,
	  .run = ff_cmd_boards },
	{ .name = "jobs",
	  .arguments = "[ID]",
	  .summary = "List the server's jobs, show one, or cancel one",
	  .details = "With --board (or FARFLASH_BOARD) the list holds that board's jobs only.",
	  .max_words = 1,
	  .options = jobs_options,
	  .run = ff_cmd_jobs },
	{ .name = "audit",
	  .arguments = "",
	  .summary = "Show who has done what at the server, and from where",
	  .details = "The newest is the first. With --board (or FARFLASH_BOARD) it is about that board only.",
	  .options = audit_options,
	  .run = ff_cmd_audit },
	{ .name = "firmware",
	  .arguments = "[list]\nput FILE...\nremove SHA256...",
	  .summary = "List, send or remove images that the server keeps",
	  .details =
		  "An image that the server has is not sent again by write-flash, verify-flash, load-ram and test. put tells the "
		  "SHA-256 of each FILE, by which requests can name it; one that a job needs is not removed.",
	  .max_words = FF_OPTIONS_MAX_WORDS,
	  .run = ff_cmd_firmware },
	{ .name = "write-flash",
	  .arguments = "OFFSET FILE [OFFSET FILE...]\nFILE...\n@ARGUMENT_FILE\n-C BUILD_DIR",
	  .summary = "Write images to flash and verify them",
	  .details =
		  "OFFSET is a multiple of 4096, decimal or behind 0x. Files that bring their own offsets may stand without: "
		  "Intel HEX, UF2, and a zip or tar.gz of a build directory. Of an ELF file, for which --chip is needed, "
		  "its image is written. @ARGUMENT_FILE stands for the words in that file, "
		  "such as flash_args of an ESP-IDF build; the images that it names are looked for in its own folder. --flash-mode, "
		  "--flash-freq and --flash-size go into the header of the image at the chip's bootloader offset. What would brick a "
		  "chip with secure boot or flash encryption is refused; --force writes it.",
	  .max_words = FF_OPTIONS_MAX_WORDS,
	  .reads_files = true,
	  .options = write_options,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_write_flash },
	{ .name = "test",
	  .arguments = "FILE\nOFFSET FILE [OFFSET FILE...]\n@ARGUMENT_FILE\n-C BUILD_DIR\n",
	  .summary = "Flash, reset, and judge a board by what it says",
	  .details =
		  "PATTERN is a regular expression in Perl's syntax, looked for in each line. The first line that decides "
		  "it does; without --expect a board passes that does not fail in time. A crash fails as well: Guru Meditation, abort, failed assertion, "
		  "brownout, watchdog, boot loop. Exit status 0 means passed. A plain FILE without an offset is an application, for 0x10000, or "
		  "else a merged image, for 0x0. Without any file what is in flash is tested. Needs a server.",
	  .max_words = FF_OPTIONS_MAX_WORDS,
	  .reads_files = true,
	  .options = test_options,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_test },
	{ .name = "reset",
	  .arguments = "",
	  .summary = "Reset the board into its application",
	  .options = turn_options,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_reset },
	{ .name = "power",
	  .arguments = "on|off|cycle",
	  .summary = "Switch the board's power",
	  .details =
		  "The server runs what its configuration has for that; \"boards --json\" shows what each board has.",
	  .max_words = 1,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_power },
	{ .name = "lease",
	  .arguments = "[SELECTOR] -- COMMAND [ARGUMENT...]\nBOARD --end\n",
	  .summary = "Run a command with a board for itself; list, end leases",
	  .details =
		  "The lease is renewed while the command runs and handed back when it ends, or when this program does. The command finds "
		  "FARFLASH_LEASE, FARFLASH_BOARD and FARFLASH_SERVER in its environment, where farflash looks for "
		  "them. SELECTOR is what --select takes: chip=esp32s3. Signals are passed on. The exit status is "
		  "the command's, 128 and its number for a signal, 127 and 126 if it cannot be run; 4 if the lease was lost.",
	  .max_words = 1,
	  .options = lease_options,
	  .run = ff_cmd_lease },
	{ .name = "quarantine",
	  .arguments = "[BOARD]",
	  .summary = "Show which boards are out of use; begin or end that",
	  .details =
		  "A board in quarantine is not chosen by selectors, and work by its name is refused without --force. One whose "
		  "jobs have failed by its own fault comes out when chip-id or another probe succeeds; one that was "
		  "put there by hand, by hand.",
	  .max_words = 1,
	  .options = quarantine_options,
	  .run = ff_cmd_quarantine },
	{ .name = "monitor",
	  .arguments = "",
	  .summary = "Show what the board prints, and send it what is typed",
	  .details =
		  "On a terminal all keys go to the board, Ctrl-C too; behind Ctrl-] stand the monitor's own: q or Ctrl-] again quits, r resets the "
		  "board, b sends a break, t switches time stamps and l the log, e changes what Enter sends, s sends Ctrl-] itself, h "
		  "lists them. What is piped in is sent as well. A lost connection is made again, and the "
		  "output goes on where it was. With --port the rate is 115200 unless --baud says otherwise.",
	  .options = monitor_options,
	  .run = ff_cmd_monitor },
	{ .name = "connect",
	  .arguments = "[BOARD]",
	  .summary = "Give the board a port here, for esptool and other tools",
	  .details =
		  "The port is joined to the board through the server's HTTP port, so it works wherever the other commands do. What "
		  "needs no board is answered here. A connection that is lost comes back by itself, without a lost or repeated "
		  "byte, within half a minute. Up to eight programs at a time. Ctrl-C ends.",
	  .max_words = 1,
	  .options = connect_options,
	  .run = ff_cmd_connect },
	{ .name = "flash-id",
	  .arguments = "",
	  .summary = "Show the flash chip's maker, device and size",
	  .telling = FF_TELL_TERMINAL,
	  .options = turn_options,
	  .run = ff_cmd_flash_id },
	{ .name = "read-mac",
	  .arguments = "",
	  .summary = "Show the board's MAC address",
	  .telling = FF_TELL_TERMINAL,
	  .options = turn_options,
	  .run = ff_cmd_read_mac },
	{ .name = "chip-id",
	  .arguments = "",
	  .summary = "Show the chip's package, revision, features and crystal",
	  .telling = FF_TELL_TERMINAL,
	  .options = turn_options,
	  .run = ff_cmd_chip_id },
	{ .name = "erase-flash",
	  .arguments = "",
	  .summary = "Erase the whole flash",
	  .details = "Refused on a chip with secure boot or flash encryption, unless --force is given.",
	  .options = turn_options,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_erase_flash },
	{ .name = "erase-region",
	  .arguments = "OFFSET SIZE",
	  .summary = "Erase a part of the flash",
	  .details = "OFFSET and SIZE are multiples of 4096, decimal or behind 0x. Refused as erase-flash is.",
	  .max_words = 2,
	  .options = turn_options,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_erase_region },
	{ .name = "read-flash",
	  .arguments = "OFFSET SIZE FILE",
	  .summary = "Read flash into a file",
	  .details =
		  "OFFSET and SIZE are decimal or behind 0x; SIZE ALL reads to the end of the flash. FILE appears when "
		  "all of it has been read and compared with the chip's MD5.",
	  .max_words = 3,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_read_flash },
	{ .name = "verify-flash",
	  .arguments = "OFFSET FILE [OFFSET FILE...]\nFILE...\n@ARGUMENT_FILE\n-C BUILD_DIR",
	  .summary = "Compare flash with images, without writing",
	  .details = "Takes what write-flash takes; with the same flash settings it looks for the same header.",
	  .max_words = FF_OPTIONS_MAX_WORDS,
	  .reads_files = true,
	  .options = verify_options,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_verify_flash },
	{ .name = "read-flash-status",
	  .arguments = "",
	  .summary = "Show the flash chip's status registers",
	  .options = read_status_options,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_read_flash_status },
	{ .name = "write-flash-status",
	  .arguments = "VALUE",
	  .summary = "Write the flash chip's status registers",
	  .details =
		  "VALUE is decimal or behind 0x, the first register in its low byte. What the chip holds afterwards is "
		  "compared with it. A wrong value can make the flash unreadable or lock it, with --non-volatile for "
		  "good: know the chip's datasheet.",
	  .max_words = 1,
	  .options = write_status_options,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_write_flash_status },
	{ .name = "get-security-info",
	  .arguments = "",
	  .summary = "Show what protections the chip has on",
	  .details = "The ESP8266 and the ESP32 do not tell.",
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_get_security_info },
	{ .name = "read-mem",
	  .arguments = "ADDRESS",
	  .summary = "Show a 32-bit word of the chip's memory",
	  .details = "ADDRESS is a multiple of 4, decimal or behind 0x.",
	  .max_words = 1,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_read_mem },
	{ .name = "write-mem",
	  .arguments = "ADDRESS VALUE [MASK]",
	  .summary = "Write a 32-bit word into the chip's memory",
	  .details = "Bits that are 0 in MASK stay as they are.",
	  .max_words = 3,
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_write_mem },
	{ .name = "dump-mem",
	  .arguments = "ADDRESS SIZE FILE",
	  .summary = "Read the chip's memory into a file",
	  .details = "ADDRESS and SIZE are multiples of 4, decimal or behind 0x.",
	  .max_words = 3,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_dump_mem },
	{ .name = "load-ram",
	  .arguments = "FILE",
	  .summary = "Load a program into RAM and start it",
	  .details =
		  "FILE is an image or an ELF file that was linked for RAM. The board runs it and is not reset; the port "
		  "is at 115200 baud then. --no-stub keeps the stub flasher out of the program's way.",
	  .max_words = 1,
	  .telling = FF_TELL_ALWAYS,
	  .run = ff_cmd_load_ram },
	{ .name = "run",
	  .arguments = "",
	  .summary = "Start the application in flash, without control lines",
	  .details =
		  "The ROM loader starts it; a board that is in a stub flasher is reset by its watchdog, if the chip can do "
		  "that.",
	  .telling = FF_TELL_TERMINAL,
	  .run = ff_cmd_run },
	{ .name = "image-info",
	  .arguments = "FILE",
	  .summary = "Show what a firmware image holds, and whether it is whole",
	  .details =
		  "FILE is an image as builds leave it, or a merged file: of plain bytes the image at its start is shown, "
		  "of Intel HEX, UF2 and an archived build directory each piece, of an ELF file what it loads. Needs neither server nor board.",
	  .max_words = 1,
	  .run = ff_cmd_image_info },
	{ .name = "merge-bin",
	  .arguments =
		  "-o FILE OFFSET FILE [OFFSET FILE...]\n-o FILE FILE...\n-o FILE @ARGUMENT_FILE\n-o FILE -C BUILD_DIR",
	  .summary = "Merge images into one file, plain, Intel HEX or UF2",
	  .details = "Input may be whatever write-flash takes. --flash-mode, --flash-freq and "
		     "--flash-size change the bootloader among the images, and --format uf2 names the chip: both need "
		     "--chip, unless BUILD_DIR says it. Needs neither server nor board.",
	  .max_words = FF_OPTIONS_MAX_WORDS,
	  .reads_files = true,
	  .options = ff_merge_options,
	  .parse_file_option = ff_file_options_parse_merge,
	  .run = ff_cmd_merge_bin },
	{ .name = "elf2image",
	  .arguments = "--chip NAME ELF_FILE",
	  .summary = "Make the firmware image of an ELF executable",
	  .details =
		  "For the ESP8266 it becomes two files unless --version says otherwise: FILE-0x00000.bin, and the code in "
		  "flash under the offset where it belongs. Needs neither server nor board.",
	  .max_words = 1,
	  .options = ff_elf_options,
	  .parse_file_option = ff_file_options_parse_elf,
	  .run = ff_cmd_elf2image },
	{ .name = "encrypt-flash-data",
	  .arguments = "-k KEYFILE -a OFFSET -o FILE FILE",
	  .summary = "Encrypt a file as the chip's flash encryption would",
	  .details = CRYPT_DETAILS,
	  .max_words = 1,
	  .options = ff_crypt_options,
	  .parse_file_option = ff_file_options_parse_crypt,
	  .run = ff_cmd_encrypt_flash_data },
	{ .name = "decrypt-flash-data",
	  .arguments = "-k KEYFILE -a OFFSET -o FILE FILE",
	  .summary = "Decrypt what was read from an encrypted flash",
	  .details = CRYPT_DETAILS,
	  .max_words = 1,
	  .options = ff_crypt_options,
	  .parse_file_option = ff_file_options_parse_crypt,
	  .run = ff_cmd_decrypt_flash_data },
	{ 0 },
};
