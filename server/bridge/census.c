// SPDX-License-Identifier: Apache-2.0
/* What those learn who watch the server: of the sessions, and whether the thread answers. */
#include <string.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "inner.h"
#include "session.h"

/* Names of speeches; the last one stands for all that are not here. */
static const char *const kinds[] = { "RFC 2217", "raw TCP", "console", "tunnel", "other" };

#define KINDS (unsigned)(sizeof(kinds) / sizeof(kinds[0]))

static unsigned kind_of(const struct ff_session *session)
{
	unsigned kind = 0;
	while (kind < KINDS - 1 && strcmp(kinds[kind], session->speech->name) != 0) {
		kind++;
	}
	return kind;
}

void ff_bridge_measure(struct ff_bridge *bridge, struct ff_metrics *metrics)
{
	const struct ff_metric_label kind = { .name = "kind", .values = kinds, .count = KINDS };
	bridge->sessions_now = ff_metrics_add(metrics, &(struct ff_metric_spec){
							       .type = FF_METRIC_GAUGE,
							       .name = "farflash_bridge_sessions",
							       .help = "Connections to boards that are open, by kind.",
							       .labels = { kind },
						       });
	bridge->sessions_ever =
		ff_metrics_add(metrics, &(struct ff_metric_spec){
						.type = FF_METRIC_COUNTER,
						.name = "farflash_bridge_connections_total",
						.help = "Connections to boards that were let in, by kind.",
						.labels = { kind },
					});
	bridge->turned_away = ff_metrics_add(metrics, &(struct ff_metric_spec){
							      .type = FF_METRIC_COUNTER,
							      .name = "farflash_bridge_refused_total",
							      .help = "Connections to boards that were turned away.",
						      });
}

void ff_bridge_count(const struct ff_session *session, bool comes)
{
	const struct ff_bridge *bridge = session->source.room->bridge;
	unsigned kind = kind_of(session);
	ff_metric_count(bridge->sessions_now, kind, 0, comes ? 1 : -1);
	ff_metric_count(bridge->sessions_ever, kind, 0, comes ? 1 : 0);
}

bool ff_bridge_is_stuck(struct ff_bridge *bridge, int64_t patience_us)
{
	enum ff_pulse_state state = ff_pulse_ask(&bridge->pulse, ff_now_us(), patience_us);
	if (state == FF_PULSE_ASKED) {
		eventfd_write(bridge->wake.fd, 1);
	}
	return state == FF_PULSE_STUCK;
}
