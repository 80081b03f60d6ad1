// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "circuit.h"
#include "known_stubs.h"
#include "nor.h"
#include "port.h"
#include "soc.h"
#include "timing.h"
#include "wire.h"

#define NEVER INT64_MAX
/* What a USB serial adapter and its driver hold on the way to the board. */
#define RX_CAPACITY 8192u
/* The least that is taken from a client at a time: like a driver, which does not wake its writer for each byte that is gone. */
#define ROOM_WORTH_WHILE 1024u
/* On the way back: a board that nobody reads from loses what is beyond this. */
#define TX_CAPACITY (64u * 1024)
/* How long a byte waits for its neighbours: for 1 ms on the way back, the latency of a USB serial adapter. The chip is told when each
 * byte came and acts as of then, so it can be woken less often: what it answers in the middle of what a client sends comes so
 * much later. */
#define TX_PATIENCE_NS FF_NS_PER_MS
#define RX_PATIENCE_NS (4 * FF_NS_PER_MS)
#define CHUNK 4096u
#define DEFAULT_BAUD 115200
/* How long a USB port is away while its chip resets: an estimate for a host that looks at once. */
#define REENUMERATE_NS (100 * FF_NS_PER_MS)

struct board {
	const struct ff_board_options *options;
	struct ff_faults faults;
	struct ff_port port;
	struct ff_wire rx, tx; /* towards the chip, from the chip */
	struct ff_circuit circuit;
	struct ff_usb_lines usb_lines; /* in its place on a USB port */
	struct ff_known_stubs stubs;
	struct ff_nor *nor;  /* NULL for the loopback plug */
	struct ff_soc *soc;  /* the same */
	uint32_t peer_baud;  /* 0: the port has none */
	int64_t now;         /* of this round of the loop */
	int64_t return_time; /* when a vanished port comes back, NEVER while it is there */
	bool vanishing;      /* it has to go in this round */
	bool has_power;      /* the chip runs on meanwhile */
	bool lines_used;     /* somebody has set the control lines */
};

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * FF_NS_PER_S + now.tv_nsec;
}

/* ---- what the port tells ---- */

/* Faults may double bytes, so half of the room is what a client may send. */
static size_t on_room(void *context)
{
	struct board *board = context;
	size_t room = ff_wire_room(&board->rx);
	if (!board->soc && ff_wire_room(&board->tx) < TX_CAPACITY / 2) {
		return 0; /* the loopback plug loses nothing: what cannot get out does not come in */
	}
	return room / 2 < ROOM_WORTH_WHILE ? 0 : room / 2;
}

/* Puts bytes on a wire, with whatever goes wrong there. Without --timing real the bytes themselves take no time. */
static void carry(struct board *board, enum ff_direction direction, const uint8_t *bytes, size_t size, int64_t start,
		  uint32_t baud, uint32_t pace)
{
	struct ff_wire *wire = direction == FF_RX ? &board->rx : &board->tx;
	uint32_t speed = board->options->real_timing ? pace : 0;
	for (size_t done = 0; done < size;) {
		uint8_t altered[2 * CHUNK];
		size_t run = size - done < CHUNK ? size - done : CHUNK;
		size_t came = ff_faults_apply(&board->faults, direction, bytes + done, run, altered);
		for (size_t sent = 0; sent < came;) {
			int64_t delay_ns;
			size_t part = ff_faults_delay(&board->faults, direction, came - sent, &delay_ns);
			ff_wire_send(wire, altered + sent, part, start, baud, speed);
			ff_wire_stall(wire, start, delay_ns);
			sent += part;
		}
		done += run;
	}
}

static void on_bytes(void *context, const uint8_t *bytes, size_t size)
{
	struct board *board = context;
	if (board->return_time != NEVER) {
		return;
	}
	uint32_t pace = board->peer_baud ? board->peer_baud : DEFAULT_BAUD;
	if (!board->peer_baud && board->soc) {
		pace = ff_soc_tune(board->soc, 0);
	}
	carry(board, FF_RX, bytes, size, board->now, board->peer_baud, pace);
}

static void advance(struct board *board);

static bool is_usb(const struct board *board)
{
	return board->soc && board->options->usb.kind != FF_USB_NONE; /* the loopback plug has no lines to speak of */
}

