"""Logs and metrics: JSON lines without customer data, and metrics of orders and triggers.

All functions import this module, so it imports what belongs to one use case only when it records
a report of it.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from orders.runtime.fault_formatter import FaultFormatter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from orders.application.change_order import ChangeReport
    from orders.application.import_catalogue import CatalogueReport
    from orders.application.import_orders import ImportReport
    from orders.application.record_history import HistoryReport
    from orders.application.relay_triggers import RelayReport
    from orders.application.undo_report import UndoReport
    from orders.application.update_order_statuses import StatusesReport
    from orders.domain.triggers import Trigger
    from orders.protocols.http import EndpointResult

logger = Logger(logger_formatter=FaultFormatter())
metrics = Metrics()

# Adapters log through the standard library. This writes their lines as JSON too.
_package = logging.getLogger("orders")
_package.addHandler(logger.registered_handler)
_package.setLevel(logger.log_level)
_package.propagate = False


_METRIC_NAMES = {
    "created": "OrdersCreated",
    "updated": "OrdersUpdated",
    "unchanged": "OrdersUnchanged",
    "failed": "OrdersFailed",
}


def _record_import(report: ImportReport, _status: int) -> None:
    """Log and count the outcomes of an import: codes and numbers only, no customer data."""
    from orders.domain.importing import Outcome

    counts = {outcome: report.count(outcome) for outcome in Outcome}
    for outcome, count in counts.items():
        metrics.add_metric(_METRIC_NAMES[outcome], MetricUnit.Count, count)
    _record_triggers(report.published, report.unpublished)
    codes = {str(problem.code) for result in report.results for problem in result.problems}
    logger.info(
        "orders imported",
        extra={
            "account": report.account,
            "received": len(report.results),
            "outcomes": {str(outcome): count for outcome, count in counts.items()},
            "problem_codes": sorted(codes),
            "triggers_published": report.published,
        },
    )


def record_chunk(report: ImportReport) -> None:
    """Log and count the outcomes of an import of one chunk of a file."""
    _record_import(report, HTTPStatus.OK)


def record_job_step(step: str, event: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Log and count the result of one step of an import job."""
    names = ("account", "job_id", "run")
    metrics.add_metric("JobStepsEnded", MetricUnit.Count, 1)
    logger.info(step, extra={**{name: event.get(name) for name in names}, **result})


def record_answered(answered: EndpointResult) -> None:
    """Log and count an answer: an import, a change of an order, a rejection or a fault."""
    status = answered.answer.status
    metrics.add_metric("RequestsAnswered", MetricUnit.Count, 1)
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if is_fault:
        record_fault("request failed", answered.error, status)
    if answered.is_preview:
        metrics.add_metric("RequestsPreviewed", MetricUnit.Count, 1)
        logger.info("preview answered", extra={"status": status})
    elif answered.report:
        RECORDERS[type(answered.report).__name__](answered.report, status)
    elif answered.catalogue:
        _record_catalogue(answered.catalogue)
    elif status >= HTTPStatus.BAD_REQUEST and not is_fault:
        metrics.add_metric("RequestsRefused", MetricUnit.Count, 1)
        logger.info("request refused", extra={"status": status})


def record_fault(
    event: str, error: Exception | None, status: int = HTTPStatus.INTERNAL_SERVER_ERROR
) -> None:
    """Log and count a 5xx answer. The adapters have logged the AWS calls that failed before it.

    A 503 counts as `RequestsUnavailable` in the metrics, any other as a fault.
    """
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        logger.warning(event, extra={"status": status}, exc_info=error)
        metrics.add_metric("RequestsUnavailable", MetricUnit.Count, 1)
        return
    logger.error(event, extra={"status": status}, exc_info=error)
    metrics.add_metric("Faults", MetricUnit.Count, 1)


def _record_catalogue(report: CatalogueReport) -> None:
    from orders.domain.importing import Outcome

    logger.info(
        "catalogue import answered",
        extra={
            "account": report.account,
            "received": len(report.results),
            "outcomes": {str(outcome): report.count(outcome) for outcome in Outcome},
        },
    )


