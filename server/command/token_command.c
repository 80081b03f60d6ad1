// SPDX-License-Identifier: Apache-2.0
#include "token_command.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "config.h"
#include "config_file.h"
#include "token_file.h"

#define EXIT_USAGE 2
#define DAY_S 86400
#define MOST_DAYS 36500
#define DATE_SIZE 24
#define PRIVATE 0700

enum { OPTION_SCOPE = 's', OPTION_BOARDS = 'b', OPTION_EXPIRES = 'e', OPTION_CONFIG = 256, OPTION_TOKENS };

static const struct argp_option options[] = {
	{ "scope", OPTION_SCOPE, "SCOPE[,SCOPE...]", 0,
	  "What it allows: read, console (the boards' consoles, tunnels and resets), flash (jobs and leases), admin "
	  "(everything, other people's jobs too); each of them includes read",
	  0 },
	{ "boards", OPTION_BOARDS, "SELECTOR", 0, "It is good for these boards alone, as in rack=2,chip=esp32c3", 0 },
	{ "expires", OPTION_EXPIRES, "DAYS", 0, "It is good for so many days (without it: until it is removed)", 0 },
	{ "config", OPTION_CONFIG, "FILE", 0, "The server's configuration, which says where the tokens are", 0 },
	{ "data-dir", 'd', "DIR", 0, "The server's data directory, where they are otherwise", 0 },
	{ "tokens", OPTION_TOKENS, "FILE", 0, "Their file", 0 },
	{ 0 },
};

struct order {
	const char *verb;
	const char *name;
	const char *scope;
	const char *boards;
	const char *expires;
	const char *config_path;
	char *data_dir;
	char *tokens;
	struct ff_token token;
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct order *order = state->input;
	switch (key) {
	case OPTION_SCOPE:
		order->scope = value;
		return 0;
	case OPTION_BOARDS:
		order->boards = value;
		return 0;
	case OPTION_EXPIRES:
		order->expires = value;
		return 0;
	case OPTION_CONFIG:
		order->config_path = value;
		return 0;
	case 'd':
		order->data_dir = value;
		return 0;
	case OPTION_TOKENS:
		order->tokens = value;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1) {
			argp_usage(state);
		}
		*(state->arg_num == 0 ? &order->verb : &order->name) = value;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void date_text(char text[DATE_SIZE], int64_t time_s)
{
	struct tm parts;
	time_t seconds = (time_t)time_s;
	if (time_s == 0 || !gmtime_r(&seconds, &parts) || strftime(text, DATE_SIZE, "%Y-%m-%dT%H:%MZ", &parts) == 0) {
		snprintf(text, DATE_SIZE, "never");
	}
}

/* A server that has never run has no directory yet. */
static void make_directories(const char *path)
{
	char *copy = strdup(path);
	for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)!mkdir(copy, PRIVATE); /* what is missing in the end, the lock will tell */
		*slash = '/';
	}
	free(copy);
}

/* ---- the three verbs ---- */

static enum ff_status understand(struct order *order, struct ff_error *error)
{
	struct ff_token *token = &order->token;
	enum ff_status status = ff_token_check_name(order->name, error);
	if (status == FF_OK && !order->scope) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "say what it allows: --scope read, console, flash or admin");
	}
	if (status == FF_OK) {
		status = ff_scopes_parse(&token->scopes, order->scope, error);
	}
	if (status == FF_OK && order->boards) {
		status = ff_selector_parse(&token->boards, order->boards, error);
		token->has_boards = true;
		snprintf(token->boards_text, sizeof(token->boards_text), "%s", order->boards);
	}
	snprintf(token->name, sizeof(token->name), "%s", order->name);
	token->created_s = (int64_t)time(NULL);
	if (status == FF_OK && order->expires) {
		size_t digits = strspn(order->expires, "0123456789");
		long days = digits > 0 && digits < 6 && !order->expires[digits] ? atol(order->expires) : 0;
		if (days < 1 || days > MOST_DAYS) {
			return ff_error_set(error, FF_ERR_ARGUMENT, "--expires wants a number of days from 1 to %d",
					    MOST_DAYS);
		}
		token->expires_s = token->created_s + days * DAY_S;
	}
	return status;
}

static enum ff_status put_token(void *context, struct ff_tokens *tokens, struct ff_error *error)
{
	const struct order *order = context;
	return ff_tokens_add(tokens, &order->token, error);
}

