// SPDX-License-Identifier: Apache-2.0
#include "config_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "config_board.h"
#include "config_power.h"

#define REASON_SIZE 200

/* Everything is text to begin with: one set of rules judges the words of command line and file. */

struct file_board {
	char *name;
	char *address;
	char *usb;
	char *serial;
	char *mac;
	char *baud;
	char *rfc2217;
	char *raw;
	char *reset;
	char *reset_sequence;
	char *hard_reset_sequence;
	char **labels;
	unsigned labels_count;
	struct ff_config_power *power;
	char *power_cycle_on_failure;
};

struct file_console_log {
	char *dir;
	char *size;
	char *keep;
};

struct file {
	char *listen;
	char *data_dir;
	char *max_upload;
	char *max_content;
	char *firmware_quota;
	char *log_level;
	char *log_format;
	char *shortest_lease;
	struct file_console_log *console_log;
	char *quarantine_after;
	char *quarantine_probe;
	char *rfc2217;
	char *raw;
	char *writer_blocks_jobs;
#define ACCESS_TEXT(member, key, argument, help) char *member;
	FF_CONFIG_ACCESS_MAP(ACCESS_TEXT)
#undef ACCESS_TEXT
	char *discover;
	char **vendors;
	unsigned vendors_count;
	char **hosts;
	unsigned hosts_count;
	struct file_board *boards;
	unsigned boards_count;
};

#define TEXT(key, structure, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, 0, CYAML_UNLIMITED)
#define NEEDED_TEXT(key, structure, member) \
	CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, structure, member, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t board_fields[] = {
	NEEDED_TEXT("name", struct file_board, name),
	TEXT("address", struct file_board, address),
	TEXT("usb", struct file_board, usb),
	TEXT("serial", struct file_board, serial),
	TEXT("mac", struct file_board, mac),
	TEXT("baud", struct file_board, baud),
	TEXT("rfc2217", struct file_board, rfc2217),
	TEXT("raw", struct file_board, raw),
	TEXT("reset", struct file_board, reset),
	TEXT("reset-sequence", struct file_board, reset_sequence),
	TEXT("hard-reset-sequence", struct file_board, hard_reset_sequence),
	CYAML_FIELD_SEQUENCE("labels", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_board, labels,
			     &text_schema, 0, FF_LABELS_MAX),
	CYAML_FIELD_MAPPING_PTR("power", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file_board, power,
				ff_config_power_fields),
	TEXT("power-cycle-on-failure", struct file_board, power_cycle_on_failure),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t board_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct file_board, board_fields),
};

static const cyaml_schema_field_t console_log_fields[] = {
	TEXT("dir", struct file_console_log, dir),
	TEXT("size", struct file_console_log, size),
	TEXT("keep", struct file_console_log, keep),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t fields[] = {
	TEXT("listen", struct file, listen),
	TEXT("data-dir", struct file, data_dir),
	TEXT("max-upload", struct file, max_upload),
	TEXT("max-content", struct file, max_content),
	TEXT("firmware-quota", struct file, firmware_quota),
	TEXT("log-level", struct file, log_level),
	TEXT("log-format", struct file, log_format),
	TEXT("shortest-lease", struct file, shortest_lease),
	CYAML_FIELD_MAPPING_PTR("console-log", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, console_log,
				console_log_fields),
	TEXT("quarantine-after", struct file, quarantine_after),
	TEXT("quarantine-probe", struct file, quarantine_probe),
	TEXT("rfc2217", struct file, rfc2217),
	TEXT("raw", struct file, raw),
	TEXT("writer-blocks-jobs", struct file, writer_blocks_jobs),
#define ACCESS_FIELD(member, key, argument, help) TEXT(key, struct file, member),
	FF_CONFIG_ACCESS_MAP(ACCESS_FIELD)
#undef ACCESS_FIELD
		TEXT("discover", struct file, discover),
	CYAML_FIELD_SEQUENCE("discover-vendors", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, vendors,
			     &text_schema, 0, FF_CONFIG_MAX_VENDORS),
	CYAML_FIELD_SEQUENCE("host", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, hosts, &text_schema, 0,
			     FF_CONFIG_MAX_HOSTS),
	CYAML_FIELD_SEQUENCE("boards", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, boards, &board_schema, 0,
			     FF_CONFIG_MAX_BOARDS),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, fields),
};

