"""`orders changes`: prints what changed, once or for as long as it runs."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operator_cli.errors import CursorExpiredError, OperatorError, UnavailableError, UsageError
from operator_cli.hub_access import BaseUrl, HubAccount, HubChoice, Token, hub_of

if TYPE_CHECKING:
    from operator_cli.hub_reads import HubReads

# Changes become visible a minute after they were made, so asking more often finds little more.
INTERVAL_SECONDS = 60
MAX_CURSOR_BYTES = 10_000


@dataclass(slots=True)
class CursorFile:
    """The cursor after the last change that was printed, in a file if there is one."""

    cursor: str | None = None
    path: Path | None = None

    @classmethod
    def of(cls, after: str | None, path: Path | None) -> "CursorFile":
        """Return the cursor of the option or of the file; a file that does not exist has none."""
        if path is None:
            return cls(after)
        try:
            if path.exists() and path.stat().st_size > MAX_CURSOR_BYTES:
                raise UsageError(f"{path} does not hold a cursor.")
            text = path.read_text(encoding="utf-8").strip() if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read as a cursor.") from error
        return cls(text or None, path)

    def keep(self, cursor: str) -> None:
        """Keep a cursor whose changes were printed. Raises OperatorError."""
        from operator_cli.order_export import write_atomically

        self.cursor = cursor
        if self.path is None:
            return
        try:
            write_atomically(self.path, f"{cursor}\n".encode())
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be written: {error.strerror}.") from error


@dataclass(slots=True)
class Interruption:
    """A signal handler that raises KeyboardInterrupt and remembers the signal.

    Python drops what is raised while an object is deleted, so the exception alone could get lost.
    """

    requested: bool = False

    def __call__(self, number: int, frame: object) -> None:
        """Handle a signal. Raises KeyboardInterrupt."""
        del number, frame
        self.requested = True
        raise KeyboardInterrupt


@dataclass(slots=True)
class ChangesReader:
    """Prints the changes after a cursor."""

    hub: "HubReads"
    cursor: CursorFile
    show: Callable[[Any], None]
    with_orders: bool = False
    pause: Callable[[float], None] = time.sleep
    warn: Callable[[str], None] = field(default=lambda text: typer.echo(text, err=True))
    interruption: Interruption = field(default_factory=Interruption)

    def read_once(self) -> None:
        """Print all changes that are visible now. The cursor is kept after each page."""
        has_more = True
        while has_more:
            page = self.hub.changes(self.cursor.cursor, with_orders=self.with_orders)
            for change in page.entries:
                self.show(change)
            self.cursor.keep(page.following)
            has_more = page.has_more

    def follow(self, interval: float) -> None:
        """Print changes until it is interrupted. Faults that may pass are waited for."""
        fault = ""
        while not self.interruption.requested:
            try:
                self.read_once()
                if fault:
                    self.warn("The hub answers again.")
                fault = ""
            except UnavailableError as error:
                if not error.may_pass:
                    raise
                # The same fault is reported once.
                if str(error) != fault:
                    self.warn(f"{error} Waiting for the hub; asking every {interval:g} seconds.")
                fault = str(error)
            if not self.interruption.requested:
                self.pause(interval)


def changes(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    after: Annotated[
        str | None,
        typer.Option("--after", metavar="CURSOR", help="Begin after this cursor."),
    ] = None,
    cursor_file: Annotated[
        Path | None,
        typer.Option(
            "--cursor-file",
            metavar="FILE",
            help="Begin after the cursor in this file, and keep the last one there.",
        ),
    ] = None,
    interval: Annotated[
        float,
        typer.Option("--interval", min=1, help="Seconds between two questions of --follow."),
    ] = INTERVAL_SECONDS,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until Ctrl-C, which keeps the last cursor.")
    ] = False,
    with_orders: Annotated[
        bool, typer.Option("--with-orders", help="Add the order to each change; requires --json.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON Lines.")] = False,
) -> None:
    """Print the orders that changed, each once at its present version, the oldest change first.

    Without a cursor, these are all orders of the account. Changes become visible 60 seconds after
    they were made. A change may be printed again after an interruption.
    """
    from operator_cli.printing import print_exact_json

    if after is not None and cursor_file is not None:
        raise UsageError("--after and --cursor-file cannot be combined.")
    if with_orders and not as_json:
        raise UsageError("--with-orders requires --json.")
    cursor = CursorFile.of(after, cursor_file)
    show = print_exact_json if as_json else _print_change
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        reader = ChangesReader(hub, cursor, show, with_orders)
        try:
            if follow:
                _follow(reader, interval)
            else:
                reader.read_once()
        except CursorExpiredError as error:
            raise CursorExpiredError(f"{error}{_how_to_begin(cursor_file)}") from error
        finally:
            if cursor_file is None and cursor.cursor is not None:
                typer.echo(f"Next cursor: {cursor.cursor}", err=True)


def _follow(reader: ChangesReader, interval: float) -> None:
    """Follow until Ctrl-C or SIGTERM, which are its normal end."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, reader.interruption) for each in signals]
    try:
        reader.follow(interval)
    except KeyboardInterrupt:
        return
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _print_change(change: Any) -> None:  # noqa: ANN401 - JSON
    from operator_cli.history_text import printable

    name = printable(change["external_id"])
    typer.echo(
        f"{change['at']}  {change['kind']:7}  order {change['order_id']}  "
        f"version {change['version']}  {name}"
    )


def _how_to_begin(path: Path | None) -> str:
    return "" if path is None else f" To begin anew, delete {path}."
