// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common_options.h"
#include "file.h"
#include "imagechip.h"
#include "words.h"

/* What the parsers share. */
struct parse {
	struct ff_options *options;
	const struct ff_command *commands; /* to choose from; NULL behind the choice */
	const struct argp *argp;
	const char *folder; /* of the argument file being read, NULL outside */
	bool encrypting;    /* --encrypt-files is the last option so far: words belong to it */
};

static char *own(struct ff_options *options, char *text)
{
	char **grown = realloc(options->owned, (options->owned_count + 1) * sizeof(*grown));

	if (text == NULL || grown == NULL) {
		fputs("farflash: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	options->owned = grown;
	options->owned[options->owned_count++] = text;
	return text;
}

/* A copy in today's spelling: esptool 4 wrote --flash_mode, and -fm for short, which getopt would take for -f m. */
static char *own_spelled(struct ff_options *options, const char *argument)
{
	static const char *const shorts[][2] = { { "-fm", "--flash-mode" },
						 { "-ff", "--flash-freq" },
						 { "-fs", "--flash-size" } };
	char *copy;

	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		if (strcmp(argument, shorts[i][0]) == 0) {
			argument = shorts[i][1];
		}
	}
	copy = own(options, strdup(argument));
	if (strncmp(copy, "--", 2) == 0) {
		for (char *p = copy; *p != '\0' && *p != '='; p++) {
			*p = *p == '_' ? '-' : *p;
		}
	}
	return copy;
}

static char *own_hyphenated(struct ff_options *options, const char *word)
{
	char *copy = own(options, strdup(word));

	for (char *p = copy; *p != '\0'; p++) {
		*p = *p == '_' ? '-' : *p;
	}
	return copy;
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key > ARGP_KEY_ARG && key < ARGP_KEY_END) {
		parse->encrypting = key == FF_OPTION_ENCRYPT_FILES;
	}
	return ff_common_options_parse(key, argument, state, parse->options);
}

static const struct argp common_argp = { .options = ff_common_options, .parser = parse_common };

/* Reads the words of an argument file as if they stood on the command line. */
static void parse_file(struct argp_state *state, struct parse *parse, const char *path)
{
	struct ff_options *options = parse->options;
	struct ff_error error = FF_ERROR_NONE;
	struct ff_buf text;
	struct ff_words words = { .count = 0 };
	char *argv[FF_WORDS_MAX + 2];
	struct parse inner = *parse;

	ff_buf_init(&text, FF_WORDS_MAX_SIZE);
	if (ff_file_read(&text, path, &error) != FF_OK ||
	    ff_words_split(&words, (const char *)text.bytes, text.size, &error) != FF_OK) {
		argp_failure(state, argp_err_exit_status, 0, "%s: %s", path, error.text);
	}
	argv[0] = state->argv[0];
	for (size_t i = 0; i < words.count; i++) {
		argv[i + 1] = own_spelled(options, words.items[i]);
	}
	argv[words.count + 1] = NULL;
	inner.folder = own(options, ff_file_folder(path));
	argp_parse(parse->argp, (int)words.count + 1, argv, ARGP_IN_ORDER, NULL, &inner);
	ff_words_release(&words);
	ff_buf_release(&text);
}

static error_t take_word(struct argp_state *state, struct parse *parse, char *word)
{
	struct ff_options *options = parse->options;

	if (options->command->reads_files && word[0] == '@' && parse->folder == NULL) {
		parse_file(state, parse, word + 1);
		return 0;
	}
	if (options->word_count == options->command->max_words) {
		argp_error(state, "'%s' is one argument too many", word);
	}
	options->words[options->word_count++] =
		(struct ff_option_word){ .text = word, .folder = parse->folder, .encrypt = parse->encrypting };
	return 0;
}

/* Two lists that may contradict each other. */
static void check_encryption(struct argp_state *state, const struct ff_options *options)
{
	if (options->encrypt && options->encrypt_files) {
		argp_error(state, "--encrypt takes all files, --encrypt-files some: give one of the two");
	}
}

static error_t parse_command(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;
	const struct ff_command *command = parse->options->command;
	error_t result = ARGP_ERR_UNKNOWN;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = parse;
		return 0;
	case ARGP_KEY_ARG:
		return take_word(state, parse, argument);
	case ARGP_KEY_SUCCESS:
		check_encryption(state, parse->options);
		return 0;
	default:
		if (command->parse_file_option != NULL) {
			result = command->parse_file_option(key, argument, state, &parse->options->files);
		}
		return result == ARGP_ERR_UNKNOWN ? parse_common(key, argument, state) : result;
	}
}

static char *command_doc(const struct ff_command *command)
{
	char *doc;
	int size = asprintf(&doc, "%s.%s%s\v%s", command->summary, command->details ? " " : "",
			    command->details ? command->details : "",
			    "Exit status: 0 done; 1 failed on the board; 2 wrong usage or input; 3 server or board not "
			    "reachable; 4 busy or not allowed.");

	return size < 0 ? NULL : doc;
}

