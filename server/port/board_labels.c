// SPDX-License-Identifier: Apache-2.0
#include "board_labels.h"

#include <ctype.h>
#include <stdio.h>

/* "ESP32-S3" as it is written on command lines: esp32s3. */
static void chip_word(char word[FF_CHIP_NAME_SIZE], const char *chip)
{
	size_t size = 0;
	for (; *chip; chip++) {
		if (*chip != '-') {
			word[size++] = (char)tolower((unsigned char)*chip);
		}
	}
	word[size] = '\0';
}

/* What does not fit is not said: an owner who gives a board as many labels as there can be knows it well. */
static void add(struct ff_labels *labels, const struct ff_labels *own, const char *key, const char *value)
{
	if (!ff_labels_have(own, key, NULL)) {
		(void)ff_labels_add_foreign(labels, key, value);
	}
}

static void add_facts(struct ff_labels *labels, const struct ff_labels *own, const struct ff_board_facts *facts)
{
	char chip[FF_CHIP_NAME_SIZE];
	char mac[18];
	chip_word(chip, facts->chip);
	add(labels, own, "chip", chip);
	if (facts->mac[0] | facts->mac[1] | facts->mac[2] | facts->mac[3] | facts->mac[4] | facts->mac[5]) {
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", facts->mac[0], facts->mac[1], facts->mac[2],
			 facts->mac[3], facts->mac[4], facts->mac[5]);
		add(labels, own, "mac", mac);
	}
}

void ff_board_labels(struct ff_worker *worker, struct ff_labels *labels)
{
	const struct ff_labels *own = ff_worker_own_labels(worker);
	struct ff_board_view view;
	*labels = *own;
	ff_worker_view(worker, &view);
	add(labels, own, "board", ff_worker_name(worker));
	if (view.facts.known) {
		add_facts(labels, own, &view.facts);
	}
}
