"""`orders catalogue`: imports and lists the products and SKUs of an account."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operator_cli.errors import OperatorError, UnavailableError, UsageError
from operator_cli.hub_access import HUB_EPILOG, BaseUrl, HubAccount, HubChoice, Token, hub_of

if TYPE_CHECKING:
    from operator_cli.hub import Hub

app = typer.Typer(help="Import and list products and SKUs.", no_args_is_help=True)

type Tree = dict[str, Any]

COLUMNS = ("id", "external_id", "name")
# The most entries of a page, and what one request may have: its body may have 4 MB.
PAGE = 1000
MAX_BATCH = 1000
MAX_BATCH_BYTES = 3_500_000


class Kind(StrEnum):
    """What is imported or listed."""

    PRODUCT = "product"
    SKU = "sku"

    @property
    def folder(self) -> str:
        """Return the name in the path of the calls."""
        return "products" if self is Kind.PRODUCT else "sku"


KindOption = Annotated[
    Kind, typer.Option("--kind", help="Products with their SKUs, or SKUs alone.")
]


@app.command("import", epilog=HUB_EPILOG)
def import_catalogue(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    file: Annotated[
        str,
        typer.Argument(
            help="The JSON body of Altcraft's import, or JSON Lines with one product or SKU in "
            "each; `-` is standard input."
        ),
    ],
    kind: KindOption = Kind.PRODUCT,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
) -> None:
    """Import products or SKUs. Those that exist are replaced. The token needs orders:write.

    The exit code is 1 if some of them failed: the command prints each with its reason.
    """
    from operator_cli.catalogue_file import read_catalogue

    rest, entries = read_catalogue(file)
    received = failed = 0
    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        for first, batch in _batches(entries):
            tree = _asked(hub.hub, f"{kind.folder}/import", {**rest, "data": batch})
            received += len(batch)
            for position, result in enumerate(tree["result"], first):
                if result["error"]:
                    failed += 1
                    _print_failure(position, result)
    what = "SKUs" if kind is Kind.SKU else "products"
    typer.echo(f"Imported {received - failed} of {received} {what}.", err=True)
    if failed:
        raise typer.Exit(OperatorError.exit_code)


@app.command("list", epilog=HUB_EPILOG)
def list_catalogue(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    kind: KindOption = Kind.PRODUCT,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most entries to list.")] = 50,
    base_url: BaseUrl = None,
    token: Token = None,
    account: HubAccount = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines with all members.")
    ] = False,
) -> None:
    """List products or SKUs, in an order that does not change."""
    from operator_cli.printing import print_exact_json, print_rows

    with hub_of(context, HubChoice(base_url, token, account)) as hub:
        found = _listed(hub.hub, kind, limit, with_details=as_json)
        if as_json:
            for entry in found:
                print_exact_json(entry)
        else:
            print_rows(COLUMNS, list(found))


def _listed(hub: "Hub", kind: Kind, limit: int, *, with_details: bool) -> Iterator[Tree]:
    from_id = ""
    while limit > 0:
        body = {"from_id": from_id, "limit": min(limit, PAGE), "result_details": with_details}
        tree = _asked(hub, f"{kind.folder}/list", body)
        yield from tree["result"]
        if not tree["result"]:
            return
        limit -= len(tree["result"])
        from_id = tree["next_from_id"]


def _batches(entries: Sequence[object]) -> Iterator[tuple[int, list[object]]]:
    """Yield the entries for each request with the position of the first, at least one request."""
    from orders.protocols.json_text import write_json

    batch: list[object] = []
    first = size = 0
    for position, entry in enumerate(entries):
        weight = len(write_json(entry)) + 1
        if batch and (len(batch) == MAX_BATCH or size + weight > MAX_BATCH_BYTES):
            yield first, batch
            batch, first, size = [], position, 0
        batch.append(entry)
        size += weight
    yield first, batch


def _asked(hub: "Hub", call: str, body: Mapping[str, object]) -> Tree:
    """Return the body of a 200 answer; raise what another answer means."""
    from operator_cli.hub import MARKET, HubRequest
    from orders.protocols.json_text import NotJsonError, read_json, write_json

    answer = hub.ask(HubRequest("POST", f"{MARKET}/{call}", body=write_json(body)))
    try:
        tree = read_json(answer.body).tree
    except NotJsonError as error:
        raise UnavailableError(f"The hub's answer cannot be read: {error}.") from error
    if not isinstance(tree, dict) or "error_text" not in tree:
        raise UnavailableError("The hub's answer is not that of a call.")
    if answer.status == HTTPStatus.OK:
        return tree
    text = str(tree["error_text"]).rstrip(".")
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
        raise UsageError(f"{text}.")
    raise UnavailableError(f"The hub answers {answer.status}: {text}.")


def _print_failure(position: int, result: Tree) -> None:
    from operator_cli.history_text import printable

    name = result["external_id"]
    shown = f"number {position + 1}" if name is None else printable(name)
    typer.echo(f"{shown}: {printable(result['error_text'])}")