static enum ff_status add(struct order *order, const char *path, struct ff_error *error)
{
	char text[FF_TOKEN_TEXT_SIZE] = "";
	enum ff_status status = understand(order, error);
	if (status == FF_OK) {
		status = ff_token_make(text, error);
	}
	if (status == FF_OK && !ff_token_hash(order->token.hash, text)) {
		status = ff_error_set(error, FF_ERR_IO, "there is no SHA-256");
	}
	if (status == FF_OK) {
		make_directories(path);
		status = ff_token_file_change(path, put_token, order, error);
	}
	if (status == FF_OK) {
		puts(text);
		fprintf(stderr, "This is the only time that the token \"%s\" is shown.\n", order->name);
	}
	return status;
}

static enum ff_status take_token(void *context, struct ff_tokens *tokens, struct ff_error *error)
{
	const struct order *order = context;
	return ff_tokens_remove(tokens, order->name)
		       ? FF_OK
		       : ff_error_set(error, FF_ERR_NOT_FOUND, "there is no token \"%.40s\"", order->name);
}

static enum ff_status list(const char *path, struct ff_error *error)
{
	struct ff_tokens tokens = { .list = NULL };
	struct ff_error reason = FF_ERROR_NONE;
	enum ff_status status = ff_token_file_read(&tokens, path, &reason);
	if (status == FF_ERR_NOT_FOUND || (status == FF_OK && tokens.count == 0)) {
		fprintf(stderr, "There is no token in %s.\n", path);
		return FF_OK;
	}
	if (status != FF_OK) {
		return ff_error_set(error, status, "%s", reason.text);
	}
	printf("%-20s %-24s %-18s %-18s %s\n", "NAME", "SCOPE", "CREATED", "EXPIRES", "BOARDS");
	for (size_t i = 0; i < tokens.count; i++) {
		const struct ff_token *token = &tokens.list[i];
		char scopes[FF_SCOPES_TEXT_SIZE];
		char created[DATE_SIZE];
		char expires[DATE_SIZE];
		ff_scopes_text(token->scopes, scopes);
		date_text(created, token->created_s);
		date_text(expires, token->expires_s);
		printf("%-20s %-24s %-18s %-18s %s\n", token->name, scopes, created, expires,
		       token->has_boards ? token->boards_text : "all");
	}
	ff_tokens_release(&tokens);
	return FF_OK;
}

static enum ff_status run(struct order *order, const char *path, struct ff_error *error)
{
	if (strcmp(order->verb, "list") == 0 && !order->name) {
		return list(path, error);
	}
	if (strcmp(order->verb, "add") == 0 && order->name) {
		return add(order, path, error);
	}
	if (strcmp(order->verb, "remove") == 0 && order->name) {
		return ff_token_file_change(path, take_token, order, error);
	}
	return ff_error_set(error, FF_ERR_ARGUMENT, "say add NAME, list or remove NAME");
}

static enum ff_status configure(struct ff_config *config, const struct order *order, struct ff_error *error)
{
	enum ff_status status = order->config_path ? ff_config_load(config, order->config_path, error) : FF_OK;
	if (status == FF_OK && order->tokens) {
		status = ff_config_access_set(&config->access, FF_CONFIG_ACCESS_tokens, order->tokens, error);
	}
	if (status == FF_OK && (order->data_dir || !config->data_dir)) {
		status = ff_config_set_data_dir(config, order->data_dir, error);
	}
	return status;
}

int ff_token_command(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "add NAME --scope SCOPE\nlist\nremove NAME",
		.doc = "Makes, lists and removes the tokens without which a farflashd lets nobody in. A server that runs "
		       "notices by itself.",
	};
	struct order order = { .verb = NULL };
	struct ff_config config;
	struct ff_error error = FF_ERROR_NONE;
	char name[] = "farflashd token";
	argv[0] = name;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &order);
	ff_config_init(&config);
	enum ff_status status = configure(&config, &order, &error);
	char *path = status == FF_OK ? ff_config_tokens_path(&config) : NULL;
	if (status == FF_OK) {
		status = path ? run(&order, path, &error) : ff_error_set(&error, FF_ERR_NO_MEMORY, "out of memory");
	}
	if (status != FF_OK) {
		fprintf(stderr, "farflashd: %s\n", error.text);
	}
	free(path);
	ff_config_release(&config);
	return status == FF_OK ? EXIT_SUCCESS : status == FF_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE;
}
