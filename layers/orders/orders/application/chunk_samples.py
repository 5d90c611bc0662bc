"""The samples of a preview: the first records with each outcome, and what would change."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from orders.domain.differences import ABSENT, differences
from orders.domain.import_jobs import MAX_SAMPLES, RecordResult

type Shown = Mapping[str, object]


def first_of_each_outcome(results: Iterable[RecordResult]) -> Iterator[RecordResult]:
    """Yield the first MAX_SAMPLES records with each outcome."""
    found: Counter[str] = Counter()
    for each in results:
        found[each.outcome] += 1
        if found[each.outcome] <= MAX_SAMPLES:
            yield each


def sample_of(result: RecordResult, changed: Sequence[Shown] = ()) -> Shown:
    """Return a record as a sample, with the differences of its order."""
    return {
        "row": result.row,
        "external_id": result.external_id,
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
