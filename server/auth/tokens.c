// SPDX-License-Identifier: Apache-2.0
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "random.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define HEX "0123456789abcdef"
#define MAX_DEPTH 3

void ff_tokens_release(struct ff_tokens *tokens)
{
	free(tokens->list);
	*tokens = (struct ff_tokens){ .list = NULL };
}

enum ff_status ff_token_make(char text[FF_TOKEN_TEXT_SIZE], struct ff_error *error)
{
	char bits[2 * FF_TOKEN_HASH_SIZE + 1];
	if (!ff_random_hex(bits, FF_TOKEN_HASH_SIZE)) {
		return ff_error_set(error, FF_ERR_IO, "the system has no random bits");
	}
	snprintf(text, FF_TOKEN_TEXT_SIZE, FF_TOKEN_PREFIX "%s", bits);
	OPENSSL_cleanse(bits, sizeof(bits));
	return FF_OK;
}

enum ff_status ff_token_check_name(const char *name, struct ff_error *error)
{
	size_t size = strspn(name, NAME_CHARS);
	if (size == 0 || name[size] || size >= FF_TOKEN_NAME_SIZE) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "a token's name has 1 to %d letters, digits, '.', '_' or '-', not \"%.40s\"",
				    FF_TOKEN_NAME_SIZE - 1, name);
	}
	return FF_OK;
}

bool ff_token_hash(uint8_t hash[FF_TOKEN_HASH_SIZE], const char *text)
{
	unsigned size = 0;
	return EVP_Digest(text, strlen(text), hash, &size, EVP_sha256(), NULL) == 1 && size == FF_TOKEN_HASH_SIZE;
}

/* ---- reading ---- */

static bool read_hash(uint8_t hash[FF_TOKEN_HASH_SIZE], const char *text)
{
	if (!text || strlen(text) != (size_t)2 * FF_TOKEN_HASH_SIZE || strspn(text, HEX) != strlen(text)) {
		return false;
	}
	for (size_t i = 0; i < FF_TOKEN_HASH_SIZE; i++) {
		const char *high = strchr(HEX, text[2 * i]);
		const char *low = strchr(HEX, text[2 * i + 1]);
		hash[i] = (uint8_t)((high - HEX) << 4 | (low - HEX));
	}
	return true;
}

static bool read_time(int64_t *time_s, const json_t *value)
{
	*time_s = json_integer_value(value);
	return json_is_integer(value) && *time_s >= 0;
}

/* Nothing but what is known, and all that is needed. */
static enum ff_status read_token(struct ff_token *token, json_t *object, struct ff_error *error)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const char *scopes = json_string_value(json_object_get(object, "scopes"));
	json_t *boards = json_object_get(object, "boards");
	json_t *expires = json_object_get(object, "expires");
	size_t members = 4 + (boards != NULL) + (expires != NULL);
	enum ff_status status = FF_ERR_FORMAT;
	if (!name || !scopes || json_object_size(object) != members || (boards && !json_is_string(boards))) {
		return ff_error_set(error, status, "a token has members that are not known, or lacks some");
	}
	*token = (struct ff_token){ .has_boards = boards != NULL };
	status = ff_token_check_name(name, error);
	if (status == FF_OK) {
		snprintf(token->name, sizeof(token->name), "%s", name);
		status = ff_scopes_parse(&token->scopes, scopes, error);
	}
	if (status == FF_OK && boards) {
		status = ff_selector_parse(&token->boards, json_string_value(boards), error);
		snprintf(token->boards_text, sizeof(token->boards_text), "%s", json_string_value(boards));
	}
	if (status == FF_OK && (!read_hash(token->hash, json_string_value(json_object_get(object, "sha256"))) ||
				!read_time(&token->created_s, json_object_get(object, "created")) ||
				(expires && !read_time(&token->expires_s, expires)))) {
		return ff_error_set(error, FF_ERR_FORMAT, "the token %s has no valid hash or time", name);
	}
	return status == FF_OK ? FF_OK : FF_ERR_FORMAT;
}

static enum ff_status read_list(struct ff_tokens *tokens, const json_t *list, struct ff_error *error)
{
	size_t index;
	json_t *object;
	json_array_foreach(list, index, object)
	{
		struct ff_token token;
		enum ff_status status = read_token(&token, object, error);
		if (status == FF_OK) {
			status = ff_tokens_add(tokens, &token, error);
		}
		if (status != FF_OK) {
			return status == FF_ERR_NO_MEMORY ? status : FF_ERR_FORMAT;
		}
	}
	return FF_OK;
}