static void set_usb_lines(struct board *board, bool dtr, bool rts)
{
	if (ff_usb_lines_set(&board->usb_lines, board->options->usb.kind, dtr, rts)) {
		ff_wire_cut(&board->tx, board->now);
		ff_soc_reset_by_usb(board->soc, board->usb_lines.download, board->now);
	}
}

static void on_lines(void *context, bool dtr, bool rts)
{
	struct board *board = context;
	if (board->return_time != NEVER) {
		return;
	}
	board->lines_used = true;
	advance(board); /* all that was due comes before the change */
	if (is_usb(board)) {
		set_usb_lines(board, dtr, rts);
		return;
	}
	if (ff_circuit_set(&board->circuit, dtr, rts, board->now) == FF_CIRCUIT_RESET && board->soc) {
		ff_soc_stop(board->soc);
		ff_wire_cut(&board->tx, board->now);
	}
}

static void on_baud(void *context, uint32_t baud)
{
	struct board *board = context;
	board->peer_baud = is_usb(board) ? 0 : baud;
}

/* What is still on the line comes after the purge. */
static void drop_arrived(struct board *board)
{
	const uint8_t *bytes;
	uint32_t baud;
	size_t size;
	while ((size = ff_wire_arrived(&board->tx, board->now, SIZE_MAX, &bytes, &baud)) > 0) {
		ff_wire_consume(&board->tx, size);
	}
}

static void on_purge(void *context, bool from_board, bool to_board)
{
	struct board *board = context;
	if (from_board) {
		drop_arrived(board);
	}
	if (to_board) {
		ff_wire_clear(&board->rx);
	}
}

/* ---- what the chip does to its pins, and sees there ---- */

static bool boots_download(const struct board *board)
{
	if (board->options->boot == FF_BOARD_BOOT_AUTO) {
		return !board->port.has_lines && !(is_usb(board) && board->port.may_have_lines);
	}
	return board->options->boot == FF_BOARD_BOOT_DOWNLOAD;
}

static int64_t on_send(void *context, const uint8_t *bytes, size_t size, int64_t start, uint32_t baud)
{
	struct board *board = context;
	carry(board, FF_TX, bytes, size, start, baud, baud);
	return board->options->real_timing ? board->tx.busy_until : start;
}

/* Where nobody uses control lines it is a hand on the BOOT button that decides. */
static bool on_io0_low(void *context)
{
	const struct board *board = context;
	if (is_usb(board)) {
		return false; /* whoever held the button at first has let it go */
	}
	if (board->port.has_lines || board->lines_used) {
		return board->circuit.dtr && !board->circuit.rts;
	}
	return boots_download(board);
}

/* ---- time ---- */

/* The chip resets, and its USB port with it. */
static void on_unplug(void *context)
{
	struct board *board = context;
	board->return_time = board->now + REENUMERATE_NS;
	board->vanishing = true;
	board->usb_lines = (struct ff_usb_lines){ 0 };
}

/* The cable is pulled. The chip loses its power at once, the port as soon as it is not in the middle of something. */
static void pull_cable(struct board *board, uint32_t gone_ms)
{
	board->return_time = board->now + gone_ms * FF_NS_PER_MS;
	board->vanishing = true;
	board->has_power = false;
	board->usb_lines = (struct ff_usb_lines){ 0 };
	ff_circuit_init(&board->circuit);
	if (board->soc) {
		ff_soc_stop(board->soc);
	}
}

static void trigger_fault(struct board *board, const struct ff_fault_trigger *trigger, int64_t at)
{
	if (trigger->kind == FF_FAULT_VANISH) {
		pull_cable(board, trigger->gone_ms);
	} else if (board->soc && trigger->kind == FF_FAULT_RESET) {
		ff_soc_crash(board->soc, at);
	} else if (board->soc && trigger->kind == FF_FAULT_HANG) {
		ff_soc_hang(board->soc);
	}
}

static void count_received(struct board *board, size_t count, int64_t at)
{
	for (size_t i = 0; i < count && board->return_time == NEVER; i++) {
		const struct ff_fault_trigger *trigger = ff_faults_received(&board->faults);
		if (trigger) {
			trigger_fault(board, trigger, at);
		}
	}
}

static void receive(struct board *board)
{
	struct ff_wire_byte byte;
	if (ff_wire_receive(&board->rx, board->now, &byte) && board->return_time == NEVER) {
		uint32_t heard = ff_soc_tune(board->soc, byte.baud);
		uint8_t value = ff_faults_hear(&board->faults, byte.value, byte.baud, heard);
		ff_soc_receive(board->soc, value, byte.due);
		count_received(board, 1, byte.due);
	}
}

