"""The text of a preview and of an import: the same for requests and for jobs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operator_cli.counted import counted
from operator_cli.history_text import printable
from operator_cli.import_reports import (
    MAX_SHOWN,
    ImportReport,
    Tree,
    orders_in_results,
)
from orders.domain.file_records import FileOptions
from orders.domain.import_jobs import Counts
from orders.protocols.json_text import write_json

if TYPE_CHECKING:
    from operator_cli.import_source import ImportSource

# Dollars for an order with one trigger, by docs/costs.md: an import by requests or by a job.
PRICES = {"created": 1.5e-6, "updated": 2.9e-6, "unchanged": 0.3e-6, "failed": 0.3e-6}
TRIGGER_PRICE = 1.0e-6
# A preview takes this part of the time of its import.
PREVIEW_PART = 0.7
_CENT = 0.01
_MINUTE, _HOUR = 60, 3600


def source_lines(source: "ImportSource") -> Iterator[str]:
    """Yield what is known of a file, what of it is a guess, and what of it is ignored."""
    name, size, options = source.file.name, source.size, source.options
    yield f"{printable(name)}: {size:,} bytes, {options.format}{_guess('format', options)}"
    parts = [f"compression {options.compression}", _part("charset", options.charset, options)]
    if "csv" in options.format or options.format == "amazon_orders":
        point = "comma" if options.decimal_comma else "point"
        delimiter = {"\t": "tab"}.get(options.delimiter, options.delimiter)
        parts += [
            _part("delimiter", delimiter, options),
            f"decimal {point}{_guess('decimal_comma', options)}",
            f"dates {options.date_form}{_guess('date_form', options)}",
        ]
    yield f"  {', '.join(parts)}"
    if source.mapping_name:
        yield f"  mapping {printable(source.mapping_name)}, as the account keeps it"
    if source.ignored:
        yield f"  ignored: {', '.join(map(printable, source.ignored))}"


def preview_lines(report: ImportReport, *, skip_triggers: bool) -> Iterator[str]:
    """Yield the lines of a preview."""
    counts = report.counts
    if report.note:
        yield report.note
    yield f"Preview of {counted(counts.received, 'order')}. Nothing was written."
    yield from _count_lines(counts)
    yield f"  triggers that would be published: {_triggers(counts, skip_triggers=skip_triggers)}"
    yield from _sample_lines(report)
    yield from problem_lines(report)
    seconds = None if report.seconds is None else report.seconds / PREVIEW_PART
    time = "" if seconds is None else f", {_duration(seconds)}"
    yield f"Estimate of the import: {_price(counts)} of AWS (us-east-1, on demand){time}."


def result_lines(report: ImportReport) -> Iterator[str]:
    """Yield the lines of an import that ended."""
    counts = report.counts
    done = counts.created + counts.updated + counts.unchanged
    if report.note:
        yield report.note
    yield f"Imported {done:,} of {counted(counts.received, 'order')}."
    yield from _count_lines(counts)
    if counts.triggers:
        yield f"  triggers published: {counts.triggers:,}"
    yield from problem_lines(report)


def undo_lines(report: ImportReport) -> Iterator[str]:
    """Yield how an import is taken back, and what that leaves out."""
    counts = report.counts
    if report.undo and counts.created + counts.updated:
        yield f"To take the import back: {report.undo}"
    if report.uncertain:
        yield (
            f"The hub did not answer about {counted(report.uncertain, 'order')} with the code "
            "answer_lost: they may be imported. Import the unprocessed file; it changes no "
            "imported order. To take them back too, find their request with `orders order history`."
        )


def file_lines(written: Sequence[Path], counts: Counts) -> Iterator[str]:
    """Yield the names of the result files, and what each has."""
    numbers = orders_in_results(counts)
    for path in written:
        # The name of the imported file may have such a word too, before that of the result.
        kind = next((each for each in reversed(path.name.split(".")) if each in numbers), None)
        number = "" if kind is None else f"  {counted(numbers[kind], 'order')}"
        yield f"{path}{number}"


def problem_lines(report: ImportReport) -> Iterator[str]:
    """Yield the problems by code and path, with samples."""
    if report.problems:
        yield "Problems:"
    for group in report.problems:
        place = f" at {printable(group.path)}" if group.path else ""
        yield f"  {group.count:,} x {group.code}{place}"
        for sample in group.samples[:MAX_SHOWN]:
            yield f"    {_name(sample.row, sample.external_id)}: {printable(sample.message)}"


def undone_lines(undone: Mapping[str, int]) -> Iterator[str]:
    """Yield the counts of an undo."""
    for name, number in undone.items():
        yield f"  {name:12}{number:>12,}"


def sample_lines(samples: Sequence[Tree]) -> Iterator[str]:
    """Yield samples with their differences."""
    for sample in samples:
        yield f"    {_name(sample['row'], sample['external_id'])}"
        for change in sample.get("changed") or ():
            yield f"      {_change(change)}"


def _sample_lines(report: ImportReport) -> Iterator[str]:
    for outcome in ("created", "updated", "unchanged"):
        found = [each for each in report.samples if each["outcome"] == outcome][:MAX_SHOWN]
        if found:
            yield f"{outcome}, for example:"
            yield from sample_lines(found)


def _count_lines(counts: Counts) -> Iterator[str]:
    for name in ("created", "updated", "unchanged", "failed", "unprocessed"):
        yield f"  {name:12}{getattr(counts, name):>12,}"


def _triggers(counts: Counts, *, skip_triggers: bool) -> str:
    if not skip_triggers:
        return f"{counts.triggers:,}"
    changed = counts.created + counts.updated
    # Orders may skip their triggers themselves.
    return f"none; with --send-triggers at most {changed:,}" if changed else "none"


def _name(row: int, external_id: str | None) -> str:
    name = "without an external id" if external_id is None else printable(external_id)
    return f"row {row}  {name}"


def _change(change: Any) -> str:  # noqa: ANN401 - any JSON value
    if not isinstance(change, Mapping):
        return printable(str(change))
    sides = [_value(change[side]) if side in change else "" for side in ("before", "after")]
    before, after = (each or "(none)" for each in sides)
    return f"{printable(str(change['path']))}: {before} -> {after}"


def _value(value: object) -> str:
    return printable(write_json(value).decode())


def _price(counts: Counts) -> str:
    price = sum(getattr(counts, name) * each for name, each in PRICES.items())
    price += counts.triggers * TRIGGER_PRICE
    return "less than 0.01 USD" if price < _CENT else f"about {price:,.2f} USD"


def _duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"about {round(seconds / _MINUTE)} minutes"
    return f"about {seconds / _HOUR:.1f} hours"


def _part(name: str, value: str, options: FileOptions) -> str:
    return f"{name} {value}{_guess(name, options)}"


def _guess(name: str, options: FileOptions) -> str:
    return " (guessed)" if name in options.guessed else ""
