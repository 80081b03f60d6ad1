// SPDX-License-Identifier: Apache-2.0
/* Flashing one board: connect, write and verify, reset.
 *
 *     struct ff_flasher *flasher;
 *     ff_flasher_open(&flasher, &transport, NULL, NULL, &error);
 *     ff_flasher_write(flasher, &region, 1, NULL, NULL, &error);
 *     ff_flasher_close(flasher, FF_AFTER_HARD_RESET, &error);
 *
 * A flasher borrows its transport and belongs to one thread at a time; any number of them run side by side in their own
 * threads. Its memory (about 50 kB, and 400 kB more during a write) does not depend on the size of what is written. */
#ifndef FARFLASH_FLASHER_H
#define FARFLASH_FLASHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/security.h>
#include <farflash/sink.h>
#include <farflash/source.h>
#include <farflash/status.h>
#include <farflash/transport.h>
#include <farflash/wiring.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct ff_flasher;

/* What a flasher is doing. X(constant, name) */
#define FF_PHASE_MAP(X) \
	X(FF_PHASE_PREPARE, "prepare") /* reads and measures the images, no board yet */ \
	X(FF_PHASE_RESET, "reset")     /* into the bootloader */ \
	X(FF_PHASE_SYNC, "sync")       /* first answers, detection */ \
	X(FF_PHASE_STUB, "stub")       /* upload of the stub flasher */ \
	X(FF_PHASE_BAUD, "baud")       /* change of the baud rate */ \
	X(FF_PHASE_WRITE, "write")     /* erase and program */ \
	X(FF_PHASE_VERIFY, "verify")   /* MD5 by the chip */ \
	X(FF_PHASE_READ, "read") \
	X(FF_PHASE_ERASE, "erase") \
	X(FF_PHASE_REBOOT, "reboot") \
	X(FF_PHASE_WATCH, "watch") /* farflashd's: what the application says */ \
	X(FF_PHASE_POWER, "power") /* farflashd's: the board's power is switched */

enum ff_phase {
#define FF_PHASE_ENUM(name, text) name,
	FF_PHASE_MAP(FF_PHASE_ENUM)
#undef FF_PHASE_ENUM
		FF_PHASE_COUNT
};

/* "reset", "sync", ... Never NULL. */
const char *ff_phase_name(enum ff_phase phase);

struct ff_progress {
	enum ff_phase phase;
	uint64_t done;   /* bytes of image finished in this phase, over all regions; 0 where the phase has no bytes */
	uint64_t total;  /* bytes to do in this phase; 0 where unknown */
	unsigned region; /* index of the region at work */
	uint32_t offset; /* flash address at work; of memory, if that is read */
};

/* What is done once more because the line, or the board, did not do as it should. X(constant, name) */
#define FF_RETRY_MAP(X) \
	X(FF_RETRY_CONNECT, "connect") /* the way into the loader */ \
	X(FF_RETRY_SYNC, "sync")       /* back into step with a loader that answered late, wrongly or not at all */ \
	X(FF_RETRY_STEP, "step")       /* an erase, a region, a comparison, from its beginning */ \
	X(FF_RETRY_WRITE, "write")     /* a write, which goes on in pieces */ \
	X(FF_RETRY_READ, "read")       /* a piece of flash */ \
	X(FF_RETRY_SLOWER, "slower")   /* and at a lower rate from now on */

enum ff_retry {
#define FF_RETRY_ENUM(name, text) name,
	FF_RETRY_MAP(FF_RETRY_ENUM)
#undef FF_RETRY_ENUM
		FF_RETRY_COUNT
};

/* How the caller looks on. Every member may be zero. The callbacks run in the thread that called the flasher and must
 * not call it. */
struct ff_observer {
	void (*progress)(void *context, const struct ff_progress *progress);
	bool (*cancelled)(void *context); /* asked every 200 ms, or as often as the port's latency allows;
					   * true ends the call with FF_ERR_CANCELLED */
	void *context;
	const struct ff_log *log;
	/* What the user of the board should know beside the result, a sentence without a final full stop: that a header was
	 * changed, that an image looks wrong for this chip. Logged as well. */
	void (*note)(void *context, const char *text);
	/* Told each time, also when it fails in the end: how good a line is shows long before jobs fail. The log has the reason. */
	void (*retry)(void *context, enum ff_retry what);
};

