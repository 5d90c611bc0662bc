"""Import products, SKUs and categories: check them against the settings, and write the changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from orders.application.define_settings import DefineSettings
from orders.application.errors import (
    DefinitionsRefusedError,
    StorageRefusedError,
    StorageUnavailableError,
    UnknownMembersRefusedError,
)
from orders.application.ports import (
    CatalogueRepository,
    Deadline,
    Pause,
    SettingsRepository,
    WriteOutcome,
)
from orders.application.retries import attempts
from orders.domain.catalogue_entries import (
    CatalogueEntry,
    CatalogueRules,
    EntryResult,
    EntrySubmission,
    EntryWrite,
    collision_of,
    excess_of,
)
from orders.domain.importing import Outcome
from orders.domain.known_products import EntryName, KnownEntry
from orders.domain.problems import Code, Problem, Reported, below
from orders.domain.settings import (
    NO_DEFINITIONS,
    Definitions,
    Policies,
    Settings,
    UnknownMembers,
    blames_settings,
)
from orders.domain.submissions import Rejection


class SentEntry(Protocol):
    """One element of a request: a product with its SKUs, or a SKU."""

    @property
    def position(self) -> int:
        """Return the index of the element in the request, from 0."""

    @property
    def external_id(self) -> str | None:
        """Return the external id as sent, None if it cannot be read."""

    def submit(self, rules: CatalogueRules, before: Reported) -> EntrySubmission | Rejection:
        """Check the element against the settings.

        `before` is what the elements before it report: that of one request is limited.
        """


@dataclass(frozen=True, slots=True)
class CatalogueCommand:
    """One import request. `categories` are written before the entries.

    A repeated request has another `request_id`, unless an earlier run of it was cut off.

    `unknown` are the problems of unknown members outside of the entries, for an account whose
    policy rejects them.
    """

    account: str
    request_id: str
    entries: Sequence[SentEntry]
    categories: tuple[CatalogueEntry, ...] = ()
    definitions: Definitions = NO_DEFINITIONS
    unknown: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """The result of an import: one result for each element of the request, in request order.

    `written` is true if the request wrote anything, or may have done so.
    """

    account: str
    results: tuple[EntryResult, ...]
    written: bool
    policies: Policies = field(default_factory=Policies)

    def count(self, outcome: Outcome) -> int:
        """Return how many elements had this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def is_retryable(self) -> bool:
        """Return whether elements failed that the same request may store."""
        return any(result.retryable for result in self.results)

    @property
    def unavailable(self) -> bool:
        """Return whether elements failed for retryable reasons and nothing was written."""
        return self.is_retryable and not self.written