/* The loopback plug. */
static void receive_echo(struct board *board)
{
	const uint8_t *bytes;
	uint32_t baud;
	size_t size = ff_wire_arrived(&board->rx, board->now, CHUNK, &bytes, &baud);
	on_send(board, bytes, size, board->now, baud ? baud : DEFAULT_BAUD);
	ff_wire_consume(&board->rx, size);
	count_received(board, size, board->now);
}

static void advance_circuit(struct board *board)
{
	int64_t at = board->circuit.rise_time;
	enum ff_circuit_event event = ff_circuit_advance(&board->circuit, board->now);
	if (board->soc && (event == FF_CIRCUIT_BOOT || event == FF_CIRCUIT_BOOT_DOWNLOAD)) {
		ff_soc_start(board->soc, event == FF_CIRCUIT_BOOT_DOWNLOAD, at);
	}
}

/* Lets everything happen that is due by now, in its order. */
static void advance(struct board *board)
{
	while (ff_wire_next_due(&board->rx) <= board->now || board->circuit.rise_time <= board->now) {
		if (board->circuit.rise_time <= ff_wire_next_due(&board->rx)) {
			advance_circuit(board);
		} else if (board->soc) {
			receive(board);
		} else {
			receive_echo(board);
		}
	}
	if (board->soc) {
		ff_soc_advance(board->soc, board->now);
	}
}

/* What the client hears of bytes that were sent at another rate than its own. */
static void garble(struct board *board, uint8_t *out, const uint8_t *bytes, size_t size, uint32_t baud)
{
	for (size_t i = 0; i < size; i++) {
		out[i] = ff_faults_hear(&board->faults, bytes[i], baud, board->peer_baud);
	}
}

/* Gives the port what has arrived. */
static void deliver(struct board *board)
{
	const uint8_t *bytes;
	uint32_t baud;
	size_t size;
	while (board->port.ops->writable(board->port.self) &&
	       (size = ff_wire_arrived(&board->tx, board->now, CHUNK, &bytes, &baud)) > 0) {
		uint8_t heard[CHUNK];
		if (baud != board->peer_baud) {
			garble(board, heard, bytes, size, baud);
			bytes = heard;
		}
		ff_wire_consume(&board->tx, board->port.ops->write(board->port.self, bytes, size));
	}
}

static int64_t next_time(const struct board *board)
{
	int64_t next = board->circuit.rise_time;
	int64_t others[] = {
		ff_wire_wake_time(&board->rx, RX_PATIENCE_NS),
		board->port.ops->writable(board->port.self) ? ff_wire_wake_time(&board->tx, TX_PATIENCE_NS) : NEVER,
		board->soc ? ff_soc_next_time(board->soc) : NEVER,
		board->return_time,
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		next = others[i] < next ? others[i] : next;
	}
	return next;
}

/* ---- the loop ---- */

static void serve_cable(struct board *board)
{
	if (board->vanishing) {
		if (board->has_power) {
			board->port.ops->detach(board->port.self);
		} else {
			board->port.ops->vanish(board->port.self);
		}
		ff_wire_clear(&board->rx);
		ff_wire_clear(&board->tx);
		board->vanishing = false;
	}
}

static enum ff_status plug_in(struct board *board, struct ff_error *error)
{
	if (board->return_time > board->now) {
		return FF_OK;
	}
	board->return_time = NEVER;
	if (board->soc && !board->has_power) {
		ff_soc_start(board->soc, boots_download(board), board->now);
	}
	board->has_power = true;
	return board->port.ops->come_back(board->port.self, error);
}

/* Waits for the next thing to do. The descriptor of `stop` comes first. */
static enum ff_status wait_for_work(struct board *board, struct pollfd *fds, size_t count, struct ff_error *error)
{
	int64_t next = next_time(board);
	int64_t now = clock_ns();
	int64_t left = next > now ? next - now : 0;
	struct timespec timeout = { .tv_sec = left / FF_NS_PER_S, .tv_nsec = left % FF_NS_PER_S };
	if (ppoll(fds, count, next == NEVER ? NULL : &timeout, NULL) < 0 && errno != EINTR) {
		return ff_error_set_errno(error, FF_ERR_IO, errno, "Cannot wait for the port");
	}
	return FF_OK;
}