/* How the board gets into its bootloader. */
enum ff_before {
	FF_BEFORE_DEFAULT_RESET, /* by the control lines, in the way that suits the port; without lines as NO_RESET */
	FF_BEFORE_NO_RESET,      /* it is there already, in the ROM or in a stub */
	FF_BEFORE_USB_RESET,     /* by the control lines, as a USB-Serial-JTAG peripheral wants it */
	FF_BEFORE_NO_RESET_NO_SYNC, /* its ROM loader has been synced with by somebody else */
};

/* How it is left. */
enum ff_after {
	FF_AFTER_HARD_RESET, /* by the control lines, or where the chip is itself on USB by its watchdog */
	FF_AFTER_NO_RESET,   /* the loader goes on, at the initial rate */
	FF_AFTER_SOFT_RESET, /* the ROM loader leaves for the application; of the stubs only the ESP8266's knows how to */
	FF_AFTER_WATCHDOG_RESET, /* the chip's watchdog resets it; not on ESP8266, ESP32, C6, H2, H21 and H4 */
};

/* The longest reset sequence, with its terminating zero. */
#define FF_RESET_SEQUENCE_SIZE 256

struct ff_connect_options {
	enum ff_before before;
	unsigned attempts;     /* resets to try before giving up, 1 to 100; 0 means 7 */
	uint32_t baud;         /* rate for the work once connected; 0 stays at the transport's rate */
	uint32_t initial_baud; /* the transport's rate at the call; 0 means 115200 */
	bool no_stub;          /* stay with the ROM loader */
	const char
		*stub_dir; /* folder of the stub flashers' JSON files; NULL: FARFLASH_STUB_DIR, then the built-in one */
	/* Sequences of the board's own, in esptool's notation ("D0|R1|W0.1|D1|R0|W0.05|D0", see
	 * ff_check_reset_sequence()); copied. NULL: those that suit the port. */
	const char *reset_sequence;      /* into the bootloader, at every attempt */
	const char *hard_reset_sequence; /* into the application */
};

/* What is known of the board after connecting. Strings are owned by the flasher. */
struct ff_board_info {
	const char *chip;  /* "ESP32-C3" */
	unsigned revision; /* major * 100 + minor */
	uint8_t mac[6];
	uint32_t crystal_mhz;    /* 0 where unknown */
	uint32_t flash_id;       /* JEDEC: manufacturer in bits 0-7, type 8-15, capacity 16-23; 0 where unknown */
	uint32_t flash_size;     /* bytes, 0 where unknown */
	bool stub;               /* the stub flasher is running */
	uint32_t baud;           /* rate in use */
	const char *description; /* the package: "ESP32-C3 (QFN32)"; `chip` where it is not known; never NULL */
	const char *features;    /* "Wi-Fi, BT 5 (LE), Single Core", parted by ", "; empty where unknown; never NULL */
	bool has_eui64;          /* chips with IEEE 802.15.4 have a longer address beside `mac` */
	uint8_t eui64[8];
	enum ff_secure_boot secure_boot;
	enum ff_flash_encryption flash_encryption;
};

/* One image at one flash address. */
struct ff_region {
	uint32_t offset; /* multiple of 4096 */
	struct ff_source source;
	const char *name; /* for messages: a file name, or NULL */
	bool encrypt;     /* a write has the chip encrypt it, and nobody can compare it afterwards */
};

#define FF_MAX_REGIONS 64

/* The flash settings are esptool's words ("dio", "40m", "4MB"; "keep" or NULL for what the image says; "detect" for the
 * size that the flash has). They go into the header of an image that begins where the chip looks for its bootloader, and
 * its SHA-256 is made anew; not with secure boot or in secure download mode. A size is also what the loader believes. */

struct ff_write_options {
	bool force; /* write an image for another chip or revision, and what may brick a protected chip, all the same */
	bool no_compress; /* send plain bytes; ROM of the ESP8266 always does */
	bool no_verify; /* skip the MD5 by the chip; the only way to write through the ROM of the ESP8266, which has none */
	bool erase_all;                /* erase the whole flash first */
	bool ignore_encryption_efuses; /* let the chip encrypt even if its eFuses hold no key for that */
	const char *flash_mode;
	const char *flash_freq;
	const char *flash_size;
};