@dataclass(frozen=True, slots=True)
class ImportCatalogue:
    """Imports the products, SKUs and categories of a request."""

    catalogue: CatalogueRepository
    settings: SettingsRepository
    pause: Pause

    def __call__(self, command: CatalogueCommand, deadline: Deadline) -> CatalogueReport:
        """Import every valid element. An invalid element never blocks a valid one.

        A sent entry replaces the stored one of its name. Nothing is written if it is equal. Raises
        UnknownMembersRefusedError, DefinitionsRefusedError if the definitions contradict stored
        ones or a category cannot be stored, SettingsTooLargeError, StorageUnavailableError if the
        settings could not be read or written, or nothing could be written in time, and
        StorageRefusedError for a fault of the stack. After an error, no product and no SKU was
        imported.
        """
        settings, defined = self._settings(command, deadline)
        progress = _Progress(written=defined)
        self._submit(command, settings, progress, deadline)
        if self._store_categories(command, progress, deadline):
            self._store(command, progress, deadline)
        else:
            progress.give_up(_no_storage(), retryable=True)
        return CatalogueReport(
            command.account,
            tuple(progress.results[sent.position] for sent in command.entries),
            progress.written,
            settings.policies,
        )

    def _settings(self, command: CatalogueCommand, deadline: Deadline) -> tuple[Settings, bool]:
        if command.unknown:
            policies = self.settings.load(command.account, deadline).settings.policies
            if policies.unknown_members is UnknownMembers.REJECT:
                raise UnknownMembersRefusedError(command.unknown)
        if command.definitions:
            define_settings = DefineSettings(self.settings, self.pause)
            return define_settings(command.account, command.definitions, deadline)
        return self.settings.load(command.account, deadline).settings, False

    def _submit(
        self,
        command: CatalogueCommand,
        settings: Settings,
        progress: _Progress,
        deadline: Deadline,
    ) -> None:
        answers = _answers(command.entries, CatalogueRules.of(settings))
        if any(
            isinstance(answer, Rejection) and any(map(blames_settings, answer.problems))
            for answer in answers
        ):
            # The settings of the cache may be old ones.
            fresh = self.settings.load(command.account, deadline, fresh=True).settings
            if fresh != settings:
                answers = _answers(command.entries, CatalogueRules.of(fresh))
        for sent, answer in zip(command.entries, answers, strict=True):
            progress.admit(sent, answer)

    def _store_categories(
        self, command: CatalogueCommand, progress: _Progress, deadline: Deadline
    ) -> bool:
        """Return whether all categories are stored. Raises DefinitionsRefusedError."""
        if not command.categories:
            return True
        categories = _Progress(written=progress.written)
        for position, category in enumerate(command.categories):
            categories.pending[position] = _Pending(
                category.name.external_id,
                EntrySubmission((category,), path=("categories", position)),
            )
        self._store(command, categories, deadline)
        progress.written = categories.written
        failed = [each for each in categories.results.values() if each.problems]
        refused = [each for each in failed if not each.retryable]
        if any(each.problems[0].code is Code.NOT_STORABLE for each in refused):
            raise StorageRefusedError("the table rejected a category")
        if refused:
            raise DefinitionsRefusedError(tuple(each.problems[0] for each in refused))
        if failed and not progress.written:
            raise StorageUnavailableError("the categories could not be written in time")
        return not failed

    def _store(self, command: CatalogueCommand, progress: _Progress, deadline: Deadline) -> None:
        account = command.account
        try:
            for _ in attempts(deadline, self.pause):
                if not progress.pending or deadline.remaining() <= 0:
                    break
                names = progress.pending_names()
                stored = self.catalogue.find(account, names, deadline)
                plan = _Plan.of(progress.pending, stored, command.request_id)
                self._write(account, progress, plan, deadline)
        except StorageUnavailableError:
            # What is not written yet must be sent again.
            if not progress.written:
                raise
        except StorageRefusedError:
            if not progress.written:
                raise
            progress.give_up(_refused(), retryable=False)
        progress.give_up(_no_storage(), retryable=True)

    def _write(self, account: str, progress: _Progress, plan: _Plan, deadline: Deadline) -> None:
        for position, problem in plan.problems.items():
            progress.fail(position, problem, retryable=False)
        writes = list(plan.writes.values())
        answers = self.catalogue.save(account, writes, deadline) if writes else ()
        outcomes = {
            write.entry.name: outcome for write, outcome in zip(writes, answers, strict=True)
        }
        progress.record(plan, outcomes)


