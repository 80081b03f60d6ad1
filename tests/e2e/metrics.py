# SPDX-License-Identifier: Apache-2.0
"""Reads /metrics with Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from program import wait_until

TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One scrape: the values by name and labels."""

    def __init__(self, rest):
        reply = rest.request("GET", "/metrics")
        assert reply.status == 200 and reply.headers["Content-Type"] == TYPE, reply
        self.families = list(text_string_to_metric_families(reply.body.decode()))
        self.values = {(sample.name, frozenset(sample.labels.items())): sample.value
                       for family in self.families for sample in family.samples}

    def get(self, name, **labels):
        return self.values.get((name, frozenset(labels.items())), 0)


def wait_value(rest, value, name, **labels):
    """Waits until a metric has a value: a job counts a moment after its end is told."""
    def reached():
        metrics = Metrics(rest)
        return metrics if metrics.get(name, **labels) == value else None
    return wait_until(reached, f"{name}{labels} to be {value}")
