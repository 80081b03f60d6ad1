// SPDX-License-Identifier: Apache-2.0
/* What command line and configuration file say, checked. Parsing is pure but for the environment's HOME and
 * XDG_STATE_HOME. */
#ifndef FF_SERVER_CONFIG_H
#define FF_SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farflash/log.h>
#include <farflash/status.h>

#include "config_access.h"
#include "port_id.h"
#include "labels.h"
#include "listen.h"
#include "ports.h"
#include "power.h"
#include "worker.h"

#define FF_CONFIG_MAX_BOARDS 256
#define FF_CONFIG_MAX_VENDORS 16
#define FF_CONFIG_DEFAULT_LISTEN "127.0.0.1:8217"
#define FF_CONFIG_DEFAULT_SHORTEST_LEASE_S 60
#define FF_CONFIG_DEFAULT_CONSOLE_SIZE ((uint64_t)1024 * 1024)
#define FF_CONFIG_DEFAULT_CONSOLE_KEEP 4
#define FF_CONFIG_DEFAULT_QUARANTINE_AFTER 3
#define FF_CONFIG_DEFAULT_QUARANTINE_PROBE_S 600
#define FF_CONFIG_DEFAULT_BAUD 460800
#define FF_CONFIG_DEFAULT_MAX_UPLOAD ((uint64_t)64 * 1024 * 1024)
#define FF_CONFIG_DEFAULT_FIRMWARE_QUOTA ((uint64_t)1024 * 1024 * 1024)
#define FF_CONFIG_DEFAULT_MAX_CONTENT ((uint64_t)128 * 1024 * 1024) /* the largest flash */

struct ff_config_board {
	char name[FF_BOARD_NAME_SIZE];
	char address[FF_BOARD_ADDRESS_SIZE]; /* empty: the identity says where it is; the file alone can give one */
	struct ff_port_id identity;
	uint32_t baud; /* of the work */
	struct ff_board_resets resets;
	int rfc2217; /* TCP port, 0: none, FF_PORTS_DEFAULT: as the server has it */
	int raw;     /* the same */
	bool passthrough;
	struct ff_labels labels;
	struct ff_power power; /* the configuration file alone can give it */
};

/* What came from the file, for when it is read again. */
struct ff_config_source {
	char *path;         /* owned; NULL: there is no file */
	size_t board_count; /* the first of the boards, which are its own */
	char *options;      /* all else that it says, as canonical YAML; owned */
};

struct ff_config {
	struct ff_config_source source;
	struct ff_listen_address listen;
	struct ff_config_board *boards; /* owned */
	size_t board_count;
	char *data_dir; /* owned */
	uint64_t max_upload;
	uint64_t max_content;    /* of what jobs have read */
	uint64_t firmware_quota; /* of images; 0: none stays that is not in use */
	enum ff_log_level log_level;
	bool log_json;    /* instead of text */
	int rfc2217_base; /* TCP port of the first board, 0: none, FF_PORTS_DEFAULT: the usual one */
	int raw_base;     /* the same */
	bool jobs_wait_for_writers;
	unsigned shortest_lease_s;
	char *console_dir;                       /* where boards' output is kept, owned; NULL: in the data directory */
	struct ff_logfile_limits console_log;    /* of each board; a size of 0: nothing is kept */
	bool discover;                           /* boards that nobody has named are taken in */
	uint16_t vendors[FF_CONFIG_MAX_VENDORS]; /* of USB devices that they may be; none: the usual ones */
	size_t vendor_count;
	struct ff_config_access access;
	unsigned quarantine_after;   /* failures in a row, 0: never */
	unsigned quarantine_probe_s; /* from the begin of a quarantine to the first probe, 0: none is made */
};

/* Takes one key's value from its words: what the functions below have in common, for tables of keys. */
typedef enum ff_status (*ff_config_set_function)(struct ff_config *config, const char *text, struct ff_error *error);

/* The defaults, without a data directory. */
void ff_config_init(struct ff_config *config);

void ff_config_release(struct ff_config *config);

