// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "text.h"

#define LINE_SIZE 640
#define JOB_SIZE 24

/* sd-daemon(3) */
static const int priorities[] = {
	[FF_LOG_ERROR] = 3, [FF_LOG_WARN] = 4, [FF_LOG_INFO] = 6, [FF_LOG_DEBUG] = 7, [FF_LOG_TRACE] = 7,
};

/* The board whose name and ": " the line begins with, which are taken off; NULL: none. */
static const char *take_board(const struct ff_config *config, const char **line)
{
	size_t size = strcspn(*line, ":");
	for (size_t i = 0; i < config->board_count && (*line)[size] && (*line)[size + 1] == ' '; i++) {
		const char *name = config->boards[i].name;
		if (strlen(name) == size && strncmp(name, *line, size) == 0) {
			*line += size + 2;
			return name;
		}
	}
	return NULL;
}

/* The number in a line that begins with "job 7 ", which stays there; empty: it is about no job. */
static void find_job(const char *line, char job[JOB_SIZE])
{
	size_t digits = strncmp(line, "job ", 4) == 0 ? strspn(line + 4, "0123456789") : 0;
	job[0] = 0;
	if (digits > 0 && digits < JOB_SIZE && line[4 + digits] == ' ') {
		snprintf(job, JOB_SIZE, "%.*s", (int)digits, line + 4);
	}
}

/* The line as an object, for free(). NULL: out of memory. */
static char *make_json(const struct ff_journal *journal, enum ff_log_level level, const char *time, const char *line)
{
	char job[JOB_SIZE];
	const char *board = take_board(journal->config, &line);
	find_job(line, job);
	json_t *event =
		json_pack("{s:s*, s:s, s:s*, s:s*, s:s}", "time", journal->systemd ? NULL : time, "level",
			  ff_config_log_level_name(level), "board", board, "job", job[0] ? job : NULL, "message", line);
	char *text = event ? json_dumps(event, JSON_COMPACT) : NULL;
	json_decref(event);
	return text;
}

static void write_line(void *context, enum ff_log_level level, const char *line)
{
	const struct ff_journal *journal = context;
	char time[FF_TEXT_TIME_SIZE];
	char clean[LINE_SIZE];
	char priority[8] = "";
	ff_text_time(time, ff_wall_ms());
	snprintf(clean, sizeof(clean), "%s", line);
	/* Boards and clients have a say in some messages; they must not forge lines or drive the terminal. */
	ff_text_clean(clean);
	if (journal->systemd) {
		snprintf(priority, sizeof(priority), "<%d>", priorities[level]);
	}
	char *json = journal->config->log_json ? make_json(journal, level, time, clean) : NULL;
	char *text = NULL;
	int size = -1;
	if (json) {
		size = asprintf(&text, "%s%s\n", priority, json);
	} else if (journal->systemd) {
		size = asprintf(&text, "%s%s\n", priority, clean);
	} else {
		size = asprintf(&text, "%s %-5s %s\n", time, ff_config_log_level_name(level), clean);
	}
	if (size > 0) {
		/* One write, so that the kernel keeps lines whole. There is nowhere to report a failure to. */
		(void)!write(STDERR_FILENO, text, (size_t)size);
		free(text);
	}
	free(json);
}

/* systemd says in JOURNAL_STREAM which file the journal reads; standard error may have been sent elsewhere since. */
static bool leads_to_systemd(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char mine[64];
	if (!stream || fstat(STDERR_FILENO, &status) != 0) {
		return false;
	}
	snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	return strcmp(stream, mine) == 0;
}

void ff_journal_open(struct ff_journal *journal, const struct ff_config *config)
{
	*journal = (struct ff_journal){ .config = config, .systemd = leads_to_systemd() };
}

struct ff_log ff_journal_log(struct ff_journal *journal)
{
	return (struct ff_log){ .write = write_line, .context = journal, .level = journal->config->log_level };
}
