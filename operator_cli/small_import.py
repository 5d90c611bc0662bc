"""Imports a small file by requests, without a job."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from operator_cli.errors import OperatorError, UnavailableError
from operator_cli.hub import Hub
from operator_cli.import_reports import MAX_SHOWN, ImportReport, Progress, starred
from operator_cli.import_requests import ImportRequest
from operator_cli.import_source import ImportPlan, ImportSource, SmallFile
from operator_cli.result_files import ResultNames, write_parts
from orders.application.chunk_results import UNPROCESSED, message_of, repeated_key
from orders.domain.file_records import Note, Record
from orders.domain.import_jobs import Counts, ProblemGroup, Sample, merged
from orders.domain.problems import NOTHING_REPORTED, Problem, pointer
from orders.domain.settings import Rulebook, Settings
from orders.domain.submissions import Rejection
from orders.protocols.json_text import write_json

type Tree = Mapping[str, Any]

# What one request has. Its body may have 4 MB, and its answer comes within 29 seconds.
MAX_BATCH = 250
MAX_BATCH_BYTES = 3_500_000
ROUNDS = 3
# The code of an order that is unprocessed because its request has no answer. Published.
ANSWER_LOST = "answer_lost"
INTERRUPTED = "Interrupted. Repeat the command to import the rest"


@dataclass(frozen=True, slots=True)
class Found:
    """A problem of one order."""

    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What happened to the order of a record. `changed` are differences that a preview shows."""

    record: Record
    outcome: str
    problems: Sequence[Found] = ()
    changed: Sequence[Tree] = ()

    def note(self) -> Note:
        """Return what the result file says of the record."""
        if not self.problems:
            return Note(self.record.row, self.outcome)
        first = self.problems[0]
        text = message_of([(each.path, each.message) for each in self.problems])
        return Note(self.record.row, first.code, first.path, text)