def _record_change(report: ChangeReport[Any], status: int) -> None:
    order = report.found.order if report.found else None
    is_sent = report.trigger is not None and report.trigger not in report.unpublished
    metrics.add_metric("OrdersChanged", MetricUnit.Count, int(report.trigger is not None))
    _record_triggers(int(is_sent), report.unpublished)
    logger.info(
        "order change answered",
        extra={
            "status": status,
            "account": order.account if order else None,
            "order_id": order.order_id if order else None,
            "version": order.version if order else None,
            "changed": report.trigger is not None,
            "refusal": report.refusal,
        },
    )


def _record_statuses(report: StatusesReport, _status: int) -> None:
    """Log and count the changes of one request for several orders."""
    from orders.application.update_order_statuses import MoveFailure

    unpublished = {trigger.id for trigger in report.unpublished}
    sent = sum(trigger.id not in unpublished for trigger in report.triggers)
    metrics.add_metric("OrdersChanged", MetricUnit.Count, len(report.triggers))
    _record_triggers(sent, report.unpublished)
    failures = [each for each in report.results if isinstance(each, MoveFailure)]
    results = [each for each in report.results if not isinstance(each, MoveFailure)]
    logger.info(
        "status changes answered",
        extra={
            "account": report.account,
            "received": len(report.results),
            "changed": len(report.triggers),
            "refusals": sorted({str(each.refusal) for each in results if each.refusal}),
            "failures": sorted({each.value for each in failures}),
        },
    )


def _record_undo(report: UndoReport, _status: int) -> None:
    """Log and count the outcomes of an undo: codes and numbers only."""
    from orders.domain.undoing import UndoOutcome

    changed = report.count(UndoOutcome.DELETED) + report.count(UndoOutcome.RESTORED)
    metrics.add_metric("OrdersChanged", MetricUnit.Count, 0 if report.dry_run else changed)
    _record_triggers(report.published, report.unpublished)
    reasons = {str(each.reason) for each in report.orders if each.reason is not None}
    logger.info(
        "undo answered",
        extra={
            "account": report.account,
            "dry_run": report.dry_run,
            "outcomes": {str(outcome): report.count(outcome) for outcome in UndoOutcome},
            "reasons": sorted(reasons),
            "triggers_published": report.published,
        },
    )


# By the names of their classes, whose modules a function imports only if it makes such reports.
RECORDERS: Mapping[str, Callable[[Any, int], None]] = {
    "ChangeReport": _record_change,
    "ImportReport": _record_import,
    "StatusesReport": _record_statuses,
    "UndoReport": _record_undo,
}


def record_relay(report: RelayReport) -> None:
    """Log and count the outcome of one batch of stream records."""
    metrics.add_metric("TriggersRelayed", MetricUnit.Count, report.relayed)
    metrics.add_metric("TriggersParked", MetricUnit.Count, report.parked)
    logger.info(
        "batch relayed",
        extra={
            "relayed": report.relayed,
            "parked": report.parked,
            "sent_before": report.sent_before,
            "failed_from": report.failed,
        },
    )


def record_retried_batch(first: str) -> None:
    """Log and count a batch that Lambda must deliver again, from this record on."""
    logger.warning("batch will be delivered again", extra={"failed_from": first})
    metrics.add_metric("BatchesRetried", MetricUnit.Count, 1)


def record_history_report(report: HistoryReport) -> None:
    """Log and count the outcome of one batch of stream records."""
    metrics.add_metric("VersionsRecorded", MetricUnit.Count, report.recorded)
    metrics.add_metric("RecordsParked", MetricUnit.Count, report.parked)
    logger.info(
        "history recorded",
        extra={
            "recorded": report.recorded,
            "erased": report.erased,
            "parked": report.parked,
            "failed_from": report.failed,
        },
    )


def _record_triggers(published: int, unpublished: Sequence[Trigger]) -> None:
    metrics.add_metric("TriggersPublished", MetricUnit.Count, published)
    metrics.add_metric("TriggersUnpublished", MetricUnit.Count, len(unpublished))
    if unpublished:
        logger.error(
            "triggers were not published",
            extra={
                "account": unpublished[0].order.account,
                "trigger_ids": [trigger.id for trigger in unpublished],
                "order_ids": [trigger.order.order_id for trigger in unpublished],
            },
        )
