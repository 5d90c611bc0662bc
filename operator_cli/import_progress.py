"""Shows how far an import is: a bar with rate and time left on a terminal, otherwise lines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from operator_cli.counted import counted
from operator_cli.import_reports import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn, TaskID


@dataclass(slots=True)
class LinesProgress:
    """Prints a line at the beginning of each phase."""

    def begin(self, what: str, total: int | None = None, unit: str = "order") -> None:
        """Print what begins."""
        size = "" if total is None else f" of {counted(total, unit)}"
        typer.echo(f"{what}{size} ...", err=True)

    def reach(self, done: int, total: int | None = None) -> None:
        """Print nothing."""


@dataclass(slots=True)
class BarProgress:
    """Shows a bar for the present phase."""

    bar: "Bar"
    task: "TaskID | None" = None
    unit: str = "order"

    def begin(self, what: str, total: int | None = None, unit: str = "order") -> None:
        """Replace the bar."""
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.unit = unit
        self.task = self.bar.add_task(what, total=total, amount="")

    def reach(self, done: int, total: int | None = None) -> None:
        """Move the bar."""
        if self.task is None:
            return
        if total is not None:
            self.bar.update(self.task, total=total)
        self.bar.update(self.task, completed=done)
        task = next(each for each in self.bar.tasks if each.id == self.task)
        speed = f", {_amount(task.speed, self.unit)}/s" if task.speed else ""
        whole = "" if task.total is None else f" of {_amount(task.total, self.unit)}"
        self.bar.update(self.task, amount=f"{_amount(done, self.unit)}{whole}{speed}")


@contextmanager
def import_progress() -> Iterator[Progress]:
    """Show the progress on standard error."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if not console.is_terminal:
        yield LinesProgress()
        return
    with Bar(*bar_columns(), console=console, transient=True) as bar:
        yield BarProgress(bar)


def bar_columns() -> "Sequence[ProgressColumn]":
    """Return the parts of the bar."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    return (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    )


def _amount(value: float, unit: str) -> str:
    if unit == "byte":
        return f"{value / 1_000_000:,.1f} MB"
    return counted(round(value), unit)