@dataclass(slots=True)
class SmallImport:
    """The import of a small file.

    `outcomes` has one for each record after a run. Until then, `found` has those that are known, by
    row, and `left` the orders that have no final outcome. `open` are the rows of the request that
    is on its way, and of one that has no answer.
    """

    hub: Hub
    source: ImportSource
    file: SmallFile
    plan: ImportPlan
    outcomes: list[OrderOutcome] = field(default_factory=list)
    found: dict[int, OrderOutcome] = field(default_factory=dict)
    left: dict[int, Tree] = field(default_factory=dict)
    open: Sequence[int] = ()
    request_ids: list[str] = field(default_factory=list)
    sources: dict[int, Mapping[str, str]] = field(default_factory=dict)
    has_begun: bool = False
    has_answer: bool = False
    is_interrupted: bool = False

    def preview(self, progress: Progress) -> ImportReport:
        """Return what an import would do."""
        progress.begin("Preview", len(self.file.records))
        report = self._run(progress, dry_run=True)
        if report.failure:
            raise UnavailableError(report.failure, may_pass=True)
        return report

    def run(self, progress: Progress) -> ImportReport:
        """Import the orders. Raises UnavailableError if none was imported.

        After Ctrl-C, the report is that of the orders until then.
        """
        progress.begin("Import", len(self.file.records))
        self.has_begun = True
        return self._run(progress, dry_run=False)

    def write_results(self, names: ResultNames, progress: Progress) -> Sequence[Path]:
        """Write the result files of the last run."""
        del progress
        kinds: dict[str, list[OrderOutcome]] = {"success": [], "failed": [], UNPROCESSED: []}
        for each in self.outcomes:
            kinds.get(each.outcome, kinds["success"]).append(each)
        return write_parts(names, {k: self._result(v) for k, v in kinds.items() if v})

    def interrupted(self) -> str:
        """Return how to go on after an interruption, "" if nothing was imported."""
        if not self.has_begun:
            return "Nothing was imported."
        return (
            "Some orders may be imported. Repeat the command: those that are imported stay "
            "unchanged."
        )

    def _result(self, outcomes: Sequence[OrderOutcome]) -> Iterator[bytes]:
        formats, options, frame = self.source.formats.port, self.source.options, self.file.frame
        yield formats.head(frame, options)
        for number, each in enumerate(outcomes):
            if number:
                yield frame.separator
            yield formats.annotated(each.record, each.note(), frame, options)
        yield formats.tail(frame, options)

    def _run(self, progress: Progress, *, dry_run: bool) -> ImportReport:
        begun = monotonic()
        self._convert()
        self.has_answer = False
        triggers = 0
        failure = None
        try:
            for rows in self._batches():
                triggers += self._send(rows, progress, dry_run=dry_run)
                progress.reach(len(self.found) - sum(row in self.found for row in self.left))
                if self.is_interrupted:
                    break
        except KeyboardInterrupt:
            if dry_run:
                raise
            self.is_interrupted = True
        except OperatorError as error:
            if not self.has_answer:
                raise
            failure = str(error)
        # After the last order, there is nothing to interrupt.
        self.is_interrupted = self.is_interrupted and bool(self.left)
        if self.is_interrupted:
            failure = INTERRUPTED
        self.outcomes = [self._outcome(each) for each in self.file.records]
        return self._report(triggers, monotonic() - begun, failure)

    def _convert(self) -> None:
        """Find the orders to send, and the outcomes of those that cannot be sent."""
        self.found, self.left = {}, {}
        for record in self.file.records:
            tree = self._order_of(record, self.found)
            if tree is not None:
                self.left[record.row] = tree

    def _batches(self) -> Iterator[Sequence[int]]:
        """Yield the rows for each request. Orders that a fault kept out are sent again."""
        for _ in range(ROUNDS):
            yield from list(_batches(self.left))

    def _outcome(self, record: Record) -> OrderOutcome:
        if record.row in self.open:
            lost = Found(ANSWER_LOST, "", "The hub did not answer; the order may be imported")
            return OrderOutcome(record, UNPROCESSED, (lost,))
        return self.found.get(record.row, OrderOutcome(record, UNPROCESSED))

    def _order_of(self, record: Record, found: dict[int, OrderOutcome]) -> Tree | None:
        """Return the order to send. One that cannot be sent gets its outcome."""
        options, frame = self.source.options, self.file.frame
        if record.first_row is not None:
            problem = repeated_key(record)
            problems = [Found(str(problem.code), problem.pointer, problem.message)]
        else:
            converted = self.source.formats.named(options.format).convert(record, frame, options)
            if not converted.faults:
                self.sources[record.row] = converted.source_of
                return converted.tree
            problems = [
                Found(str(each.code), pointer(*each.path[2:]), each.message)
                for each in self._problems_of(record)
            ]
        found[record.row] = OrderOutcome(record, "failed", tuple(problems))
        return None

    def _problems_of(self, record: Record) -> Sequence[Problem]:
        """Return all problems of a record that cannot be converted, as a job finds them."""
        port, options, frame = self.source.formats.port, self.source.options, self.file.frame
        [order] = port.sent_orders([record], frame, options, skip_triggers=True)
        checked = order.submit(Rulebook.of(Settings()), NOTHING_REPORTED)
        return checked.problems if isinstance(checked, Rejection) else ()

    def _send(self, rows: Sequence[int], progress: Progress, *, dry_run: bool) -> int:
        """Send the orders of rows. Those that a fault kept out are left. Return the triggers."""
        skips_triggers = self.plan.skip_triggers or self.file.frame.skip_triggers
        body = {
            # The account decides about members that the protocol does not have.
            **dict.fromkeys(self.file.frame.unknown),
            "dry_run": dry_run,
            "result_details": True,
            "skip_triggers": skips_triggers,
            "data": [self.left[row] for row in rows],
        }
        tree = self._previewed(body) if dry_run else self._imported(body, rows, progress)
        self.has_answer = True
        records = {each.row: each for each in self.file.records}
        changed: list[Record] = []
        for position, (row, entry) in enumerate(zip(rows, tree["result"], strict=True)):
            self.found[row] = _outcome_of(records[row], entry, position, self.sources[row])
            if not entry.get("retryable"):
                del self.left[row]
                if self.found[row].outcome in {"created", "updated"}:
                    changed.append(records[row])
        self.open = ()
        if dry_run:
            count: int = tree["preview"]["triggers"]
            return count
        return self._triggers(changed)

    def _triggers(self, changed: Sequence[Record]) -> int:
        """Return how many of the changed orders have triggers: one may skip its own."""
        sent = self.source.formats.port.sent_orders(
            changed,
            self.file.frame,
            self.source.options,
            skip_triggers=self.plan.skip_triggers,
        )
        return sum(not each.skip_trigger for each in sent)

    def _previewed(self, body: Tree) -> Tree:
        return ImportRequest(self.hub, body, key=None).answer()[0]

    def _imported(self, body: Tree, rows: Sequence[int], progress: Progress) -> Tree:
        """Return the answer. After Ctrl-C it is awaited, until the next Ctrl-C."""
        request = ImportRequest(self.hub, body)
        self.open = rows
        try:
            try:
                tree, request_id = request.answer()
            except KeyboardInterrupt:
                self.is_interrupted = True
                progress.begin("Interrupted: waiting for the last answer (Ctrl-C ends at once)")
                tree, request_id = request.answer()
        except OperatorError:
            self.open = rows if request.may_be_done else ()
            raise
        if request_id:
            self.request_ids.append(request_id)
        return tree

    def _report(self, triggers: int, seconds: float, failure: str | None) -> ImportReport:
        outcomes = self.outcomes
        kinds = ("created", "updated", "unchanged", "failed", UNPROCESSED)
        numbers = Counter(each.outcome for each in outcomes)
        counts = Counts(**{kind: numbers[kind] for kind in kinds}, triggers=triggers)
        groups = (
            ProblemGroup(
                problem.code,
                starred(problem.path),
                1,
                (Sample(each.record.row, each.record.key, problem.message),),
            )
            for each in outcomes
            for problem in each.problems
        )
        words = " ".join(f"--request {each}" for each in self.request_ids)
        return ImportReport(
            counts,
            merged(groups),
            [s for kind in kinds[:3] for s in _samples(outcomes, kind)],
            seconds,
            failure,
            f"orders undo {words}" if words else None,
            uncertain=len(self.open),
            is_interrupted=self.is_interrupted,
        )


