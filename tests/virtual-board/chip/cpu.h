// SPDX-License-Identifier: Apache-2.0
/* Inside the chip: its state, and what the programs that run on it (ROM, stub, application) use to spend time, to talk
 * through the UART and to work the flash. For the files of this folder.
 *
 * A program handles one frame at a time in no time at all, and says how long it took by moving the processor's time
 * forward. Work that takes long (an erase, a hash) is a task that is called step by step, so that a reset can come in
 * between. */
#ifndef FF_VB_CPU_H
#define FF_VB_CPU_H

#include <openssl/evp.h>

#include "bytes.h"
#include "crypt.h"
#include "inflater.h"
#include "rx.h"
#include "soc.h"
#include "watchdog.h"

#define FF_MD5_SIZE 16
#define FF_APP_LINE_MAX 80
#define FF_ROM_BACKLOG 1152 /* 1 KB ring of the ROM's receiver (RX_BUFF_SIZE, esp32/rom/uart.h) and the FIFO's 128 */

enum ff_mode {
	FF_MODE_OFF,
	FF_MODE_BOOTING,
	FF_MODE_ROM,
	FF_MODE_STUB,
	FF_MODE_APP,
	FF_MODE_NO_IMAGE, /* the ROM finds nothing to start, over and over */
	FF_MODE_HUNG
};

/* Work in steps. At most one at a time: the processor has a single thread. */
struct ff_task {
	bool (*step)(struct ff_soc *soc); /* answers whether it is finished; NULL: no task */
	bool waits_for_frame;             /* a step makes sense only when a frame is there */
	uint8_t op;                       /* the command that it belongs to */
	uint32_t address, left;           /* the region that is still to do */
};

/* A flash or RAM download, in the words of its BEGIN command. */
struct ff_download {
	bool active;
	uint32_t left;       /* bytes announced that are still to come */
	uint32_t address;    /* where the next one goes */
	uint32_t block_size; /* the ROM takes no larger blocks */
	uint32_t sequence;   /* of the block that the ROM expects next */
	uint32_t compressed_left;
	bool encrypt;
	uint32_t erase_address, erase_left; /* the stub erases as it writes */
	bool dirty_seen;                    /* the stub stops looking for blank sectors */
};

/* The stub's READ_FLASH. */
struct ff_reading {
	uint32_t address, left, total;
	uint32_t packet_size;
	uint32_t acknowledged; /* as the host last said */
	bool in_flight;        /* a packet waits for its acknowledgement */
};

#define FF_ROM_REPLY_DATA_MAX 64

/* What the ROM keeps from one reply to the next. */
struct ff_rom_state {
	uint8_t op;                              /* the last command that it knew */
	uint8_t error;                           /* second status byte; not every command clears it */
	uint32_t value;                          /* of the last SYNC or READ_REG */
	uint8_t data[FF_ROM_REPLY_DATA_MAX + 4]; /* its reply buffer, and what earlier replies left in it */
	bool inflating;                          /* a compressed download has begun */
};

struct ff_soc {
	struct ff_soc_options options;
	const struct ff_model *model; /* = options.model */
	struct ff_bus *bus;           /* owned */
	EVP_MD_CTX *md5;              /* owned */
	struct ff_crypt *crypt;       /* owned; with a key of zeroes where none is burnt */

	enum ff_mode mode;
	bool strap_low;      /* IO0, when it was sampled last */
	bool force_download; /* outlives all resets but the loss of power */
	bool download;       /* this time the ROM waits for a download */
	const char *reset_cause;
	int64_t time;        /* the processor's */
	int64_t timer;       /* the application's next line, or the next round of the boot loop */
	int64_t flash_ready; /* the flash chip is busy until then */
	int64_t line_idle;   /* the UART has sent everything by then */
	uint32_t baud;
	bool autobaud; /* the ROM has not heard a SYNC yet */

	struct ff_rx rx;
	uint8_t backlog[FF_ROM_BACKLOG]; /* received while the ROM was busy */
	size_t backlog_size;
	struct ff_task task;
	struct ff_download flash, ram;
	struct ff_rom_state rom;
	struct ff_reading reading;
	struct ff_inflater inflater;
	struct ff_watchdogs watchdogs;
	uint32_t flash_size; /* what the running loader takes it for */
	uint16_t stub_error; /* of work that was acknowledged before, for the next answer */
	uint32_t seconds;    /* that the application has run */
	bool from_ram;       /* it was loaded into RAM */
	uint32_t ram_entry;  /* where, then */
	char app_line[FF_APP_LINE_MAX];
	size_t app_line_size;
};

