// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <argp.h>

#include <farflash/version.h>

#include "access_options.h"
#include "config_file.h"

#define PURPOSE "Owns boards and flashes them for clients that come over HTTP."

const char *argp_program_version = "farflashd " FF_VERSION;

enum {
	OPTION_LISTEN = 'l',
	OPTION_BOARD = 'b',
	OPTION_DATA_DIR = 'd',
	OPTION_MAX_UPLOAD = 'u',
	OPTION_LOG_LEVEL = 256,
	OPTION_LOG_FORMAT,
	OPTION_MAX_CONTENT,
	OPTION_FIRMWARE_QUOTA,
	OPTION_RFC2217,
	OPTION_RAW,
	OPTION_WRITER,
	OPTION_CONFIG,
	OPTION_QUARANTINE_AFTER,
	OPTION_QUARANTINE_PROBE,
	OPTION_SHORTEST_LEASE,
	OPTION_DISCOVER
};

static const struct argp_option options[] = {
	{ "config", OPTION_CONFIG, "FILE", 0,
	  "Read options and boards from this YAML file; what the command line says goes before it", 0 },
	{ "listen", OPTION_LISTEN, "ADDR:PORT", 0,
	  "Serve HTTP there (default " FF_CONFIG_DEFAULT_LISTEN "; port 0: any free one)", 0 },
	{ "board", OPTION_BOARD, "BOARD", 0,
	  "Own this board: NAME=ADDRESS[,KEY=VALUE...], once for each. ADDRESS: /dev/ttyUSB0, rfc2217://HOST:PORT or "
	  "socket://HOST:PORT. baud=N: rate of the work (default 460800); rfc2217=PORT, raw=PORT: its TCP ports (0: "
	  "none); label=KEY=VALUE: something to choose it by; reset=smart (default) or passthrough: what becomes of DTR and RTS of RFC 2217 clients; "
	  "reset-sequence=STEPS, hard-reset-sequence=STEPS: its own way into bootloader and application, as in esptool's "
	  "D0|R1|W0.1|D1|R0|W0.05|D0",
	  0 },
	{ "rfc2217", OPTION_RFC2217, "PORT", 0,
	  "RFC 2217 port of the first board; the others follow (default 2217; 0: none)", 0 },
	{ "raw", OPTION_RAW, "PORT", 0, "Raw TCP port of the first board; the others follow (default 3217; 0: none)",
	  0 },
	{ "writer-blocks-jobs", OPTION_WRITER, "HOW", 0,
	  "What a job does about a client that writes to its board through a TCP port: refuse (default), or wait", 0 },
	{ "data-dir", OPTION_DATA_DIR, "DIR", 0,
	  "Keep images there; no other farflashd may (default: $XDG_STATE_HOME/farflash, /var/lib/farflash for root, or "
	  "~/.local/state/farflash)",
	  0 },
	{ "max-upload", OPTION_MAX_UPLOAD, "SIZE", 0, "Largest upload (default 64MB)", 0 },
	{ "firmware-quota", OPTION_FIRMWARE_QUOTA, "SIZE", 0,
	  "Most to keep of images that no job needs any more (default 1GB; 0: none)", 0 },
	{ "max-content", OPTION_MAX_CONTENT, "SIZE", 0, "Most to keep of what was read of boards (default 128MB)", 0 },
	{ "discover", OPTION_DISCOVER, "WHETHER", OPTION_ARG_OPTIONAL,
	  "Take in each board that is plugged in and that nobody has named: true, or false (default)", 0 },
	{ "shortest-lease", OPTION_SHORTEST_LEASE, "SECONDS", 0,
	  "Shortest time for which a board can be leased (default 60)", 0 },
	{ "quarantine-after", OPTION_QUARANTINE_AFTER, "N", 0,
	  "Failures in a row, by a board's own fault, that put it in quarantine (default 3; 0: never)", 0 },
	{ "quarantine-probe", OPTION_QUARANTINE_PROBE, "SECONDS", 0,
	  "After how long such a board is probed, which may end that (default 600; 0: never)", 0 },
	{ "log-level", OPTION_LOG_LEVEL, "LEVEL", 0, "error, warn, info (default), debug or trace (every frame)", 0 },
	{ "log-format", OPTION_LOG_FORMAT, "FORMAT", 0, "text (default) or json, an object a line", 0 },
	{ 0 },
};

