// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <string.h>

#include "models/rows.h"

static const struct ff_model *const models[] = {
	&ff_model_esp8266, &ff_model_esp32,    &ff_model_esp32s2, &ff_model_esp32s3, &ff_model_esp32s31,
	&ff_model_esp32c2, &ff_model_esp32c3,  &ff_model_esp32c5, &ff_model_esp32c6, &ff_model_esp32c61,
	&ff_model_esp32h2, &ff_model_esp32h21, &ff_model_esp32h4, &ff_model_esp32p4,
};

const struct ff_model *ff_model_find(const char *name)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (strcmp(models[i]->name, name) == 0) {
			return models[i];
		}
	}
	return NULL;
}

const struct ff_model *ff_model_at(size_t index)
{
	return index < sizeof(models) / sizeof(models[0]) ? models[index] : NULL;
}
