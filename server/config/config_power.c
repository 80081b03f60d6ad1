// SPDX-License-Identifier: Apache-2.0
#include "config_power.h"

#include <stdlib.h>
#include <string.h>

static const cyaml_schema_value_t word_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED),
};

#define WORDS(member) \
	CYAML_FIELD_SEQUENCE(#member, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct ff_config_power, member, \
			     &word_schema, 1, FF_POWER_MAX_WORDS)

const cyaml_schema_field_t ff_config_power_fields[] = {
	WORDS(on),
	WORDS(off),
	WORDS(cycle),
	CYAML_FIELD_STRING_PTR("timeout", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct ff_config_power, timeout, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static enum ff_status take_words(struct ff_power *power, const struct ff_config_power *file, struct ff_error *error)
{
	const struct {
		char *const *words;
		unsigned count;
	} lists[FF_POWER_ACTION_COUNT] = {
		[FF_POWER_ON] = { file->on, file->on_count },
		[FF_POWER_OFF] = { file->off, file->off_count },
		[FF_POWER_CYCLE] = { file->cycle, file->cycle_count },
	};
	enum ff_status status = FF_OK;
	for (unsigned action = 0; action < FF_POWER_ACTION_COUNT; action++) {
		for (unsigned i = 0; i < lists[action].count && status == FF_OK; i++) {
			status = ff_power_add_word(power, (enum ff_power_action)action, lists[action].words[i], error);
		}
	}
	return status;
}

static enum ff_status take_timeout(struct ff_power *power, const char *text, struct ff_error *error)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long seconds = digits > 0 && digits <= 3 && !text[digits] ? strtoul(text, NULL, 10) : 0;
	if (seconds < 1 || seconds > FF_POWER_LONGEST_TIMEOUT_S) {
		return ff_error_set(error, FF_ERR_ARGUMENT, "power, timeout: \"%.40s\" is not 1 to %d seconds", text,
				    FF_POWER_LONGEST_TIMEOUT_S);
	}
	power->timeout_s = (unsigned)seconds;
	return FF_OK;
}

static enum ff_status take_on_failure(struct ff_power *power, const char *text, struct ff_error *error)
{
	power->on_failure = strcmp(text, "true") == 0;
	if (!power->on_failure && strcmp(text, "false") != 0) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "power-cycle-on-failure: \"%.40s\" is neither true nor false", text);
	}
	if (power->on_failure && !ff_power_can(power, FF_POWER_CYCLE)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "power-cycle-on-failure needs programs: power's cycle, or its on and off");
	}
	return FF_OK;
}

enum ff_status ff_config_take_power(struct ff_power *power, const struct ff_config_power *file,
				    const char *cycle_on_failure, struct ff_error *error)
{
	enum ff_status status = file ? take_words(power, file, error) : FF_OK;
	if (status == FF_OK && file && file->timeout) {
		status = take_timeout(power, file->timeout, error);
	}
	if (status == FF_OK && cycle_on_failure) {
		status = take_on_failure(power, cycle_on_failure, error);
	}
	return status;
}
