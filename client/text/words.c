// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Reads `text` and writes the words, which never need more room than the text and one zero each. */
struct splitter {
	const char *text;
	size_t size;
	size_t at;
	unsigned line;
	char *out;
	struct ff_words *words;
	struct ff_error *error;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static enum ff_status fail_line(struct splitter *splitter, const char *what)
{
	return ff_error_set(splitter->error, FF_ERR_FORMAT, "line %u: %s", splitter->line, what);
}

static void skip_comment(struct splitter *splitter)
{
	while (splitter->at < splitter->size && splitter->text[splitter->at] != '\n') {
		splitter->at++;
	}
}

static void skip_blank(struct splitter *splitter)
{
	while (splitter->at < splitter->size) {
		char c = splitter->text[splitter->at];

		if (c == '#') {
			skip_comment(splitter);
		} else if (is_space(c)) {
			splitter->line += c == '\n';
			splitter->at++;
		} else {
			return;
		}
	}
}

/* Copies what stands between two quotes; the opening one is taken. */
static enum ff_status take_quoted(struct splitter *splitter, char quote)
{
	while (splitter->at < splitter->size && splitter->text[splitter->at] != '\n') {
		char c = splitter->text[splitter->at++];

		if (c == quote) {
			return FF_OK;
		}
		if (c == '\\' && quote == '"' && splitter->at < splitter->size &&
		    (splitter->text[splitter->at] == '"' || splitter->text[splitter->at] == '\\')) {
			c = splitter->text[splitter->at++];
		}
		*splitter->out++ = c;
	}
	return fail_line(splitter, quote == '"' ? "a \" is not closed" : "a ' is not closed");
}

static enum ff_status take_escaped(struct splitter *splitter)
{
	if (splitter->at == splitter->size || splitter->text[splitter->at] == '\n') {
		return fail_line(splitter, "nothing follows the \\ at its end");
	}
	*splitter->out++ = splitter->text[splitter->at++];
	return FF_OK;
}

static enum ff_status take_word(struct splitter *splitter)
{
	enum ff_status status = FF_OK;

	if (splitter->words->count == FF_WORDS_MAX) {
		return ff_error_set(splitter->error, FF_ERR_TOO_LARGE, "more than %d words", FF_WORDS_MAX);
	}
	splitter->words->items[splitter->words->count++] = splitter->out;
	while (status == FF_OK && splitter->at < splitter->size && !is_space(splitter->text[splitter->at])) {
		char c = splitter->text[splitter->at++];

		if (c == '\'' || c == '"') {
			status = take_quoted(splitter, c);
		} else if (c == '\\') {
			status = take_escaped(splitter);
		} else {
			*splitter->out++ = c;
		}
	}
	*splitter->out++ = '\0';
	return status;
}

static enum ff_status split_all(struct splitter *splitter)
{
	for (;;) {
		enum ff_status status;

		skip_blank(splitter);
		if (splitter->at == splitter->size) {
			return FF_OK;
		}
		status = take_word(splitter);
		if (status != FF_OK) {
			return status;
		}
	}
}

enum ff_status ff_words_split(struct ff_words *words, const char *text, size_t size, struct ff_error *error)
{
	struct ff_words found = { .count = 0 };
	struct splitter splitter = { .text = text, .size = size, .line = 1, .words = &found, .error = error };
	enum ff_status status;

	if (size > FF_WORDS_MAX_SIZE) {
		return ff_error_set(error, FF_ERR_TOO_LARGE, "larger than %d bytes", FF_WORDS_MAX_SIZE);
	}
	if (size > 0 && memchr(text, '\0', size) != NULL) {
		return ff_error_set(error, FF_ERR_FORMAT, "it holds a zero byte: this is not a text file");
	}
	/* A word of n characters ends before a separator or at the end, so one more byte than the text is enough. */
	found.storage = malloc(size + 1);
	if (found.storage == NULL) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	splitter.out = found.storage;
	status = split_all(&splitter);
	if (status != FF_OK) {
		ff_words_release(&found);
		return status;
	}
	*words = found;
	return FF_OK;
}

void ff_words_release(struct ff_words *words)
{
	free(words->storage);
	*words = (struct ff_words){ .count = 0 };
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return 16;
}

static bool parse_number(uint32_t *number, const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	unsigned base = hex ? 16 : 10;
	uint64_t value = 0;

	for (const char *p = digits; *p != '\0'; p++) {
		unsigned digit = (unsigned)digit_value(*p);

		value = value * base + digit;
		if (digit >= base || value > UINT32_MAX) {
			return false;
		}
	}
	*number = (uint32_t)value;
	return digits[0] != '\0';
}

enum ff_status ff_words_offset(uint32_t *offset, const char *text, struct ff_error *error)
{
	uint32_t value;

	if (!parse_number(&value, text)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "'%.40s' is not a flash offset: give a number like 0x10000 or 65536", text);
	}
	*offset = value;
	return FF_OK;
}

enum ff_status ff_words_number(uint32_t *number, const char *text, const char *what, struct ff_error *error)
{
	uint32_t value;

	if (!parse_number(&value, text)) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "'%.40s' is not %s: give a number like 0x1000 or 4096",
				    text, what);
	}
	*number = value;
	return FF_OK;
}