def _outcome_of(
    record: Record, entry: Tree, position: int, source_of: Mapping[str, str]
) -> OrderOutcome:
    prefix = f"/data/{position}"
    problems: list[Found] = []
    for each in entry.get("errors", ()):
        path = each["path"].removeprefix(prefix)
        place = f" ({source_of[path]})" if path in source_of else ""
        problems.append(Found(each["code"], path, each["message"] + place))
    if entry["error"] and not problems:
        # An answer without room for details has the code only.
        problems.append(Found(entry["error_text"], "", ""))
    outcome = UNPROCESSED if entry.get("retryable") else entry["outcome"]
    return OrderOutcome(record, outcome, problems, entry.get("changes", ()))


def _samples(outcomes: Sequence[OrderOutcome], kind: str) -> Sequence[Tree]:
    found = [each for each in outcomes if each.outcome == kind][:MAX_SHOWN]
    return [
        {
            "row": each.record.row,
            "external_id": each.record.key,
            "outcome": kind,
            "changed": each.changed,
        }
        for each in found
    ]


def _batches(orders: Mapping[int, Tree]) -> Iterator[Sequence[int]]:
    """Yield the rows of the orders for each request."""
    rows: list[int] = []
    size = 0
    for row, tree in orders.items():
        weight = len(write_json(tree)) + 1
        if rows and (len(rows) == MAX_BATCH or size + weight > MAX_BATCH_BYTES):
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += weight
    if rows:
        yield rows