/* ---- reading ---- */

/* What libcyaml says: first what is wrong, then the way to it, innermost first. */
struct complaint {
	char reason[REASON_SIZE];
	unsigned line; /* of what it has read last; 0: not said */
};

static void hear(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	struct complaint *complaint = context;
	char text[REASON_SIZE];
	(void)level;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	const char *words = strncmp(text, "Load: ", 6) == 0 ? text + 6 : text;
	const char *place = strstr(words, "(line: ");
	bool way = words[0] == ' ' || strcmp(words, "Backtrace:") == 0;
	if (complaint->reason[0] == '\0' && !way) {
		snprintf(complaint->reason, sizeof(complaint->reason), "%s", words);
	} else if (place && complaint->line == 0) {
		complaint->line = (unsigned)strtoul(place + strlen("(line: "), NULL, 10);
	}
}

static enum ff_status read_text(const char *path, char **text, size_t *size, struct ff_error *error)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		return ff_error_set_errno(error, FF_ERR_ARGUMENT, errno, "cannot open the configuration %s", path);
	}
	char *bytes = malloc(FF_CONFIG_FILE_MAX + 1);
	size_t got = bytes ? fread(bytes, 1, FF_CONFIG_FILE_MAX + 1, file) : 0;
	int failed = ferror(file) ? errno : 0;
	fclose(file);
	enum ff_status status = FF_OK;
	if (!bytes) {
		status = ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	} else if (failed) {
		status = ff_error_set_errno(error, FF_ERR_ARGUMENT, failed, "cannot read the configuration %s", path);
	} else if (got > FF_CONFIG_FILE_MAX) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "%s is too large for a configuration", path);
	}
	if (status != FF_OK) {
		free(bytes);
		return status;
	}
	bytes[got] = '\0';
	*text = bytes;
	*size = got;
	return FF_OK;
}

static enum ff_status parse(struct file **file, const cyaml_config_t *reader, struct complaint *complaint,
			    const char *path, char **text, struct ff_error *error)
{
	size_t size = 0;
	char place[32] = "";
	enum ff_status status = read_text(path, text, &size, error);
	if (status != FF_OK) {
		return status;
	}
	cyaml_err_t failed =
		cyaml_load_data((const uint8_t *)*text, size, reader, &schema, (cyaml_data_t **)file, NULL);
	if (failed == CYAML_OK) {
		return FF_OK;
	}
	if (complaint->line > 0) {
		snprintf(place, sizeof(place), ", near line %u", complaint->line);
	}
	return ff_error_set(error, failed == CYAML_ERR_OOM ? FF_ERR_NO_MEMORY : FF_ERR_ARGUMENT, "%s%s: %s", path,
			    place, complaint->reason[0] ? complaint->reason : cyaml_strerror(failed));
}

/* ---- taking over ---- */

