// SPDX-License-Identifier: Apache-2.0
#include "config_change.h"

#include <stdio.h>
#include <string.h>

/* A key of the canonical YAML with everything that belongs to it: its line, and those behind it that are indented or are
 * items of its list. */
struct block {
	const char *text;
	size_t size;
	size_t key_size;
};

static bool continues(const char *line)
{
	return *line == ' ' || *line == '-' || *line == '\n';
}

/* The next one at `at`, which is moved behind it. False: there is none. */
static bool next_block(const char **at, struct block *block)
{
	while (**at && (continues(*at) || strncmp(*at, "...", 3) == 0)) { /* the marks of a document's ends */
		*at += strcspn(*at, "\n");
		*at += **at == '\n';
	}
	block->text = *at;
	block->key_size = strcspn(*at, ":\n");
	do {
		*at += strcspn(*at, "\n");
		*at += **at == '\n';
	} while (**at && continues(*at) && strncmp(*at, "---", 3) != 0);
	block->size = (size_t)(*at - block->text);
	return block->size > 0;
}

static bool has_key(const char *text, const struct block *wanted, struct block *found)
{
	const char *at = text;
	while (next_block(&at, found)) {
		if (found->key_size == wanted->key_size && memcmp(found->text, wanted->text, wanted->key_size) == 0) {
			return true;
		}
	}
	return false;
}

static void name(const struct block *block, char *names, size_t size)
{
	size_t used = strlen(names);
	snprintf(names + used, size - used, "%s%.*s", used > 0 ? ", " : "", (int)block->key_size, block->text);
}

/* Names what `text` says and `other` does not, or, with `both`, says otherwise. */
static void compare(const char *text, const char *other, bool both, char *names, size_t size)
{
	struct block block;
	struct block found;
	while (next_block(&text, &block)) {
		bool there = has_key(other, &block, &found);
		bool same = there && found.size == block.size && memcmp(found.text, block.text, block.size) == 0;
		if (there ? both && !same : true) {
			name(&block, names, size);
		}
	}
}

bool ff_config_changed_options(const struct ff_config *before, const struct ff_config *after, char *names, size_t size)
{
	const char *old = before->source.options ? before->source.options : "";
	const char *new = after->source.options ? after->source.options : "";
	names[0] = '\0';
	compare(new, old, true, names, size);
	compare(old, new, false, names, size);
	return names[0] != '\0';
}

bool ff_config_board_has_other_ports(const struct ff_config_board *before, const struct ff_config_board *after)
{
	return before->rfc2217 != after->rfc2217 || before->raw != after->raw;
}

static bool has_other_labels(const struct ff_labels *before, const struct ff_labels *after)
{
	bool other = before->count != after->count;
	for (size_t i = 0; i < before->count && !other; i++) {
		other = strcmp(before->labels[i].key, after->labels[i].key) != 0 ||
			strcmp(before->labels[i].value, after->labels[i].value) != 0;
	}
	return other;
}

static bool has_other_power(const struct ff_power *before, const struct ff_power *after)
{
	bool other = before->timeout_s != after->timeout_s || before->on_failure != after->on_failure;
	for (unsigned i = 0; i < FF_POWER_ACTION_COUNT && !other; i++) {
		const struct ff_power_command *old = &before->commands[i];
		const struct ff_power_command *new = &after->commands[i];
		other = old->count != new->count || old->size != new->size ||
			memcmp(old->words, new->words, old->size) != 0;
	}
	return other;
}

bool ff_config_board_has_other_settings(const struct ff_config_board *before, const struct ff_config_board *after)
{
	return before->baud != after->baud || strcmp(before->resets.enter, after->resets.enter) != 0 ||
	       strcmp(before->resets.hard, after->resets.hard) != 0 ||
	       has_other_labels(&before->labels, &after->labels) || has_other_power(&before->power, &after->power);
}
