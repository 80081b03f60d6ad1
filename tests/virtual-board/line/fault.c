// SPDX-License-Identifier: Apache-2.0
#include "fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEED 0x9E3779B97F4A7C15u
#define DEFAULT_GONE_MS 1000
#define DEFAULT_DELAY_MS 20
#define MAX_DELAY_MS 60000
#define NS_PER_MS INT64_C(1000000)
#define MAX_GONE_S 3600.0
#define SPEC_SIZE 96
#define FIELDS_MAX 4

const char ff_fault_help[] =
	"Faults (--fault may be given several times; N is decimal or 0x hex):\n"
	"  drop:RATE, corrupt:RATE, dup:RATE   lose, change or double this share of the bytes (0 to 1) in both "
	"directions; end with :rx (towards the chip) or :tx for one\n"
	"  delay:RATE          hold up this share of the bytes, and all behind them, for a while; :rx and :tx as above\n"
	"  pause:MS            how long such a delay is (20)\n"
	"  hang:N              after N received bytes the chip falls silent until it is reset\n"
	"  reset:N             after N received bytes the chip resets\n"
	"  vanish:N[:SECONDS]  after N received bytes the port goes away and comes back after SECONDS (1)\n"
	"  badflash:ADDRESS    the flash cell at ADDRESS does not take a program\n"
	"  seed:N              another sequence of random decisions\n"
	"hang, reset, vanish and badflash happen once, so that the board is healthy afterwards; with :always at the end "
	"they happen again after N more bytes, or at each program. --device echo knows no hang, reset and badflash.\n";

void ff_faults_init(struct ff_faults *faults)
{
	*faults = (struct ff_faults){ .random = SEED, .delay_ms = DEFAULT_DELAY_MS };
}

/* splitmix64: tiny, good enough, and the same on every machine. */
static uint64_t next_random(struct ff_faults *faults)
{
	faults->random += SEED;
	uint64_t z = faults->random;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static bool happens(struct ff_faults *faults, double rate)
{
	return rate > 0 && (double)(next_random(faults) >> 11) * 0x1p-53 < rate;
}

struct fields {
	char text[SPEC_SIZE];
	char *at[FIELDS_MAX];
	size_t count;
};

static bool split(struct fields *fields, const char *spec)
{
	if (strlen(spec) >= sizeof(fields->text)) {
		return false;
	}
	strcpy(fields->text, spec);
	fields->count = 0;
	char *rest = fields->text;
	for (char *field; (field = strsep(&rest, ":"));) {
		if (fields->count == FIELDS_MAX || *field == '\0') {
			return false;
		}
		fields->at[fields->count++] = field;
	}
	return true;
}

static bool parse_count(const char *text, uint64_t *value)
{
	char *end;
	errno = 0;
	unsigned long long parsed = strtoull(text, &end, 0);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9') {
		return false;
	}
	*value = parsed;
	return true;
}

static bool parse_real(const char *text, double max, double *value)
{
	char *end;
	double parsed = strtod(text, &end);
	if (end == text || *end != '\0' || !(parsed >= 0 && parsed <= max)) {
		return false;
	}
	*value = parsed;
	return true;
}

/* drop, corrupt, dup, delay: RATE[:rx|:tx] */
static bool add_rate(double rates[2], const struct fields *fields)
{
	double rate;
	if (fields->count < 2 || fields->count > 3 || !parse_real(fields->at[1], 1, &rate)) {
		return false;
	}
	bool both = fields->count == 2;
	bool rx = both || strcmp(fields->at[2], "rx") == 0;
	bool tx = both || strcmp(fields->at[2], "tx") == 0;
	if (rx) {
		rates[FF_RX] = rate;
	}
	if (tx) {
		rates[FF_TX] = rate;
	}
	return rx || tx;
}

/* hang, reset, vanish, badflash: N[:SECONDS][:always] */
static bool add_trigger(struct ff_faults *faults, enum ff_fault_kind kind, struct fields *fields)
{
	struct ff_fault_trigger trigger = { .kind = kind, .gone_ms = DEFAULT_GONE_MS };
	if (faults->trigger_count == FF_FAULT_TRIGGERS_MAX || fields->count < 2 ||
	    !parse_count(fields->at[1], &trigger.at)) {
		return false;
	}
	size_t used = 2;
	if (kind == FF_FAULT_VANISH && fields->count > used && strcmp(fields->at[used], "always") != 0) {
		double seconds;
		if (!parse_real(fields->at[used++], MAX_GONE_S, &seconds)) {
			return false;
		}
		trigger.gone_ms = (uint32_t)(seconds * 1000);
	}
	if (fields->count > used && strcmp(fields->at[used], "always") == 0) {
		trigger.always = true;
		used++;
	}
	/* Nothing happens after 0 bytes, and an endless series of them would never let the chip run. */
	if (used != fields->count || (trigger.at == 0 && kind != FF_FAULT_BAD_FLASH)) {
		return false;
	}
	trigger.next = trigger.at;
	faults->triggers[faults->trigger_count++] = trigger;
	return true;
}