/* `suspect` becomes the value that is looked at, for the place of an error. */
static enum ff_status take_options(struct ff_config *config, const struct file *file, const char **suspect,
				   struct ff_error *error)
{
	static const struct file_console_log unsaid = { .dir = NULL };
	const struct file_console_log *console_log = file->console_log ? file->console_log : &unsaid;
	const struct {
		const char *text;
		ff_config_set_function set;
	} options[] = {
		{ file->listen, ff_config_set_listen },
		{ file->data_dir, ff_config_set_data_dir },
		{ file->max_upload, ff_config_set_max_upload },
		{ file->max_content, ff_config_set_max_content },
		{ file->firmware_quota, ff_config_set_firmware_quota },
		{ file->log_level, ff_config_set_log_level },
		{ file->log_format, ff_config_set_log_format },
		{ file->shortest_lease, ff_config_set_shortest_lease },
		{ console_log->dir, ff_config_set_console_dir },
		{ console_log->size, ff_config_set_console_size },
		{ console_log->keep, ff_config_set_console_keep },
		{ file->quarantine_after, ff_config_set_quarantine_after },
		{ file->quarantine_probe, ff_config_set_quarantine_probe },
		{ file->rfc2217, ff_config_set_rfc2217 },
		{ file->raw, ff_config_set_raw },
		{ file->writer_blocks_jobs, ff_config_set_writer },
		{ file->discover, ff_config_set_discover },
	};
	enum ff_status status = FF_OK;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && status == FF_OK; i++) {
		*suspect = options[i].text;
		status = options[i].text ? options[i].set(config, options[i].text, error) : FF_OK;
	}
	return status;
}

/* Where the board is: an address, or what its port is known by. */
static enum ff_status take_place(struct ff_config_board *board, const struct file_board *file, struct ff_error *error)
{
	bool sought = file->usb || file->serial || file->mac;
	if (sought == (file->address != NULL)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "board %s: give either its address, or usb, serial or mac",
				    board->name);
	}
	return sought ? ff_config_board_identity(board, file->usb, file->serial, file->mac, error)
		      : ff_config_board_address(board, file->address, strlen(file->address), error);
}

static enum ff_status take_board(struct ff_config *config, const struct file_board *file, struct ff_error *error)
{
	const struct {
		const char *key;
		const char *value;
	} keys[] = {
		{ "baud", file->baud },
		{ "rfc2217", file->rfc2217 },
		{ "raw", file->raw },
		{ "reset", file->reset },
		{ "reset-sequence", file->reset_sequence },
		{ "hard-reset-sequence", file->hard_reset_sequence },
	};
	struct ff_config_board board;
	ff_config_board_init(&board);
	enum ff_status status = ff_config_board_name(&board, file->name, strlen(file->name), error);
	if (status == FF_OK) {
		status = take_place(&board, file, error);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && status == FF_OK; i++) {
		status = keys[i].value ? ff_config_board_set(&board, keys[i].key, keys[i].value, error) : FF_OK;
	}
	for (unsigned i = 0; i < file->labels_count && status == FF_OK; i++) {
		status = ff_config_board_set(&board, "label", file->labels[i], error);
	}
	struct ff_error reason = FF_ERROR_NONE;
	if (status == FF_OK &&
	    ff_config_take_power(&board.power, file->power, file->power_cycle_on_failure, &reason) != FF_OK) {
		status = ff_error_set(error, FF_ERR_ARGUMENT, "board %s: %s", board.name, reason.text);
	}
	return status == FF_OK ? ff_config_append_board(config, &board, error) : status;
}

static enum ff_status take_access(struct ff_config_access *access, const struct file *file, const char **suspect,
				  struct ff_error *error)
{
	const char *const texts[FF_CONFIG_ACCESS_COUNT] = {
#define ACCESS_VALUE(member, key, argument, help) file->member,
		FF_CONFIG_ACCESS_MAP(ACCESS_VALUE)
#undef ACCESS_VALUE
	};
	enum ff_status status = FF_OK;
	for (unsigned i = 0; i < FF_CONFIG_ACCESS_COUNT && status == FF_OK; i++) {
		*suspect = texts[i];
		status = texts[i] ? ff_config_access_set(access, (enum ff_config_access_key)i, texts[i], error) : FF_OK;
	}
	for (unsigned i = 0; i < file->hosts_count && status == FF_OK; i++) {
		*suspect = file->hosts[i];
		status = ff_config_access_add_host(access, file->hosts[i], error);
	}
	return status;
}

