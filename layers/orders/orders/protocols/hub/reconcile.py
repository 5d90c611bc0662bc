"""`POST /hub/v1/reconcile`: compare a shop's orders with the hub's."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orders.application.ports import Deadline
from orders.application.reconcile import Comparison, Reconcile, Reconciled
from orders.domain.times import format_time
from orders.protocols.http import (
    EndpointResult,
    HttpRequest,
    fits_answer,
    only_reads,
)
from orders.protocols.hub.access import ReadAccess
from orders.protocols.hub.answers import answer_ok
from orders.protocols.hub.errors import too_large
from orders.protocols.hub.queries import expect_only
from orders.protocols.hub.requests import read_reconcile

type Tree = dict[str, Any]


@only_reads
@dataclass(frozen=True, slots=True)
class ReconcileEndpoint:
    """`POST /hub/v1/reconcile`."""

    access: ReadAccess
    reconcile: Reconcile

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the result for each order of the request, in the same order."""
        client = self.access(request, deadline)
        expect_only(request, ())
        results = self.reconcile(client.account, read_reconcile(request), deadline)
        answer = answer_ok({"counts": _counts(results), "results": list(map(_entry, results))})
        if not fits_answer(answer.body):
            raise too_large("The results do not fit in one answer; send fewer orders")
        return EndpointResult(answer)


def _counts(results: Sequence[Reconciled]) -> Tree:
    counts = Counter(each.result for each in results)
    return {str(each): counts[each] for each in Comparison}


def _entry(each: Reconciled) -> Tree:
    entry: Tree = {"external_id": each.external_id, "result": str(each.result)}
    if each.found is None:
        return entry
    found = each.found
    if each.result is Comparison.RENAMED:
        entry |= {"present_external_id": found.external_id, "content_agrees": each.agrees}
    return entry | {
        "order_id": found.order_id,
        "version": found.version,
        "digest": found.digest,
        "update_time": None if found.update_time is None else format_time(found.update_time),
    }