/* Before anything else is taken, because options go before the file wherever they stand. */
static error_t find_config(int key, char *value, struct argp_state *state)
{
	const char **path = state->input;
	if (key == OPTION_CONFIG) {
		if (*path) {
			argp_error(state, "--config is given twice");
		}
		*path = value;
	}
	return 0;
}

static const struct {
	int key;
	ff_config_set_function set;
} setters[] = {
	{ OPTION_LISTEN, ff_config_set_listen },
	{ OPTION_BOARD, ff_config_add_board },
	{ OPTION_RFC2217, ff_config_set_rfc2217 },
	{ OPTION_RAW, ff_config_set_raw },
	{ OPTION_WRITER, ff_config_set_writer },
	{ OPTION_DATA_DIR, ff_config_set_data_dir },
	{ OPTION_MAX_UPLOAD, ff_config_set_max_upload },
	{ OPTION_FIRMWARE_QUOTA, ff_config_set_firmware_quota },
	{ OPTION_MAX_CONTENT, ff_config_set_max_content },
	{ OPTION_DISCOVER, ff_config_set_discover },
	{ OPTION_SHORTEST_LEASE, ff_config_set_shortest_lease },
	{ OPTION_QUARANTINE_AFTER, ff_config_set_quarantine_after },
	{ OPTION_QUARANTINE_PROBE, ff_config_set_quarantine_probe },
	{ OPTION_LOG_LEVEL, ff_config_set_log_level },
	{ OPTION_LOG_FORMAT, ff_config_set_log_format },
};

/* NULL: it is none of these options. */
static ff_config_set_function find_setter(int key)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		if (setters[i].key == key) {
			return setters[i].set;
		}
	}
	return NULL;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct ff_config *config = state->input;
	struct ff_error error = FF_ERROR_NONE;
	enum ff_status status = FF_OK;
	ff_config_set_function set = find_setter(key);
	if (set) {
		status = set(config, value ? value : "true", &error); /* only a switch can do without */
	} else if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = &config->access;
	} else if (key == ARGP_KEY_ARG) {
		argp_error(state, "\"%s\" is not an option; boards are given as --board NAME=ADDRESS", value);
	} else if (key == ARGP_KEY_END) {
		status = config->data_dir ? FF_OK : ff_config_set_data_dir(config, NULL, &error);
	} else if (key != OPTION_CONFIG) { /* that has been read */
		return ARGP_ERR_UNKNOWN;
	}
	if (status != FF_OK) {
		argp_error(state, "%s", error.text);
	}
	return 0;
}

enum ff_status ff_options_read(struct ff_config *config, int argc, char **argv, struct ff_error *error)
{
	static const struct argp_child children[] = { { &ff_access_options, 0, "Who gets in, and how much of it:", 5 },
						      { 0 } };
	static const struct argp first = {
		.options = options, .parser = find_config, .children = children, .doc = PURPOSE
	};
	static const struct argp then = {
		.options = options, .parser = parse_option, .children = children, .doc = PURPOSE
	};
	const char *path = NULL;
	argp_err_exit_status = FF_OPTIONS_EXIT_USAGE;
	ff_config_init(config);
	argp_parse(&first, argc, argv, 0, NULL, &path);
	enum ff_status status = path ? ff_config_load(config, path, error) : FF_OK;
	if (status == FF_OK) {
		argp_parse(&then, argc, argv, 0, NULL, config);
	}
	return status;
}