static enum ff_status take(struct ff_config *config, const struct file *file, const char **suspect,
			   struct ff_error *error)
{
	enum ff_status status = take_options(config, file, suspect, error);
	if (status == FF_OK) {
		status = take_access(&config->access, file, suspect, error);
	}
	for (unsigned i = 0; i < file->vendors_count && status == FF_OK; i++) {
		*suspect = file->vendors[i];
		status = ff_config_add_vendor(config, file->vendors[i], error);
	}
	for (unsigned i = 0; i < file->boards_count && status == FF_OK; i++) {
		*suspect = file->boards[i].name;
		status = take_board(config, &file->boards[i], error);
	}
	return status;
}

/* Whether a line has this value as a word of its own, in front of any comment. */
static bool line_has(const char *line, size_t length, const char *value, size_t size)
{
	const char *end = line + length;
	const char *comment = memchr(line, '#', length);
	const char *at = line;
	while (size > 0 && (at = memmem(at, (size_t)(end - at), value, size))) {
		bool begins = at > line && strchr(" \"'[,{", at[-1]);
		bool ends = at + size == end || strchr(" \"',]}\r", at[size]);
		if (begins && ends && (!comment || at < comment)) {
			return true;
		}
		at++;
	}
	return false;
}

/* The line of the file that has this value; of a board it is its name. 0: there is none, as where it was written otherwise. */
static unsigned line_of(const char *text, const char *value)
{
	unsigned line = 1;
	for (const char *at = text; *at; line++) {
		size_t length = strcspn(at, "\n");
		if (line_has(at, length, value, strlen(value))) {
			return line;
		}
		at += length + (at[length] == '\n');
	}
	return 0;
}

static enum ff_status complain(const char *path, unsigned line, enum ff_status status, const struct ff_error *reason,
			       struct ff_error *error)
{
	return line > 0 ? ff_error_set(error, status, "%s, line %u: %s", path, line, reason->text)
			: ff_error_set(error, status, "%s: %s", path, reason->text);
}

/* Everything but the boards, so that it can be told what has changed when the file is read again. */
static bool remember(struct ff_config *config, const cyaml_config_t *reader, struct file *file, const char *path)
{
	struct file others = file ? *file : (struct file){ .listen = NULL };
	cyaml_config_t writer = *reader;
	char *text = NULL;
	size_t size = 0;
	others.boards = NULL;
	others.boards_count = 0;
	writer.flags = CYAML_CFG_STYLE_BLOCK;
	config->source.board_count = config->board_count;
	config->source.path = strdup(path);
	config->source.options = calloc(1, 1);
	bool saved = cyaml_save_data(&text, &size, &writer, &schema, &others, 0) == CYAML_OK;
	char *copy = saved ? realloc(config->source.options, size + 1) : NULL;
	if (copy) {
		memcpy(copy, text, size);
		copy[size] = '\0';
		config->source.options = copy;
	}
	if (saved) {
		writer.mem_fn(writer.mem_ctx, text, 0);
	}
	return config->source.path && copy;
}

enum ff_status ff_config_load(struct ff_config *config, const char *path, struct ff_error *error)
{
	struct complaint complaint = { .line = 0 };
	const cyaml_config_t reader = {
		.log_fn = hear,
		.log_ctx = &complaint,
		.mem_fn = cyaml_mem,
		.log_level = CYAML_LOG_ERROR,
		.flags = CYAML_CFG_NO_ALIAS, /* aliases of aliases grow without bound */
	};
	struct file *file = NULL;
	struct ff_error reason = FF_ERROR_NONE;
	const char *suspect = NULL;
	char *text = NULL;
	enum ff_status status = parse(&file, &reader, &complaint, path, &text, error);
	if (status == FF_OK) {
		status = file ? take(config, file, &suspect, &reason) : FF_OK; /* an empty file says nothing */
		if (status == FF_OK && !remember(config, &reader, file, path)) {
			status = ff_error_set(&reason, FF_ERR_NO_MEMORY, "out of memory");
		}
		if (status != FF_OK) {
			complain(path, suspect ? line_of(text, suspect) : 0, status, &reason, error);
		}
		cyaml_free(&reader, &schema, file, 0);
	}
	free(text);
	return status;
}
