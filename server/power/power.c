// SPDX-License-Identifier: Apache-2.0
#include "power.h"

#include <string.h>

#include "clock.h"
#include "hook.h"

#define OFF_MS 2000 /* without power, between off and on: for capacitors to empty */
#define SLICE_MS 100

static const char *const names[] = {
#define ACTION_NAME(constant, name) [constant] = (name),
	FF_POWER_ACTION_MAP(ACTION_NAME)
#undef ACTION_NAME
};

const char *ff_power_action_name(enum ff_power_action action)
{
	return names[action];
}

bool ff_power_find_action(const char *name, enum ff_power_action *action)
{
	for (unsigned i = 0; name && i < FF_POWER_ACTION_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*action = (enum ff_power_action)i;
			return true;
		}
	}
	return false;
}

enum ff_status ff_power_add_word(struct ff_power *power, enum ff_power_action action, const char *word,
				 struct ff_error *error)
{
	struct ff_power_command *command = &power->commands[action];
	size_t size = strlen(word) + 1;
	if (command->count == 0 && word[0] != '/') {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "power, %s: \"%.80s\" is not the absolute path of a program", names[action], word);
	}
	if (command->count == FF_POWER_MAX_WORDS || size > sizeof(command->words) - command->size) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "power, %s: more than %d words or %zu bytes: put them into a script", names[action],
				    FF_POWER_MAX_WORDS, sizeof(command->words));
	}
	memcpy(command->words + command->size, word, size);
	command->size += size;
	command->count++;
	return FF_OK;
}

static bool has(const struct ff_power *power, enum ff_power_action action)
{
	return power->commands[action].count > 0;
}

bool ff_power_can(const struct ff_power *power, enum ff_power_action action)
{
	return has(power, action) || (action == FF_POWER_CYCLE && has(power, FF_POWER_ON) && has(power, FF_POWER_OFF));
}

static enum ff_status run_one(const struct ff_power *power, enum ff_power_action action,
			      const struct ff_power_caller *caller, struct ff_error *error)
{
	const struct ff_power_command *command = &power->commands[action];
	char *argv[FF_POWER_MAX_WORDS + 1] = { NULL };
	const char *word = command->words;
	for (unsigned i = 0; i < command->count; i++) {
		argv[i] = (char *)word; /* execve() takes it so, and leaves it alone */
		word += strlen(word) + 1;
	}
	unsigned timeout_s = power->timeout_s ? power->timeout_s : FF_POWER_DEFAULT_TIMEOUT_S;
	struct ff_hook hook = {
		.argv = argv,
		.action = names[action],
		.caller = caller,
		.limit_ms = timeout_s * 1000,
	};
	return ff_hook_run(&hook, error);
}

static enum ff_status pause_off(const struct ff_power_caller *caller, struct ff_error *error)
{
	int64_t end = ff_deadline_ms(OFF_MS);
	while (ff_now_us() < end) {
		ff_sleep_ms(SLICE_MS);
		if (!caller->meanwhile(caller->context)) {
			return ff_error_set(error, FF_ERR_CANCELLED, "cancelled while the power was off");
		}
	}
	return FF_OK;
}

enum ff_status ff_power_run(const struct ff_power *power, enum ff_power_action action,
			    const struct ff_power_caller *caller, struct ff_error *error)
{
	if (!ff_power_can(power, action)) {
		return ff_error_set(error, FF_ERR_UNSUPPORTED, "the board has no program for power %s", names[action]);
	}
	if (has(power, action)) {
		return run_one(power, action, caller, error);
	}
	enum ff_status status = run_one(power, FF_POWER_OFF, caller, error);
	if (status == FF_OK) {
		status = pause_off(caller, error);
	}
	return status == FF_OK ? run_one(power, FF_POWER_ON, caller, error) : status;
}