static bool add_seed(struct ff_faults *faults, const struct fields *fields)
{
	uint64_t seed;
	if (fields->count != 2 || !parse_count(fields->at[1], &seed)) {
		return false;
	}
	faults->random = SEED ^ seed;
	return true;
}

static bool add_pause(struct ff_faults *faults, const struct fields *fields)
{
	uint64_t ms;
	if (fields->count != 2 || !parse_count(fields->at[1], &ms) || ms > MAX_DELAY_MS) {
		return false;
	}
	faults->delay_ms = (uint32_t)ms;
	return true;
}

static bool add(struct ff_faults *faults, const char *spec)
{
	static const struct {
		const char *name;
		enum ff_fault_kind kind;
	} kinds[] = {
		{ "hang", FF_FAULT_HANG },
		{ "reset", FF_FAULT_RESET },
		{ "vanish", FF_FAULT_VANISH },
		{ "badflash", FF_FAULT_BAD_FLASH },
	};
	struct fields fields;
	if (!split(&fields, spec)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(fields.at[0], kinds[i].name) == 0) {
			return add_trigger(faults, kinds[i].kind, &fields);
		}
	}
	if (strcmp(fields.at[0], "drop") == 0) {
		return add_rate(faults->drop, &fields);
	}
	if (strcmp(fields.at[0], "corrupt") == 0) {
		return add_rate(faults->corrupt, &fields);
	}
	if (strcmp(fields.at[0], "dup") == 0) {
		return add_rate(faults->dup, &fields);
	}
	if (strcmp(fields.at[0], "delay") == 0) {
		return add_rate(faults->delay, &fields);
	}
	if (strcmp(fields.at[0], "pause") == 0) {
		return add_pause(faults, &fields);
	}
	return strcmp(fields.at[0], "seed") == 0 && add_seed(faults, &fields);
}

enum ff_status ff_faults_add(struct ff_faults *faults, const char *spec, struct ff_error *error)
{
	if (!add(faults, spec)) {
		return ff_error_set(error, FF_ERR_ARGUMENT,
				    "\"%s\" is not a fault: see the list of faults at the end of --help", spec);
	}
	return FF_OK;
}

size_t ff_faults_apply(struct ff_faults *faults, enum ff_direction direction, const uint8_t *bytes, size_t size,
		       uint8_t *out)
{
	double drop = faults->drop[direction];
	double corrupt = faults->corrupt[direction];
	double dup = faults->dup[direction];
	if (drop == 0 && corrupt == 0 && dup == 0) {
		memcpy(out, bytes, size);
		return size;
	}
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = bytes[i];
		if (happens(faults, drop)) {
			continue;
		}
		if (happens(faults, corrupt)) {
			byte ^= (uint8_t)(1u << (next_random(faults) & 7));
		}
		out[used++] = byte;
		if (happens(faults, dup)) {
			out[used++] = byte;
		}
	}
	return used;
}

size_t ff_faults_delay(struct ff_faults *faults, enum ff_direction direction, size_t size, int64_t *delay_ns)
{
	*delay_ns = 0;
	for (size_t i = 0; i < size && faults->delay[direction] > 0; i++) {
		if (happens(faults, faults->delay[direction])) {
			*delay_ns = faults->delay_ms * NS_PER_MS;
			return i + 1;
		}
	}
	return size;
}

bool ff_faults_have_delay(const struct ff_faults *faults)
{
	return faults->delay[FF_RX] > 0 || faults->delay[FF_TX] > 0;
}

const struct ff_fault_trigger *ff_faults_received(struct ff_faults *faults)
{
	faults->received++;
	for (size_t i = 0; i < faults->trigger_count; i++) {
		struct ff_fault_trigger *trigger = &faults->triggers[i];
		if (trigger->fired || trigger->kind == FF_FAULT_BAD_FLASH || faults->received < trigger->next) {
			continue;
		}
		trigger->fired = !trigger->always;
		trigger->next += trigger->at;
		return trigger;
	}
	return NULL;
}

uint8_t ff_faults_hear(struct ff_faults *faults, uint8_t byte, uint32_t sent_baud, uint32_t heard_baud)
{
	if (sent_baud == heard_baud || sent_baud == 0 || heard_baud == 0) {
		return byte;
	}
	uint32_t low = sent_baud < heard_baud ? sent_baud : heard_baud;
	uint32_t high = sent_baud < heard_baud ? heard_baud : sent_baud;
	/* 4 % is what is left of half a bit after nine and a half of them. */
	if ((uint64_t)(high - low) * 100 < (uint64_t)low * 4) {
		return byte;
	}
	return (uint8_t)next_random(faults);
}