/* jansson goes 2048 deep, for which a thread's stack may be too small. */
static bool is_shallow(const char *text, size_t size)
{
	int depth = 0;
	for (size_t i = 0; i < size && depth <= MAX_DEPTH; i++) {
		depth += text[i] == '[' || text[i] == '{';
		depth -= text[i] == ']' || text[i] == '}';
	}
	return depth <= MAX_DEPTH;
}

enum ff_status ff_tokens_parse(struct ff_tokens *tokens, const char *text, size_t size, struct ff_error *error)
{
	json_error_t reason;
	if (size > FF_TOKENS_FILE_MAX || !is_shallow(text, size)) {
		return ff_error_set(error, FF_ERR_FORMAT, "it is too large for a file of tokens");
	}
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &reason);
	const json_t *list = json_object_get(root, "tokens");
	struct ff_tokens found = { .list = NULL };
	enum ff_status status = FF_OK;
	if (!root) {
		status = ff_error_set(error, FF_ERR_FORMAT, "line %d: %s", reason.line, reason.text);
	} else if (!json_is_array(list) || json_object_size(root) != 1) {
		status = ff_error_set(error, FF_ERR_FORMAT, "it is no list of tokens");
	} else {
		status = read_list(&found, list, error);
	}
	json_decref(root);
	if (status != FF_OK) {
		ff_tokens_release(&found);
		return status;
	}
	*tokens = found;
	return FF_OK;
}

/* ---- writing ---- */

static json_t *pack_token(const struct ff_token *token)
{
	char hash[2 * FF_TOKEN_HASH_SIZE + 1];
	char scopes[FF_SCOPES_TEXT_SIZE];
	for (size_t i = 0; i < FF_TOKEN_HASH_SIZE; i++) {
		snprintf(hash + 2 * i, 3, "%02x", token->hash[i]);
	}
	ff_scopes_text(token->scopes, scopes);
	json_t *object = json_pack("{s:s, s:s, s:s, s:I}", "name", token->name, "sha256", hash, "scopes", scopes,
				   "created", (json_int_t)token->created_s);
	if (object && token->has_boards) {
		json_object_set_new(object, "boards", json_string(token->boards_text));
	}
	if (object && token->expires_s > 0) {
		json_object_set_new(object, "expires", json_integer(token->expires_s));
	}
	return object;
}

char *ff_tokens_print(const struct ff_tokens *tokens)
{
	json_t *list = json_array();
	bool good = list != NULL;
	for (size_t i = 0; i < tokens->count && good; i++) {
		good = json_array_append_new(list, pack_token(&tokens->list[i])) == 0;
	}
	json_t *root = good ? json_pack("{s:O}", "tokens", list) : NULL;
	char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	json_decref(list);
	return text;
}

/* ---- a set ---- */

static size_t place_of(const struct ff_tokens *tokens, const char *name)
{
	size_t i = 0;
	while (i < tokens->count && strcmp(tokens->list[i].name, name) != 0) {
		i++;
	}
	return i;
}

enum ff_status ff_tokens_add(struct ff_tokens *tokens, const struct ff_token *token, struct ff_error *error)
{
	if (place_of(tokens, token->name) < tokens->count) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there is a token \"%s\" already", token->name);
	}
	if (tokens->count == FF_TOKENS_MAX) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "there are %d tokens, and no more can be", FF_TOKENS_MAX);
	}
	struct ff_token *list = realloc(tokens->list, (tokens->count + 1) * sizeof(*list));
	if (!list) {
		return ff_error_set(error, FF_ERR_NO_MEMORY, "out of memory");
	}
	tokens->list = list;
	tokens->list[tokens->count++] = *token;
	return FF_OK;
}

bool ff_tokens_remove(struct ff_tokens *tokens, const char *name)
{
	size_t place = place_of(tokens, name);
	if (place == tokens->count) {
		return false;
	}
	tokens->count--;
	memmove(&tokens->list[place], &tokens->list[place + 1], (tokens->count - place) * sizeof(*tokens->list));
	return true;
}

const struct ff_token *ff_tokens_find(const struct ff_tokens *tokens, const char *text)
{
	uint8_t hash[FF_TOKEN_HASH_SIZE];
	const struct ff_token *found = NULL;
	if (!ff_token_hash(hash, text)) {
		return NULL;
	}
	for (size_t i = 0; i < tokens->count; i++) {
		if (CRYPTO_memcmp(tokens->list[i].hash, hash, sizeof(hash)) == 0) {
			found = &tokens->list[i];
		}
	}
	return found;
}