struct ff_verify_options {
	const char *flash_mode; /* compare with the image as a write with these settings leaves it */
	const char *flash_freq;
	const char *flash_size;
};

struct ff_erase_options {
	bool force; /* erase what may brick a protected chip all the same */
};

/* What was done, for reports. Times in microseconds. */
struct ff_write_report {
	uint64_t bytes;      /* image bytes in flash */
	uint64_t wire_bytes; /* bytes after compression */
	bool verified;       /* all of them */
	uint64_t
		unverified; /* bytes that nobody compared: everything without verification, or what the chip encrypted */
	bool patched;       /* the header of one region got flash settings, ... */
	unsigned patched_region;    /* ... of this one, ... */
	uint8_t patched_sha256[32]; /* ... whose bytes were written with this SHA-256, instead of that of its source */
};

/* Opens the board behind `transport`: reset, sync, detection, stub upload, baud change, flash detection.
 * On failure nothing is left to close but the transport, and a board that was reset by this call is reset again, into its
 * application. `options`, `observer` may be NULL.
 * Errors: FF_ERR_NO_ANSWER (text says what was tried and how often), FF_ERR_UNKNOWN_CHIP, FF_ERR_LOST, FF_ERR_CANCELLED,
 * FF_ERR_PROTOCOL, FF_ERR_REFUSED, FF_ERR_FORMAT (a stub file), FF_ERR_NO_MEMORY, and those of the transport. */
FF_WARN_UNUSED enum ff_status ff_flasher_open(struct ff_flasher **flasher, struct ff_transport *transport,
					      const struct ff_connect_options *options,
					      const struct ff_observer *observer, struct ff_error *error);

/* Never NULL; valid until close. */
const struct ff_board_info *ff_flasher_info(const struct ff_flasher *flasher);

/* What the chip tells of its protections, as it was when the board was opened; asks nothing.
 * FF_ERR_UNSUPPORTED: it does not tell (ESP8266 and ESP32; any chip with a stub that cannot ask and was running before). */
FF_WARN_UNUSED enum ff_status ff_flasher_security_info(const struct ff_flasher *flasher,
						       struct ff_security_info *security, struct ff_error *error);

/* Time spent in each phase since open, in microseconds, indexed by enum ff_phase. Valid until close. */
const int64_t *ff_flasher_phase_times(const struct ff_flasher *flasher);

/* Checks regions without a board, or with what is known of one: count 1 to FF_MAX_REGIONS, none empty, aligned, none
 * sharing a 4096-byte sector with another, inside `flash_size` (0: unknown, 4 GiB is the bound).
 * Errors: FF_ERR_ARGUMENT, FF_ERR_EMPTY, FF_ERR_ALIGNMENT, FF_ERR_OVERLAP, FF_ERR_TOO_LARGE. Any thread. */
FF_WARN_UNUSED enum ff_status ff_check_regions(const struct ff_region *regions, size_t count, uint32_t flash_size,
					       struct ff_error *error);

/* Writes the regions in order and lets the chip confirm each by MD5. Everything that can be refused is refused before
 * the first erase. A region that fails for what may be noise on the line goes on in pieces of 64 KiB down to 4 KiB, each
 * confirmed before the next, of which none may fail ten times in a row; one that the chip cannot confirm starts
 * again from its beginning, twice at most. After two failures in a row at a high rate the work goes on at the next lower of
 * 921600, 460800, 230400 and 115200 baud, though not below the initial rate, and ff_flasher_info() tells the rate.
 * `options`, `report` may be NULL.
 *
 * What the chip encrypts ends with success when the chip has programmed it: its content is not known outside, so
 * report->verified is false then. What may brick a protected chip is refused (esptool 5.3 cmds.py, write_flash()): any
 * plain region where only encrypted ones can start, a plain bootloader where flash encryption is on, what lies below
 * 0x8000 with secure boot v1 and below 0x2000 with a key manager's key, encryption without a key or without permission;
 * and, which esptool does not refuse, whatever lies below 0x8000 with secure boot v2 but has no signed bootloader in its
 * place.
 * Errors: those of ff_check_regions, FF_ERR_WRONG_CHIP, FF_ERR_WRONG_REVISION, FF_ERR_PROTECTED, FF_ERR_UNSUPPORTED (the
 * loader cannot verify, see no_verify, or cannot encrypt), FF_ERR_VERIFY, FF_ERR_LOST, FF_ERR_CANCELLED, FF_ERR_REFUSED, FF_ERR_TIMEOUT,
 * FF_ERR_PROTOCOL, FF_ERR_NO_MEMORY, and those of the sources. */
