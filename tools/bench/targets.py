"""Compares measurements with what was set as an aim, and prints tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Target:
    """A target and its measurement; `met` is None if this machine cannot measure it."""

    what: str
    aim: str
    measured: str
    met: bool | None


def at_most(what: str, measured: float | None, limit: float) -> Target:
    """Return a target that is met by a small value."""
    if measured is None:
        return Target(what, f"at most {limit:g}", "only on Linux", None)
    return Target(what, f"at most {limit:g}", f"{measured:.4g}", measured <= limit)


def at_least(what: str, measured: float, limit: float) -> Target:
    """Return a target that is met by a large value."""
    return Target(what, f"at least {limit:g}", f"{measured:.4g}", measured >= limit)


def plain_table(title: str, *columns: str) -> Table:
    """Return an empty table. A column without a name has the names of the rows."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column else "left")
    return table


def target_table(targets: Sequence[Target]) -> Table:
    """Return the table of all targets. None of them ends the command with an error."""
    table = plain_table("Targets", "measured", "", "target", "met")
    words: Mapping[bool | None, str] = {True: "met", False: "NOT met", None: "-"}
    for target in targets:
        table.add_row(target.measured, target.what, target.aim, words[target.met])
    return table