static enum ff_status loop(struct board *board, int stop_fd, struct ff_error *error)
{
	for (;;) {
		struct pollfd fds[1 + FF_PORT_FDS_MAX] = { { .fd = stop_fd, .events = POLLIN } };
		/* Whoever comes while the port is away has to wait for it. */
		bool there = board->return_time == NEVER;
		size_t count = there ? board->port.ops->poll_fds(board->port.self, fds + 1) : 0;
		enum ff_status status = wait_for_work(board, fds, 1 + count, error);
		if (status != FF_OK || fds[0].revents) {
			return status;
		}
		board->now = clock_ns();
		advance(board);
		if (there) {
			board->port.ops->service(board->port.self, fds + 1, count);
		}
		advance(board);
		deliver(board);
		serve_cable(board);
		status = plug_in(board, error);
		if (status != FF_OK) {
			return status;
		}
	}
}

/* ---- building it ---- */

static enum ff_status open_chip(struct board *board, struct ff_error *error)
{
	const struct ff_board_options *options = board->options;
	enum ff_status status = ff_known_stubs_load(&board->stubs, options->model, options->identity.revision,
						    options->stub_dir, error);
	if (status != FF_OK) {
		return status;
	}
	status = ff_nor_open(&board->nor, options->flash_path, options->flash_size, error);
	if (status != FF_OK) {
		return status;
	}
	ff_nor_set_jedec_id(board->nor, options->flash_id);
	for (size_t i = 0; i < board->faults.trigger_count; i++) {
		const struct ff_fault_trigger *trigger = &board->faults.triggers[i];
		if (trigger->kind == FF_FAULT_BAD_FLASH &&
		    (trigger->at > UINT32_MAX ||
		     !ff_nor_break_cell(board->nor, (uint32_t)trigger->at, trigger->always))) {
			return ff_error_set(error, FF_ERR_ARGUMENT,
					    "The flash has no cell for the fault badflash:0x%llx",
					    (unsigned long long)trigger->at);
		}
	}
	board->soc = ff_soc_new(&(struct ff_soc_options){
		.model = options->model,
		.nor = board->nor,
		.stubs = &board->stubs,
		.timing = options->real_timing ? &ff_timing_real : &ff_timing_fast,
		.identity = options->identity,
		.usb = options->usb,
		.app_text = options->app_text,
		.line = { .context = board, .io0_low = on_io0_low, .send = on_send, .unplug = on_unplug },
	});
	return board->soc ? FF_OK : ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
}

static enum ff_status open_line(struct board *board, const struct ff_port_events *events, struct ff_error *error)
{
	bool paced = board->options->real_timing || ff_faults_have_delay(&board->faults);
	if (ff_wire_init(&board->rx, RX_CAPACITY, paced) != FF_OK ||
	    ff_wire_init(&board->tx, TX_CAPACITY, paced) != FF_OK) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "Out of memory");
	}
	ff_circuit_init(&board->circuit);
	char name[64];
	snprintf(name, sizeof(name), "farflash-board %s", board->options->echo ? "echo" : board->options->model->name);
	return ff_port_open(&board->port, board->options->listen, name, events, error);
}

enum ff_status ff_board_run(const struct ff_board_options *options, int stop_fd, FILE *out, struct ff_error *error)
{
	struct board board = { .options = options, .faults = options->faults, .return_time = NEVER, .has_power = true };
	const struct ff_port_events events = {
		.context = &board,
		.room = on_room,
		.bytes = on_bytes,
		.lines = on_lines,
		.baud = on_baud,
		.purge = on_purge,
	};
	board.now = clock_ns();
	enum ff_status status = options->echo ? FF_OK : open_chip(&board, error);
	if (status == FF_OK) {
		status = open_line(&board, &events, error);
	}
	if (status != FF_OK) {
		goto out;
	}
	fprintf(out, "listening on %s\n", board.port.address);
	fflush(out);
	if (board.soc) {
		ff_soc_start(board.soc, boots_download(&board), board.now);
	}
	status = loop(&board, stop_fd, error);
	if (status == FF_OK) {
		fprintf(out, "stopped\n");
	}
out:
	ff_port_close(&board.port);
	ff_wire_release(&board.rx);
	ff_wire_release(&board.tx);
	ff_soc_free(board.soc);
	ff_nor_close(board.nor);
	ff_known_stubs_release(&board.stubs);
	return status;
}