@dataclass(frozen=True, slots=True)
class _Pending:
    """An element that is not stored yet. `outcome` is what its attempts so far have done."""

    external_id: str | None
    submission: EntrySubmission
    outcome: Outcome = Outcome.UNCHANGED


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one attempt writes, by name. `decided` are the outcomes of the elements if it succeeds.

    `touched` are the names that each element writes, `problems` are those of rejected elements.
    """

    writes: Mapping[EntryName, EntryWrite]
    decided: Mapping[int, Outcome]
    touched: Mapping[int, frozenset[EntryName]]
    problems: Mapping[int, Problem]

    @classmethod
    def of(
        cls,
        pending: Mapping[int, _Pending],
        stored: Mapping[EntryName, KnownEntry],
        request_id: str,
    ) -> _Plan:
        """Decide the elements one after the other, so that the last one of a name counts.

        What this request has written already counts as what it replaced: an earlier run of the
        request may have been cut off. It is not written again.
        """
        current = _contents_before(stored, request_id)
        writes: dict[EntryName, EntryWrite] = {}
        decided: dict[int, Outcome] = {}
        touched: dict[int, frozenset[EntryName]] = {}
        problems: dict[int, Problem] = {}
        for position, element in sorted(pending.items()):
            entries = element.submission.entries
            problem = _problem_of(entries, stored)
            if problem is not None:
                problems[position] = problem
                continue
            changed = [each for each in entries if current.get(each.name) != each.digest]
            decided[position] = _outcome_of(entries[0], changed, current)
            touched[position] = frozenset(each.name for each in entries)
            for entry in changed:
                current[entry.name] = entry.digest
                writes[entry.name] = EntryWrite(entry, stored.get(entry.name), request_id)
        unchanged = {
            name
            for name, write in writes.items()
            if write.before is not None and write.before.digest == write.entry.digest
        }
        kept = {name: write for name, write in writes.items() if name not in unchanged}
        return cls(kept, decided, touched, problems)


@dataclass(slots=True)
class _Progress:
    """The progress of a request. `pending` and `results` are by position in the request."""

    pending: dict[int, _Pending] = field(default_factory=dict)
    results: dict[int, EntryResult] = field(default_factory=dict)
    written: bool = False

    def pending_names(self) -> set[EntryName]:
        """Return the names of all pending entries."""
        elements = self.pending.values()
        return {each.name for element in elements for each in element.submission.entries}

    def admit(self, sent: SentEntry, answer: EntrySubmission | Rejection) -> None:
        """Add an accepted element to `pending`, and a rejected one to `results`."""
        if isinstance(answer, EntrySubmission):
            self.pending[sent.position] = _Pending(sent.external_id, answer)
            return
        self.results[sent.position] = EntryResult(
            sent.position, sent.external_id, Outcome.FAILED, answer.problems, answer.warnings
        )

    def record(self, plan: _Plan, outcomes: Mapping[EntryName, WriteOutcome]) -> None:
        """Record the outcomes of a plan's writes. What was not written stays pending."""
        self.written = self.written or not _MAYBE_WRITTEN.isdisjoint(outcomes.values())
        for position, decided in plan.decided.items():
            element = self.pending[position]
            own = {outcomes[name] for name in plan.touched[position] if name in outcomes}
            if not _MAYBE_WRITTEN.isdisjoint(own) or not own:
                best = max(element.outcome, decided, key=_RANKS.index)
                element = replace(element, outcome=best)
                self.pending[position] = element
            if WriteOutcome.REFUSED in own:
                self.fail(position, _refused(), retryable=False)
            elif own <= {WriteOutcome.COMMITTED}:
                self.results[position] = EntryResult(
                    position,
                    element.external_id,
                    element.outcome,
                    warnings=element.submission.warnings,
                )
                del self.pending[position]

    def fail(self, position: int, problem: Problem, *, retryable: bool) -> None:
        """Record that a pending element failed."""
        element = self.pending.pop(position)
        submission = element.submission
        self.results[position] = EntryResult(
            position,
            element.external_id,
            Outcome.FAILED,
            (below(submission.path, problem),),
            submission.warnings,
            retryable,
        )

    def give_up(self, problem: Problem, *, retryable: bool) -> None:
        """Record that the pending elements failed."""
        for position in list(self.pending):
            self.fail(position, problem, retryable=retryable)


_MAYBE_WRITTEN = frozenset({WriteOutcome.COMMITTED, WriteOutcome.UNKNOWN})
_RANKS = (Outcome.UNCHANGED, Outcome.UPDATED, Outcome.CREATED)


def _answers(
    entries: Iterable[SentEntry], rules: CatalogueRules
) -> list[EntrySubmission | Rejection]:
    reported = Reported()
    answers = []
    for sent in entries:
        answer = sent.submit(rules, reported)
        problems = answer.problems if isinstance(answer, Rejection) else ()
        reported = Reported(
            reported.problems + len(problems), reported.warnings + len(answer.warnings)
        )
        answers.append(answer)
    return answers


def _problem_of(
    entries: Iterable[CatalogueEntry], stored: Mapping[EntryName, KnownEntry]
) -> Problem | None:
    for entry in entries:
        known = stored.get(entry.name)
        problem = excess_of(entry) or (collision_of(entry, known) if known else None)
        if problem is not None:
            return problem
    return None


def _contents_before(
    stored: Mapping[EntryName, KnownEntry], request_id: str
) -> dict[EntryName, str]:
    """Return the digests of the entries from before a request.

    That of an entry which the request has changed is not known, and equals no other.
    """
    return {
        name: "" if known.request_id == request_id else known.digest
        for name, known in stored.items()
        if known.request_id != request_id or known.version > 1
    }


def _outcome_of(
    main: CatalogueEntry, changed: Sequence[CatalogueEntry], current: Mapping[EntryName, str]
) -> Outcome:
    """Return the outcome of an element: that of its product, or of a SKU below it."""
    if not changed:
        return Outcome.UNCHANGED
    return Outcome.UPDATED if main.name in current else Outcome.CREATED


def _refused() -> Problem:
    return Problem(
        Code.NOT_STORABLE,
        (),
        "The store rejected this entry because of an internal error; the error is logged",
    )


def _no_storage() -> Problem:
    return Problem(
        Code.STORAGE_UNAVAILABLE,
        (),
        "The entry could not be stored in time, or the write could not be confirmed; send it again",
    )