static void parse_arguments(struct ff_options *options, int argc, char **argv)
{
	const struct ff_command *command = options->command;
	const struct argp_child children[] = { { .argp = &common_argp }, { 0 } };
	struct argp argp = { .options = command->options,
			     .parser = parse_command,
			     .args_doc = command->arguments,
			     .doc = own(options, command_doc(command)),
			     .children = children };
	struct parse parse = { .options = options, .argp = &argp };
	char *name;

	if (asprintf(&name, "farflash %s", command->name) < 0) {
		name = NULL;
	}
	argv[0] = own(options, name);
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &parse);
}

static void check_places(struct argp_state *state, const struct ff_options *options)
{
	if (options->port != NULL && (options->server != NULL || options->board != NULL)) {
		argp_error(state, "--port names a board without a server: leave --server and --board out");
	}
	if (options->port != NULL && (options->select != NULL || options->all)) {
		argp_error(state, "--select and --all choose among a server's boards: leave --port out");
	}
	if (options->port != NULL && options->history > 0) {
		argp_error(state, "--history needs a server: a port alone remembers nothing");
	}
	if (options->port == NULL && (options->reset_sequence != NULL || options->hard_reset_sequence != NULL)) {
		argp_error(state,
			   "reset sequences need --port: a server knows those of its boards (reset-sequence=...)");
	}
	if (options->port == NULL && options->trace) {
		argp_error(state, "--trace needs --port: a server writes its own (farflashd --log-level trace)");
	}
}

/* NULL if there is none of this name. */
static const struct ff_command *find_command(const struct ff_command *commands, const char *name)
{
	for (const struct ff_command *command = commands; name != NULL && command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0) {
			return command;
		}
	}
	return NULL;
}

/* The options before the command, and the command. */
static error_t parse_top(int key, char *argument, struct argp_state *state)
{
	struct parse *parse = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = parse;
		return 0;
	case ARGP_KEY_ARGS:
		argument = state->argv[state->next];
		parse->options->command = find_command(parse->commands, own_hyphenated(parse->options, argument));
		if (parse->options->command == NULL) {
			argp_error(state, "there is no command '%s'", argument);
			return EINVAL; /* which argp_error() leaves no room for */
		}
		parse_arguments(parse->options, state->argc - state->next, state->argv + state->next);
		return 0;
	case ARGP_KEY_SUCCESS:
		check_places(state, parse->options);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_state_help(state, stderr, ARGP_HELP_STD_USAGE);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* argp frees what this returns. */
static char *list_commands(int key, const char *text, void *input)
{
	const struct parse *parse = input;
	char *list = NULL;
	size_t size;
	FILE *out;

	if (key != ARGP_KEY_HELP_PRE_DOC || parse == NULL) {
		return (char *)text;
	}
	out = open_memstream(&list, &size);
	if (out == NULL) {
		return NULL;
	}
	fprintf(out, "%s\n\nCommands:\n", text);
	for (const struct ff_command *command = parse->commands; command->name != NULL; command++) {
		fprintf(out, "  %-18s %s\n", command->name, command->summary);
	}
	fputs("\n`farflash COMMAND --help' says more.", out);
	fclose(out);
	return list;
}

static void fill_in(struct ff_options *options)
{
	const char *server = getenv("FARFLASH_SERVER");
	const char *board = getenv("FARFLASH_BOARD");
	const char *cacert = getenv("FARFLASH_CACERT");

	if (options->server == NULL && server != NULL && server[0] != '\0') {
		options->server = server;
	}
	if (options->board == NULL && board != NULL && board[0] != '\0') {
		options->board = board;
	}
	if (options->cacert == NULL && cacert != NULL && cacert[0] != '\0') {
		options->cacert = cacert;
	}
}

/* What stands behind "lease ... --" is another program's, and stays as it is. Answers how many arguments are ours. */
static int cut_program(struct ff_options *options, int argc, char **argv)
{
	bool leases = false;

	for (int i = 1; i < argc; i++) {
		if (leases && strcmp(argv[i], "--") == 0) {
			options->program = argv + i + 1;
			return i;
		}
		leases |= strcmp(argv[i], "lease") == 0;
	}
	return argc;
}

void ff_options_parse(struct ff_options *options, const struct ff_command *commands, int argc, char **argv)
{
	const struct argp_child children[] = { { .argp = &common_argp }, { 0 } };
	const struct argp argp = { .parser = parse_top,
				   .args_doc = "COMMAND [ARGUMENT...]",
				   .doc = "Flash Espressif boards that hang on another machine, or on this one.",
				   .children = children,
				   .help_filter = list_commands };
	struct parse parse = { .options = options, .commands = commands };
	char **spelled;

	*options = (struct ff_options){ .baud = FF_OPTIONS_DEFAULT_BAUD };
	argc = cut_program(options, argc, argv);
	spelled = calloc((size_t)argc + 1, sizeof(*spelled));
	own(options, (char *)spelled);
	for (int i = 0; i < argc; i++) {
		spelled[i] = own_spelled(options, argv[i]);
	}
	argp_parse(&argp, argc, spelled, ARGP_IN_ORDER, NULL, &parse);
	fill_in(options);
}

bool ff_options_accept_chip(const struct ff_options *options, const char *chip)
{
	return options->chip == NULL || ff_imagechip_is_same_name(options->chip, chip);
}

void ff_options_release(struct ff_options *options)
{
	for (size_t i = 0; i < options->owned_count; i++) {
		free(options->owned[i]);
	}
	free(options->owned);
	*options = (struct ff_options){ .baud = 0 };
}
