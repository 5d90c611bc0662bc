"""`orders undo` and `orders order restore`: bring earlier versions of orders back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.errors import OperatorError
from operator_cli.hub_access import BaseUrl, HubAccount, HubChoice, Token, hub_of
from operator_cli.order_changes import EPILOG, AsJson
from operator_cli.orders import AsJsonLines, ExternalId, Name, OrderId, expect_one, number_of
from operator_cli.printing import print_exact_json, print_rows
from orders.domain.order_numbers import MAX_ORDER_ID
from orders.domain.problems import shown

if TYPE_CHECKING:
    from operator_cli.hub_reads import Tree

_COLUMNS = ("order_id", "external_id", "outcome", "version", "restored_version", "reason")
# What an undo did, and what it would do.
_DONE = {"deleted": "deleted", "restored": "restored"}
_PLANNED = {"deleted": "would be deleted for good", "restored": "would be restored"}
_LEFT = {"unchanged": "unchanged", "kept": "kept", "failed": "failed"}
_SETTLING = "Not all changes of the request may be visible yet. Repeat the command in two minutes."

SkipTriggers = Annotated[
    bool, typer.Option("--skip-triggers", help="Publish no triggers of the changes.")
]


@dataclass(slots=True)
class _Undone:
    """What the answers of an undo say."""

    orders: "list[Tree]" = field(default_factory=list)
    undone_by: list[str] = field(default_factory=list)
    is_settled: bool = True

    def add(self, answer: "Tree") -> None:
        self.orders += answer["orders"]
        self.is_settled = self.is_settled and answer["settled"]
        if answer["undo_request_id"] and _has_changes(answer):
            self.undone_by.append(answer["undo_request_id"])


def undo(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    request: Annotated[
        list[str],
        typer.Option(
            "--request",
            metavar="REQUEST_ID",
            help="The X-Request-Id of an answer; `orders order history` shows it too. May be "
            "repeated.",
        ),
    ],
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Undo the request; without it, nothing is written.")
    ] = False,
    skip_triggers: SkipTriggers = False,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJsonLines = False,
) -> None:
    """Show what the undo of a request would do, or undo it with --confirm.

    Orders that the request created are deleted for good, and those that it changed become as they
    were before. An order that was changed since is kept. The command fails if an order is kept or
    if not all changes of the request may be visible yet.
    """
    from operator_cli.hub_changes import HubChanges

    found = _Undone()
    try:
        with hub_of(context, HubChoice(base_url, token, account)) as hub:
            changes = HubChanges(hub.hub)
            for each in request:
                for answer in changes.undo(each, dry_run=not confirm, skip_triggers=skip_triggers):
                    found.add(answer)
                    if as_json:
                        _print_lines(answer["orders"])
    except (KeyboardInterrupt, OperatorError):
        # What was undone until then has a way back too.
        if found.orders:
            _print(found, done=confirm, as_json=as_json)
        raise
    _print(found, done=confirm, as_json=as_json)
    _expect_all(found.orders, is_settled=found.is_settled)


def restore(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    name: Name = None,
    external_id: ExternalId = None,
    order_id: OrderId = None,
    version: Annotated[
        int,
        typer.Option(
            "--version",
            min=1,
            max=MAX_ORDER_ID,
            help="The version to bring back; `orders order history` lists them.",
        ),
    ],
    skip_triggers: SkipTriggers = False,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """Bring an earlier version of an order back, as its next version.

    A softly deleted order is revived. It is found by its order_id only.
    """
    from operator_cli.hub_changes import HubChanges

    expect_one(name, external_id, order_id)
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        number = number_of(hub, name, external_id, order_id)
        order = HubChanges(hub.hub).restore(number, version, skip_triggers=skip_triggers)
    if as_json:
        print_exact_json(order)
        return
    typer.echo(
        f"Restored version {version}: order {order['order_id']}, external id "
        f"{shown(order['external_id'])}, version {order['version']}."
    )


def add_to(app: typer.Typer, orders: typer.Typer) -> None:
    """Add the commands: one to all, one to those of orders."""
    app.command(epilog=EPILOG)(undo)
    orders.command(epilog=EPILOG)(restore)


def _print(found: _Undone, *, done: bool, as_json: bool) -> None:
    if not as_json:
        _print_table(found.orders)
    typer.echo(_summary(found.orders, done=done), err=as_json)
    for each in found.undone_by:
        typer.echo(f"To undo this: orders undo --request {each}", err=True)


def _has_changes(answer: "Tree") -> bool:
    return any(each["outcome"] in _DONE for each in answer["orders"])


def _print_lines(orders: Sequence["Tree"]) -> None:
    for each in orders:
        print_exact_json(each)


def _print_table(orders: Sequence["Tree"]) -> None:
    if orders:
        print_rows(_COLUMNS, orders)


def _summary(orders: Sequence["Tree"], *, done: bool) -> str:
    counts = Counter(each["outcome"] for each in orders)
    words = {**(_DONE if done else _PLANNED), **_LEFT}
    found = [f"{counts[outcome]} {text}" for outcome, text in words.items() if counts[outcome]]
    if not found:
        return "The request changed no order that exists."
    text = f"Orders: {', '.join(found)}."
    return text if done else f"{text} Nothing was written; undo the request with --confirm."


def _expect_all(orders: Sequence["Tree"], *, is_settled: bool) -> None:
    left = [each for each in orders if each["outcome"] in {"kept", "failed"}]
    details = list(dict.fromkeys(str(each["detail"]) for each in left))
    if not is_settled:
        details.append(_SETTLING.removesuffix("."))
    if details:
        raise OperatorError(". ".join(details) + ".")
