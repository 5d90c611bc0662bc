"""The samples of a preview: the first records with each outcome, and what would change."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from orders.domain.differences import ABSENT, differences
from orders.domain.identifiers import is_external_id
from orders.domain.import_jobs import MAX_SAMPLES, RecordResult
from orders.domain.problems import spelled

type Shown = Mapping[str, object]


def first_of_each_outcome(results: Iterable[RecordResult]) -> Iterator[RecordResult]:
    """Yield the first MAX_SAMPLES records with each outcome."""
    found: Counter[str] = Counter()
    for each in results:
        found[each.outcome] += 1
        if found[each.outcome] <= MAX_SAMPLES:
            yield each


def shown_id(result: RecordResult) -> str | None:
    """Return the external id for a sample. That of a failed order may have any length."""
    external_id = result.external_id
    if external_id is None or is_external_id(external_id):
        return external_id
    return spelled(external_id)


def sample_of(result: RecordResult, changed: Sequence[Shown] = ()) -> Shown:
    """Return a record as a sample, with the differences of its order."""
    return {
        "row": result.row,
        "external_id": shown_id(result),
        "outcome": result.outcome,
        "changed": list(changed),
    }


def shown_differences(before: object, after: object) -> Sequence[Shown]:
    """Return the differences of an order as samples have them."""
    return [
        {
            "path": each.pointer,
            **({} if each.before is ABSENT else {"before": each.before}),
            **({} if each.after is ABSENT else {"after": each.after}),
        }
        for each in differences(before, after).found
    ]