FF_WARN_UNUSED enum ff_status ff_flasher_write(struct ff_flasher *flasher, const struct ff_region *regions,
					       size_t count, const struct ff_write_options *options,
					       struct ff_write_report *report, struct ff_error *error);

/* Compares flash with the regions by MD5, without writing. Offsets need not be aligned, and regions may overlap. All are
 * compared, also behind one that differs; FF_ERR_VERIFY names those that do, and `same`, an array of `count` unless it is
 * NULL, tells each: it is filled with FF_OK and with FF_ERR_VERIFY. Sources are read once, but for the header of a
 * bootloader. `options` may be NULL.
 * Errors: FF_ERR_VERIFY, FF_ERR_ARGUMENT (no regions, or too many; a flash setting), FF_ERR_EMPTY, FF_ERR_TOO_LARGE,
 * FF_ERR_UNSUPPORTED (the loader has no MD5: the ESP8266's ROM, secure download mode; a region to be encrypted), FF_ERR_LOST, FF_ERR_CANCELLED, FF_ERR_REFUSED,
 * FF_ERR_TIMEOUT, FF_ERR_PROTOCOL, FF_ERR_NO_MEMORY, and those of the sources. */
FF_WARN_UNUSED enum ff_status ff_flasher_verify(struct ff_flasher *flasher, const struct ff_region *regions,
						size_t count, const struct ff_verify_options *options, bool *same,
						struct ff_error *error);

/* Reads `size` bytes of flash from `offset` and hands them to `sink` from front to back, in pieces of up to 64 KiB. Each
 * piece is compared with an MD5 by the chip first, so the sink sees no byte twice and none that was damaged on the way.
 * After trouble on the line it goes on where it stopped, in smaller pieces; eight failures in a row end it.
 *
 * Through a ROM it goes in commands of 64 bytes, which is slow, and slower the farther the board is.
 * Errors: FF_ERR_ARGUMENT (nothing to read), FF_ERR_TOO_LARGE (beyond the flash, or beyond 4 GiB where that is
 * unknown), FF_ERR_UNSUPPORTED (the ESP8266's ROM; secure download mode), FF_ERR_LOST, FF_ERR_CANCELLED, FF_ERR_REFUSED,
 * FF_ERR_TIMEOUT, FF_ERR_PROTOCOL, FF_ERR_NO_MEMORY, and those of the sink. */
FF_WARN_UNUSED enum ff_status ff_flasher_read(struct ff_flasher *flasher, uint32_t offset, uint32_t size,
					      const struct ff_sink *sink, struct ff_error *error);

/* Erases the whole chip: a stub has a command for it, which cannot be cancelled and may take two minutes; through a ROM
 * it is ff_flasher_erase_region() of everything. What fails for what may be noise on the line is repeated, twice at most.
 * With secure boot or flash encryption on it is refused. `options` may be NULL.
 * Errors: FF_ERR_PROTECTED, FF_ERR_UNSUPPORTED (through a ROM, if the size of the flash is unknown), FF_ERR_LOST, FF_ERR_CANCELLED,
 * FF_ERR_REFUSED, FF_ERR_TIMEOUT, FF_ERR_PROTOCOL. */
FF_WARN_UNUSED enum ff_status ff_flasher_erase_chip(struct ff_flasher *flasher, const struct ff_erase_options *options,
						    struct ff_error *error);

/* Erases `size` bytes from `offset`, both multiples of 4096; `size` is not 0. It goes in steps of at most 256 KiB, and
 * between two of them it can be cancelled: what is erased then stays erased. Nothing is erased if it cannot all be.
 *
 * A ROM loader has no erase command, but erases what a write begins with: that is what is done there. The ESP8266's ROM
 * counts sectors wrongly and cannot erase every number of them; a region of which it would erase more is refused.
 * Errors: FF_ERR_ARGUMENT (nothing to erase), FF_ERR_ALIGNMENT, FF_ERR_TOO_LARGE (it reaches beyond the flash, or beyond
 * 4 GiB where that is unknown), FF_ERR_UNSUPPORTED (the ESP8266's ROM), others as ff_flasher_erase_chip(). */