/* Adds "NAME=ADDRESS[,key=value...]". The keys: baud, label, rfc2217, raw, reset, reset-sequence, hard-reset-sequence; the
 * values of the last two may have commas of their own, as in U0,1. A name is 1 to 64 letters, digits, '.', '_' or '-'.
 * FF_ERR_ARGUMENT with the reason, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_add_board(struct ff_config *config, const char *text, struct ff_error *error);

/* Adds a board that is complete, unless its name or its address is there already. Errors as above. */
FF_WARN_UNUSED enum ff_status ff_config_append_board(struct ff_config *config, const struct ff_config_board *board,
						     struct ff_error *error);

/* Reads "1500000", "64MB", "512 KiB", "1G": factors of 1024, from 4096 bytes to 4 GB. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_max_upload(struct ff_config *config, const char *text,
						       struct ff_error *error);

/* The same for images that are kept, up to 1 PB; 0 keeps none. */
FF_WARN_UNUSED enum ff_status ff_config_set_firmware_quota(struct ff_config *config, const char *text,
							   struct ff_error *error);

/* As for uploads, of what is kept of what was read. */
FF_WARN_UNUSED enum ff_status ff_config_set_max_content(struct ff_config *config, const char *text,
							struct ff_error *error);

/* Where HTTP is served, "ADDR:PORT". Errors as ff_listen_parse(). */
FF_WARN_UNUSED enum ff_status ff_config_set_listen(struct ff_config *config, const char *text, struct ff_error *error);

/* A TCP port or 0. `what` names it in the message. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_port(int *port, const char *what, const char *text, struct ff_error *error);

/* The same: the port of the first board. */
FF_WARN_UNUSED enum ff_status ff_config_set_rfc2217(struct ff_config *config, const char *text, struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_config_set_raw(struct ff_config *config, const char *text, struct ff_error *error);

/* Seconds, from 1 to 3600. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_shortest_lease(struct ff_config *config, const char *text,
							   struct ff_error *error);

/* The boards' log files: bytes of one, from 64KB to 4GB, or 0 for none; how many older ones are kept, 0 to 99; the folder.
 * FF_ERR_ARGUMENT, FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_set_console_size(struct ff_config *config, const char *text,
							 struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_config_set_console_keep(struct ff_config *config, const char *text,
							 struct ff_error *error);
FF_WARN_UNUSED enum ff_status ff_config_set_console_dir(struct ff_config *config, const char *path,
							struct ff_error *error);
/* Failures in a row, from 0 to 1000. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_quarantine_after(struct ff_config *config, const char *text,
							     struct ff_error *error);

/* Seconds, from 0 to 86400. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_quarantine_probe(struct ff_config *config, const char *text,
							     struct ff_error *error);

/* "true" or "false". FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_discover(struct ff_config *config, const char *text,
						     struct ff_error *error);

/* Four hexadecimal digits. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_add_vendor(struct ff_config *config, const char *text, struct ff_error *error);

/* "wait" or "refuse". FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_writer(struct ff_config *config, const char *text, struct ff_error *error);

/* "error", ... Never NULL. */
const char *ff_config_log_level_name(enum ff_log_level level);

/* One of these names. FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_log_level(struct ff_config *config, const char *text,
						      struct ff_error *error);

/* "text" or "json". FF_ERR_ARGUMENT. */
FF_WARN_UNUSED enum ff_status ff_config_set_log_format(struct ff_config *config, const char *text,
						       struct ff_error *error);

/* NULL: the default, which is XDG_STATE_HOME/farflash, /var/lib/farflash for root, or ~/.local/state/farflash.
 * FF_ERR_ARGUMENT (an empty name, or no default to be had), FF_ERR_NO_MEMORY. */
FF_WARN_UNUSED enum ff_status ff_config_set_data_dir(struct ff_config *config, const char *path,
						     struct ff_error *error);

/* Where the tokens are, to be freed; NULL: out of memory. Needs the data directory. */
char *ff_config_tokens_path(const struct ff_config *config);

#endif
