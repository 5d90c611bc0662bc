"""Logs and metrics: JSON lines without customer data, business numbers as metrics."""

import logging

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from orders.application.import_orders import ImportReport
from orders.domain.importing import Outcome

logger = Logger()
metrics = Metrics()

# The adapters' modules log through the standard library; their lines are JSON like all others.
_package = logging.getLogger("orders")
_package.addHandler(logger.registered_handler)
_package.setLevel(logger.log_level)
_package.propagate = False

_METRIC_NAMES = {
    Outcome.CREATED: "OrdersCreated",
    Outcome.UPDATED: "OrdersUpdated",
    Outcome.UNCHANGED: "OrdersUnchanged",
    Outcome.FAILED: "OrdersFailed",
}


def record_refusal(status: int) -> None:
    """Log and count a request that was refused whole."""
    metrics.add_metric("RequestsRefused", MetricUnit.Count, 1)
    logger.info("request refused", extra={"status": status})


def record_import(report: ImportReport) -> None:
    """Log and count what one import did. Only codes and numbers leave this function."""
    for outcome, name in _METRIC_NAMES.items():
        metrics.add_metric(name, MetricUnit.Count, report.count(outcome))
    metrics.add_metric("TriggersPublished", MetricUnit.Count, report.published)
    metrics.add_metric("TriggersUnpublished", MetricUnit.Count, len(report.unpublished))
    codes = {str(problem.code) for result in report.results for problem in result.problems}
    logger.info(
        "orders imported",
        extra={
            "account": report.account,
            "received": len(report.results),
            "outcomes": {str(outcome): report.count(outcome) for outcome in Outcome},
            "problem_codes": sorted(codes),
            "triggers_published": report.published,
        },
    )
    if report.unpublished:
        logger.error(
            "triggers were not published",
            extra={
                "account": report.account,
                "trigger_ids": [trigger.id for trigger in report.unpublished],
                "order_ids": [trigger.order.order_id for trigger in report.unpublished],
            },
        )