FF_WARN_UNUSED enum ff_status ff_flasher_erase_region(struct ff_flasher *flasher, uint32_t offset, uint32_t size,
						      const struct ff_erase_options *options, struct ff_error *error);

/* One 32-bit word of the chip's memory or registers; `address` is a multiple of 4. Neither is repeated after trouble,
 * because looking at a register can change it. Replies carry no checksum, so noise can change the value unseen. An
 * address where nothing is can crash the loader, which shows as FF_ERR_TIMEOUT; the next call gets it back.
 * Errors: FF_ERR_ARGUMENT (alignment), FF_ERR_UNSUPPORTED (secure download mode), FF_ERR_LOST, FF_ERR_CANCELLED,
 * FF_ERR_REFUSED, FF_ERR_TIMEOUT, FF_ERR_PROTOCOL. */
FF_WARN_UNUSED enum ff_status ff_flasher_read_word(struct ff_flasher *flasher, uint32_t address, uint32_t *value,
						   struct ff_error *error);

/* The same for writing. Bits that are 0 in `mask` stay as they are. */
FF_WARN_UNUSED enum ff_status ff_flasher_write_word(struct ff_flasher *flasher, uint32_t address, uint32_t value,
						    uint32_t mask, struct ff_error *error);

/* `size` bytes of memory from `address`, both multiples of 4, as the little-endian words of ff_flasher_read_word(): one
 * command for each of them. Errors: those, FF_ERR_TOO_LARGE (beyond 4 GiB), and those of the sink. */
FF_WARN_UNUSED enum ff_status ff_flasher_read_memory(struct ff_flasher *flasher, uint32_t address, uint32_t size,
						     const struct ff_sink *sink, struct ff_error *error);

/* The flash chip's first `bytes` status registers, 1 to 3, the first in the low byte of `value` (RDSR, RDSR2, RDSR3). A
 * chip that lacks one answers whatever it likes for it.
 * Errors: FF_ERR_ARGUMENT (bytes), FF_ERR_UNSUPPORTED (secure download mode), FF_ERR_LOST, FF_ERR_CANCELLED,
 * FF_ERR_REFUSED, FF_ERR_TIMEOUT, FF_ERR_PROTOCOL. */
FF_WARN_UNUSED enum ff_status ff_flasher_read_flash_status(struct ff_flasher *flasher, unsigned bytes, uint32_t *value,
							   struct ff_error *error);

/* Writes them and reads them back: until the chip loses power, or for good if `non_volatile` (which some bits cannot
 * undo: know the chip's datasheet). The bits for busy and write enable, 0 and 1, are not compared.
 * Errors: FF_ERR_VERIFY (the chip holds something else now, and the text says what), FF_ERR_ARGUMENT (bytes, or a value
 * that does not fit into them), others as ff_flasher_read_flash_status(). */
FF_WARN_UNUSED enum ff_status ff_flasher_write_flash_status(struct ff_flasher *flasher, unsigned bytes, uint32_t value,
							    bool non_volatile, struct ff_error *error);

/* How the flash chip is connected. What the chip does not tell is empty in `wiring`: only the ESP32, S2 and S3 tell.
 * Errors: FF_ERR_LOST, FF_ERR_CANCELLED, FF_ERR_REFUSED, FF_ERR_TIMEOUT, FF_ERR_PROTOCOL. */
FF_WARN_UNUSED enum ff_status ff_flasher_flash_wiring(struct ff_flasher *flasher, struct ff_flash_wiring *wiring,
						      struct ff_error *error);

/* A piece of code or data for the chip's RAM. */
struct ff_ram_segment {
	uint32_t address;
	const uint8_t *bytes; /* the caller's */
	uint32_t size;        /* not 0; the last word is filled up with zeros */
};

#define FF_MAX_RAM_SEGMENTS 64

