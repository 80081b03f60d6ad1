// SPDX-License-Identifier: Apache-2.0
#include "describe.h"

#include <stdio.h>
#include <string.h>

#include "package.h"

/* Text of a part, NULL where it has none, and its maker's. */
static enum ff_status read_part(struct ff_efuses *efuses, const struct ff_package_part *part, const char **text,
				const char **maker, struct ff_error *error)
{
	*text = part->always;
	*maker = NULL;
	if (part->always) {
		return FF_OK;
	}
	uint32_t value = 0;
	enum ff_status status = ff_efuses_bits(efuses, part->fields, FF_PACKAGE_FIELDS, &value, error);
	if (status != FF_OK) {
		return status;
	}
	*text = ff_package_choose(part->choices, value);
	if (*text && part->maker.width > 0) {
		status = ff_efuses_bits(efuses, &part->maker, 1, &value, error);
		if (status == FF_OK) {
			*maker = ff_package_choose(part->makers, value);
		}
	}
	return status;
}

/* What does not fit is left out as a whole. */
static void add_feature(char features[FF_LOADER_FEATURES_SIZE], const char *text, const char *maker)
{
	char feature[FF_LOADER_FEATURES_SIZE];
	size_t used = strlen(features);
	int size = snprintf(feature, sizeof(feature), "%s%s%s%s%s", used > 0 ? ", " : "", text, maker ? " (" : "",
			    maker ? maker : "", maker ? ")" : "");
	if (size > 0 && (size_t)size < FF_LOADER_FEATURES_SIZE - used) {
		memcpy(features + used, feature, (size_t)size + 1);
	}
}

enum ff_status ff_describe(struct ff_efuses *efuses, struct ff_error *error)
{
	struct ff_loader *loader = efuses->loader;
	const struct ff_package *package = ff_package_of(loader->chip);
	const char *text = NULL;
	const char *maker = NULL;
	snprintf(loader->description, sizeof(loader->description), "%s", loader->chip->name);
	loader->features[0] = '\0';
	if (loader->secure_download || !package) {
		return FF_OK;
	}
	enum ff_status status = read_part(efuses, &package->name, &text, &maker, error);
	if (status == FF_OK && text) {
		snprintf(loader->description, sizeof(loader->description), "%s", text);
	}
	for (size_t i = 0; i < FF_PACKAGE_FEATURES && status == FF_OK; i++) {
		const struct ff_package_part *feature = &package->features[i];
		if (!feature->always && !feature->choices) {
			break;
		}
		status = read_part(efuses, feature, &text, &maker, error);
		if (status == FF_OK && text) {
			add_feature(loader->features, text, maker);
		}
	}
	return status;
}
