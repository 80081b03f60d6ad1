// SPDX-License-Identifier: Apache-2.0
#include "token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_TOKEN 256

/* Nothing that could become a line of its own in a request. */
static bool is_token(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size; i++) {
		if (text[i] <= ' ' || text[i] > '~') {
			return false;
		}
	}
	return size > 0 && size < MAX_TOKEN;
}

static bool check_mode(FILE *stream, const char *path, struct ff_failure *failure)
{
	struct stat status;

	if (fstat(fileno(stream), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
		return true;
	}
	return ff_failure_set(failure, "invalid-argument", "others can open the token in %s: chmod 600 mends that",
			      path);
}

static bool read_file(char **token, const char *path, bool needed, struct ff_failure *failure)
{
	FILE *stream = fopen(path, "re");
	char line[MAX_TOKEN + 2] = "";
	bool good;

	if (stream == NULL) {
		return !needed || ff_failure_set(failure, "invalid-argument", "cannot open the token in %s: %s", path,
						 strerror(errno));
	}
	good = check_mode(stream, path, failure);
	if (good && fgets(line, sizeof(line), stream) == NULL) {
		line[0] = '\0';
	}
	fclose(stream);
	line[strcspn(line, "\r\n")] = '\0';
	if (good && !is_token(line)) {
		good = ff_failure_set(failure, "invalid-argument", "there is no token in %s", path);
	}
	*token = good ? strdup(line) : NULL;
	return good && (*token != NULL || ff_failure_set(failure, "no-memory", "out of memory"));
}

static bool read_usual_file(char **token, struct ff_failure *failure)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char *path = NULL;
	int made = -1;
	bool good;

	if (config != NULL && *config == '/') {
		made = asprintf(&path, "%s/farflash/token", config);
	} else if (home != NULL && *home == '/') {
		made = asprintf(&path, "%s/.config/farflash/token", home);
	} else {
		return true;
	}
	good = made >= 0 ? read_file(token, path, false, failure)
			 : ff_failure_set(failure, "no-memory", "out of memory");
	free(made >= 0 ? path : NULL);
	return good;
}

bool ff_token_find(char **token, const char *file, struct ff_failure *failure)
{
	const char *given = getenv("FARFLASH_TOKEN");

	*token = NULL;
	if (file != NULL) {
		return read_file(token, file, true, failure);
	}
	if (given == NULL || *given == '\0') {
		return read_usual_file(token, failure);
	}
	if (!is_token(given)) {
		return ff_failure_set(failure, "invalid-argument", "FARFLASH_TOKEN holds no token");
	}
	*token = strdup(given);
	return *token != NULL || ff_failure_set(failure, "no-memory", "out of memory");
}