/* Loads the segments into RAM and starts them at `entry`, which is not 0. The board then runs that, and is not reset:
 * success counts as ff_flasher_leave(), with the port at its initial rate. What is loaded must stay clear of the stub
 * flasher if that is running; open with no_stub to have it out of the way. Where the chip has RAM is not looked at.
 *
 * Noise on the line starts it again from the first segment, twice at most, and at lower rates as ff_flasher_write().
 * Errors: FF_ERR_ARGUMENT, FF_ERR_EMPTY, FF_ERR_TOO_LARGE (beyond the last address), FF_ERR_OVERLAP (with each other, or
 * with the stub), FF_ERR_UNSUPPORTED (secure download mode; a stub whose file is missing), FF_ERR_LOST, FF_ERR_CANCELLED,
 * FF_ERR_REFUSED, FF_ERR_TIMEOUT, FF_ERR_PROTOCOL, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_flasher_load_ram(struct ff_flasher *flasher, const struct ff_ram_segment *segments,
						  size_t count, uint32_t entry, struct ff_error *error);

/* Whether this board can be left so, for those who want to know before the work. FF_ERR_UNSUPPORTED with the reason. Asks
 * nothing of the board. */
FF_WARN_UNUSED enum ff_status ff_flasher_check_leave(const struct ff_flasher *flasher, enum ff_after after,
						     struct ff_error *error);

/* Leaves the board as asked, with the port back at its initial rate. Only ff_flasher_info(), ff_flasher_phase_times()
 * and ff_flasher_close() may follow; a second call does nothing. For those who want the time of FF_PHASE_REBOOT too:
 * everybody else just closes. The observer cannot cancel it.
 *
 * FF_AFTER_HARD_RESET on a port without control lines answers FF_ERR_UNSUPPORTED: the work done before stays done, the
 * board just has to be reset by hand. So do FF_AFTER_SOFT_RESET and FF_AFTER_WATCHDOG_RESET where chip or loader cannot; see
 * ff_flasher_check_leave(). FF_AFTER_NO_RESET leaves the loader running, at the initial rate. A chip that is itself on USB
 * may take its port along: the transport is then lost, and can be opened again when the chip is back.
 * Other errors: those of the transport, FF_ERR_TIMEOUT, FF_ERR_REFUSED. */
FF_WARN_UNUSED enum ff_status ff_flasher_leave(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error);

/* Leaves the loader for the application in flash, without control lines: the ROM loader is told to, or else the chip's
 * watchdog resets it. Counts as ff_flasher_leave().
 * Errors: FF_ERR_UNSUPPORTED (a stub is running on a chip without such a watchdog: open with no_stub), FF_ERR_ARGUMENT (it
 * has been left), others as ff_flasher_leave(). */
FF_WARN_UNUSED enum ff_status ff_flasher_run(struct ff_flasher *flasher, struct ff_error *error);

/* ff_flasher_leave(), unless that was done, then frees the flasher. NULL is harmless. The error tells whether the board
 * was reset; the flasher is gone either way. */
enum ff_status ff_flasher_close(struct ff_flasher *flasher, enum ff_after after, struct ff_error *error);

/* Checks a reset sequence of the form that esptool's configuration file has: steps divided by '|', which are D0 or D1 (DTR
 * released or asserted), R0 or R1 (RTS), U0,1 (DTR and RTS at once) and W0.1 (seconds, at most 10). At most 32 steps.
 * FF_ERR_ARGUMENT with the reason. Any thread. */
FF_WARN_UNUSED enum ff_status ff_check_reset_sequence(const char *text, struct ff_error *error);

/* Moves the control lines as a sequence of that form says. Errors: FF_ERR_ARGUMENT, FF_ERR_UNSUPPORTED (no lines), those of
 * the transport. */
FF_WARN_UNUSED enum ff_status ff_board_run_sequence(struct ff_transport *transport, const char *text,
						    struct ff_error *error);

/* Resets the board into its application through the control lines. The transport needs has_lines. A chip that is itself on
 * USB may take the port away: that is no error here, but the next call on the transport says FF_ERR_LOST. */
FF_WARN_UNUSED enum ff_status ff_board_reset(struct ff_transport *transport, struct ff_error *error);

/* Resets the board into its ROM loader through the control lines, without talking to it. */
FF_WARN_UNUSED enum ff_status ff_board_enter_bootloader(struct ff_transport *transport, struct ff_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