/* A command frame taken apart. */
struct ff_request {
	uint8_t op;
	uint32_t checksum;
	const uint8_t *data;
	size_t size; /* as its header says */
};

/* ---- cpu.c: time and UART ---- */

void ff_cpu_spend(struct ff_soc *soc, int64_t ns);

/* Sends bytes; waits while the FIFO is full, as the chip does. */
void ff_cpu_send(struct ff_soc *soc, const void *bytes, size_t size);

void ff_cpu_print(struct ff_soc *soc, const char *format, ...) FF_PRINTF(2, 3);

/* Sends one SLIP frame of at most FF_RX_FRAME_MAX bytes. */
void ff_cpu_send_frame(struct ff_soc *soc, const uint8_t *bytes, size_t size);

/* Waits until the UART has nothing left to send, then changes its rate. */
void ff_cpu_set_baud(struct ff_soc *soc, uint32_t baud);

/* A client writes to a register: with the write protection of the watchdogs, and with what follows from the write. */
void ff_cpu_write_register(struct ff_soc *soc, uint32_t address, uint32_t value, uint32_t mask);

/* The checksum of data commands: XOR, seed EF. */
uint32_t ff_cpu_checksum(const uint8_t *bytes, size_t size);

/* ---- flash_io.c: the flash with its times ---- */

void ff_flash_io_read(struct ff_soc *soc, uint32_t address, void *bytes, size_t size);

/* Reads as the processor does through its cache: decrypted, where flash encryption is on. */
void ff_flash_io_fetch(struct ff_soc *soc, uint32_t address, uint8_t *bytes, size_t size);

/* Encrypts in place what is about to be written to `address`. False: the chip cannot, because it has no key, encryption by
 * the loaders is disabled, or address and size are no multiple of what it encrypts at once. */
FF_WARN_UNUSED bool ff_flash_io_encrypt(struct ff_soc *soc, uint32_t address, uint8_t *bytes, size_t size);

/* Programs page by page and waits for the end of it. */
void ff_flash_io_program(struct ff_soc *soc, uint32_t address, const uint8_t *bytes, size_t size);

/* Starts the erase of one sector or of one 64 KB block; the flash is busy afterwards. */
void ff_flash_io_start_erase(struct ff_soc *soc, uint32_t address, uint32_t size);

void ff_flash_io_wait(struct ff_soc *soc);

bool ff_flash_io_busy(const struct ff_soc *soc);

/* Erases the whole chip and waits. */
void ff_flash_io_erase_chip(struct ff_soc *soc);

/* One step of erasing soc->task's region: a block where the position and what is left allow it, else a sector. Answers
 * whether the region is done. */
bool ff_flash_io_erase_step(struct ff_soc *soc);

/* Starts a hash. */
void ff_flash_io_md5_start(struct ff_soc *soc);

/* One step of hashing soc->task's region. Answers whether it is done, and then has written FF_MD5_SIZE bytes. */
bool ff_flash_io_md5_step(struct ff_soc *soc, uint8_t *md5);

/* ---- programs ---- */

/* boot.c: starts the ROM after a reset for `cause`. */
void ff_boot_start(struct ff_soc *soc, const char *cause, int64_t now);

/* boot.c: what the loader in ROM does when it is left without a reset: it starts what is in flash. */
void ff_boot_run_flash(struct ff_soc *soc);

/* boot.c: starts the application that was loaded into RAM. */
void ff_boot_run_ram(struct ff_soc *soc, uint32_t entry);

/* boot.c: what application and boot loop do when their timer is due. */
void ff_boot_timer(struct ff_soc *soc);

/* boot.c: the application reads its console. */
void ff_boot_app_byte(struct ff_soc *soc, uint8_t byte);

/* rom.c: forgets all downloads and replies. */
void ff_rom_reset(struct ff_soc *soc);

/* rom.c, stub.c: answer one frame. */
void ff_rom_frame(struct ff_soc *soc, const uint8_t *frame, size_t size);
void ff_stub_frame(struct ff_soc *soc, const uint8_t *frame, size_t size);

/* stub.c: the stub's entry point. */
void ff_stub_start(struct ff_soc *soc);

/* soc.c: a reset by software; the straps are as they were. */
void ff_soc_restart(struct ff_soc *soc, int64_t now);

/* soc.c: the processor jumps to `entry` in RAM: the stub if that is what lies there, an application if it is something
 * else that was loaded, otherwise nothing good. */
void ff_soc_jump(struct ff_soc *soc, uint32_t entry);

#endif
