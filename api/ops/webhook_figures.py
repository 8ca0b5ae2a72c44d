"""The figures of webhooks."""

from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..webhooks.webhooks import WebhookView


def webhook_figures(views: Sequence[WebhookView]) -> Iterator[Metric]:
    """Each webhook's; of several hosts one posts to it, and the others have it at 0."""
    here = GaugeMetricFamily("ml_webhook_here", "1 where this host posts", labels=["webhook"])
    behind = GaugeMetricFamily("ml_webhook_behind", "Events not offered yet", labels=["webhook"])
    failing = GaugeMetricFamily(
        "ml_webhook_failing_seconds", "For how long its receiver has taken nothing", labels=["webhook"]
    )
    delivered = CounterMetricFamily("ml_webhook_delivered", "Messages taken", labels=["webhook"])
    refused = CounterMetricFamily("ml_webhook_refused", "Messages refused for good", labels=["webhook"])
    failed = CounterMetricFamily("ml_webhook_failed", "Attempts that failed", labels=["webhook"])
    for view in views:
        here.add_metric([view.name], float(view.state != "elsewhere"))
        behind.add_metric([view.name], view.behind)
        failing.add_metric([view.name], view.failing_s)
        delivered.add_metric([view.name], view.delivered)
        refused.add_metric([view.name], view.refused)
        failed.add_metric([view.name], view.failed)
    yield from (here, behind, failing, delivered, refused, failed)
