"""Prints JSON, tables and differences."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import typer

from operator_cli.counted import counted
from orders.domain.times import format_time

# A longer value than this may be folded on a terminal; an order id has at most 16 digits.
_MAX_UNFOLDED = 20
_PIPE_WIDTH = 10_000
DIFF_STYLES = {"---": "bold", "+++": "bold", "@@": "cyan", "-": "red", "+": "green"}


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_exact_json(value: object, *, indented: bool = False) -> None:
    """Print a value as JSON, in one line unless it is indented. Numbers keep all their digits."""
    from orders.protocols.json_text import write_json

    typer.echo(write_json(value, indented=indented).decode())


@contextmanager
def export_progress() -> Iterator[Callable[[int, float], None]]:
    """Show a progress bar on standard error, if that is a terminal.

    Yields a function that takes the number of orders so far and the part of the whole, 0 to 1.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("export", total=1.0, count=counted(0, "order"))
        yield lambda count, part: progress.update(
            task, completed=part, count=counted(count, "order")
        )


def print_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table with these columns.

    On a terminal only long values are folded: an id must remain whole to be copied. In a file or a
    pipe no value is folded.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        width = max((len(_shown(row[column])) for row in rows), default=0)
        is_short = width <= _MAX_UNFOLDED or not console.is_terminal
        table.add_column(column.replace("_", " "), overflow="fold", min_width=width * is_short)
    for row in rows:
        table.add_row(*(Text(_shown(row[column])) for column in columns))
    console.print(table)


def print_difference(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, in colours on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        style = next((name for mark, name in DIFF_STYLES.items() if line.startswith(mark)), "")
        console.print(Text(line.rstrip("\n"), style=style))


def shown_time(moment: datetime | None) -> str | None:
    """Format a time in UTC, in whole seconds; return None without a time."""
    return format_time(moment.replace(microsecond=0)) if moment else None


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
