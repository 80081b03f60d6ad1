// SPDX-License-Identifier: Apache-2.0
/* reset, power, flash-id, read-mac, chip-id: short work on one board, here or through the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "commands.h"
#include "job.h"
#include "work.h"

bool ff_cmd_reset(struct ff_run *run)
{
	const struct ff_remote_task there = { .resource = "reset", .takes = FF_REMOTE_TAKES_NOTHING };

	if (run->options->port != NULL ? !ff_direct_reset(run) : !ff_remote_work(run, &there)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json && !ff_batch_is_one(run->result)) {
		printf("%s: reset\n", ff_job_board(run->result));
	}
	return true;
}

bool ff_cmd_power(struct ff_run *run)
{
	struct ff_remote_task there = { .takes = FF_REMOTE_TAKES_NOTHING };
	const char *action = run->options->word_count == 1 ? run->options->words[0].text : "";

	if (strcmp(action, "on") != 0 && strcmp(action, "off") != 0 && strcmp(action, "cycle") != 0) {
		return ff_failure_set(&run->failure, "invalid-argument", "say what to do: power on, off or cycle");
	}
	if (run->options->port != NULL) {
		return ff_failure_set(&run->failure, "invalid-argument",
				      "power is switched by a server, whose configuration knows how: --port has none");
	}
	snprintf(there.resource, sizeof(there.resource), "power?action=%s", action);
	if (!ff_remote_work(run, &there)) {
		return false;
	}
	ff_display_clear(run->display);
	if (!run->options->json) {
		printf("%s: power %s\n", ff_job_board(run->result), action);
	}
	return true;
}

static const char *known(const json_t *info, const char *key)
{
	const char *text = json_string_value(json_object_get(info, key));

	return text != NULL ? text : "unknown";
}

static json_t *text_or_null(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static enum ff_status look_at_wiring(void *context, struct ff_flasher *flasher, json_t *result, struct ff_error *error)
{
	struct ff_flash_wiring wiring;
	enum ff_status status = ff_flasher_flash_wiring(flasher, &wiring, error);

	(void)context;
	if (status == FF_OK) {
		json_object_set_new(result, "flash_data_lines",
				    wiring.data_lines > 0 ? json_integer(wiring.data_lines) : json_null());
		json_object_set_new(result, "flash_voltage", text_or_null(wiring.voltage));
		json_object_set_new(result, "flash_voltage_set_by", text_or_null(wiring.voltage_set_by));
	}
	return status;
}

static bool identify_flash(struct ff_run *run)
{
	const struct ff_direct_task here = { .kind = "info", .work = look_at_wiring };
	const struct ff_remote_task there = { .resource = "info?wiring=true", .takes = FF_REMOTE_TAKES_RESETS };

	if (run->options->port != NULL ? !ff_direct_work(run, &here) : !ff_remote_work(run, &there)) {
		return false;
	}
	ff_display_clear(run->display);
	return true;
}

static void print_wiring(const json_t *result)
{
	json_int_t data_lines = json_integer_value(json_object_get(result, "flash_data_lines"));
	const char *voltage = json_string_value(json_object_get(result, "flash_voltage"));

	if (data_lines > 0) {
		printf("Flash type set in eFuse: %s (%lld data lines)\n", data_lines == 8 ? "octal" : "quad",
		       (long long)data_lines);
	}
	if (voltage != NULL) {
		printf("Flash voltage set by %s: %s\n", known(result, "flash_voltage_set_by"), voltage);
	}
}

/* The id holds the maker in its lowest byte, then type and capacity. */
bool ff_cmd_flash_id(struct ff_run *run)
{
	const json_t *info;
	unsigned long id;
	long long size;

	if (!identify_flash(run)) {
		return false;
	}
	if (ff_batch_is_one(run->result)) {
		return true;
	}
	info = json_object_get(run->result, "info");
	id = strtoul(known(info, "flash_id"), NULL, 0);
	size = (long long)json_integer_value(json_object_get(info, "flash_size"));
	if (id == 0) {
		return ff_failure_set(&run->failure, "protocol-error", "%s: the flash chip does not say what it is",
				      ff_job_board(run->result));
	}
	if (run->options->json) {
		return true;
	}
	if (run->options->select != NULL) {
		printf("Board: %s\n", ff_job_board(run->result));
	}
	printf("Manufacturer: %02lx\n", id & 0xff);
	printf("Device: %02lx%02lx\n", id >> 8 & 0xff, id >> 16 & 0xff);
	if (size >= 1024 * 1024) {
		printf("Detected flash size: %lldMB\n", size / (1024 * 1024));
	} else if (size > 0) {
		printf("Detected flash size: %lldKB\n", size / 1024);
	} else {
		puts("Detected flash size: unknown");
	}
	print_wiring(json_object_get(run->result, "result"));
	return true;
}

/* As esptool lines it up. */
static void print_line(const char *label, const char *value)
{
	printf("%-20s%s\n", label, value);
}

/* Not every chip has it, or tells it. */
static void print_if_told(const char *label, const json_t *info, const char *key)
{
	const char *text = json_string_value(json_object_get(info, key));

	if (text != NULL) {
		print_line(label, text);
	}
}

/* An EUI-64 is the MAC with two bytes more in its middle. */
static void print_mac(const json_t *info)
{
	const char *eui64 = json_string_value(json_object_get(info, "eui64"));

	if (eui64 == NULL || strlen(eui64) != strlen("00:00:00:00:00:00:00:00")) {
		print_line("MAC:", known(info, "mac"));
		return;
	}
	print_line("MAC:", eui64);
	print_line("BASE MAC:", known(info, "mac"));
	printf("%-20s%.5s\n", "MAC_EXT:", eui64 + strlen("00:00:00:"));
}

bool ff_cmd_read_mac(struct ff_run *run)
{
	const json_t *info;

	if (!ff_work_info(run, &info)) {
		return false;
	}
	if (!run->options->json && info != NULL) {
		print_mac(info);
	}
	return true;
}

/* The ESP8266 has no revision, and a chip that cannot be asked tells none. */
static void print_chip_type(const json_t *info)
{
	const char *chip = known(info, "chip");
	const char *package = json_string_value(json_object_get(info, "description"));
	bool asked = json_array_size(json_object_get(info, "features")) > 0;

	printf("%-20s%s", "Chip type:", package != NULL ? package : chip);
	if (asked && strcmp(chip, "ESP8266") != 0) {
		printf(" (revision %s)", known(info, "revision"));
	}
	putchar('\n');
}

static void print_features(const json_t *features)
{
	size_t index;
	json_t *feature;

	if (json_array_size(features) == 0) {
		return;
	}
	printf("%-20s", "Features:");
	json_array_foreach(features, index, feature)
	{
		printf("%s%s", index > 0 ? ", " : "", json_string_value(feature));
	}
	putchar('\n');
}

bool ff_cmd_chip_id(struct ff_run *run)
{
	const json_t *info;
	json_int_t crystal;

	if (!ff_work_info(run, &info)) {
		return false;
	}
	if (run->options->json || info == NULL) {
		return true;
	}
	crystal = json_integer_value(json_object_get(info, "crystal_mhz"));
	print_chip_type(info);
	print_features(json_object_get(info, "features"));
	if (crystal > 0) {
		printf("%-20s%lldMHz\n", "Crystal frequency:", (long long)crystal);
	}
	print_if_told("Secure boot:", info, "secure_boot");
	print_if_told("Flash encryption:", info, "flash_encryption");
	print_mac(info);
	return true;
}
