"""Remove products or SKUs from the catalogue."""

from collections.abc import Collection
from dataclasses import dataclass

from orders.application.errors import StorageUnavailableError
from orders.application.ports import CatalogueRepository, Deadline, Pause, WriteOutcome
from orders.application.repeat_requests import Run
from orders.application.retries import attempts
from orders.domain.known_products import EntryKind, EntryName, KnownEntry


@dataclass(frozen=True, slots=True)
class Named:
    """The entries of one kind to remove, by external id, by number, or both."""

    kind: EntryKind
    external_ids: Collection[str] = ()
    numbers: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """How many entries were removed. Unless it is complete, others may exist."""

    count: int
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class RemoveFromCatalogue:
    """Removes entries. SKUs of a removed product stay."""

    catalogue: CatalogueRepository
    pause: Pause

    def __call__(
        self, account: str, named: Named, deadline: Deadline, run: Run | None = None
    ) -> Removal:
        """Remove the entries that exist. Return how many this call, or this `run`, removed.

        Raises StorageRefusedError, and StorageUnavailableError if certainly nothing was removed.
        """
        # Entries that an earlier run of the request found, and may have removed.
        known = noted = set(run.noted) if run else set()
        removed = 0
        in_doubt: set[EntryName] = set()
        for _ in attempts(deadline, self.pause):
            if deadline.remaining() <= 0:
                break
            try:
                entries = self._find(account, named, deadline)
                numbers = {entry.name.number for entry in entries}
                if run is not None and not numbers <= known:
                    run.note(numbers - known, deadline)
            except StorageUnavailableError:
                break
            removed += len(noted - numbers)
            noted, known = set(), known | numbers
            # An entry whose removal was not confirmed, and that is gone, was removed.
            gone = in_doubt - {entry.name for entry in entries}
            removed += len(gone)
            in_doubt -= gone
            if not entries:
                return Removal(removed)
            outcomes = self.catalogue.remove(account, entries, deadline)
            removed += outcomes.count(WriteOutcome.COMMITTED)
            answered = list(zip(entries, outcomes, strict=True))
            in_doubt |= {each.name for each, out in answered if out is WriteOutcome.UNKNOWN}
            in_doubt -= {each.name for each, out in answered if out is WriteOutcome.COMMITTED}
            if set(outcomes) <= _DONE and not in_doubt:
                return Removal(removed)
        if not removed and not in_doubt:
            raise StorageUnavailableError("no entry could be removed in time")
        return Removal(removed, is_complete=False)

    def _find(self, account: str, named: Named, deadline: Deadline) -> list[KnownEntry]:
        names = [EntryName(named.kind, each) for each in dict.fromkeys(named.external_ids)]
        by_name = self.catalogue.find(account, names, deadline) if names else {}
        found = {name: each for name, each in by_name.items() if each.name == name}
        if named.numbers:
            numbered = self.catalogue.find_numbers(account, named.kind, named.numbers, deadline)
            found |= {each.name: each for each in numbered}
        return list(found.values())


_DONE = frozenset({WriteOutcome.COMMITTED, WriteOutcome.CONFLICT})
