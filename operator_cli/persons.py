"""`orders person`: finds, exports and erases the orders of a person."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, connection_of
from operator_cli.composition import Connection, Operator, aws_client, connected
from operator_cli.counted import counted
from operator_cli.errors import OperatorError, UsageError
from operator_cli.printing import print_exact_json, print_rows, shown_time
from orders.domain.personal_data import Person, person_of

if TYPE_CHECKING:
    from operator_cli.person_erasure import Erased
    from operator_cli.person_items import PersonItem

COST = (
    "The command reads the whole table, with all accounts: one read unit for each 4 KB, and "
    "as an estimate a minute for each GB. docs/personal-data.md says what else has copies."
)
PERSON_EPILOG = f"{COST}\n\n{EPILOG}"
app = typer.Typer(help="Find, export and erase the orders of a person.", no_args_is_help=True)

COLUMNS = ("place", "order_id", "external_id", "version", "protocol", "status", "updated_at")


def _checked(kind: str) -> Callable[[list[str] | None], list[str] | None]:
    def check(values: list[str] | None) -> list[str] | None:
        try:
            person_of(**{kind: values or []})
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return values

    return check


Emails = Annotated[
    list[str] | None,
    typer.Option(
        "--email",
        callback=_checked("emails"),
        metavar="ADDRESS",
        help="An email address of the person, in upper or lower case; repeatable.",
    ),
]
Phones = Annotated[
    list[str] | None,
    typer.Option(
        "--phone",
        callback=_checked("phones"),
        metavar="NUMBER",
        help="A phone of the person; only its digits are compared, all of them; repeatable.",
    ),
]
CustomerIds = Annotated[
    list[str] | None,
    typer.Option(
        "--customer-id",
        callback=_checked("customer_ids"),
        metavar="ID",
        help="An id of the person: commercetools' customerId; Altcraft's profile_id, "
        "subscription_id or field_value; repeatable.",
    ),
]
AsJsonLines = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


@app.command(epilog=PERSON_EPILOG)
def find(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    email: Emails = None,
    phone: Phones = None,
    customer_id: CustomerIds = None,
    account: AccountName = None,
    as_json: AsJsonLines = False,
) -> None:
    """List everything in the table that concerns a person, with ids but without personal data.

    An order concerns the person if any of the options fits to it, also in an address or a custom
    field. Softly deleted orders and replaced versions are found too.
    """
    person = _person(email, phone, customer_id)
    with connected(connection_of(context)) as operator:
        found = _found(operator, chosen_account(operator, account), person)
    _print(found, as_json=as_json)


@app.command(epilog=PERSON_EPILOG)
def export(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The file to write, such as person.jsonl.")],
    email: Emails = None,
    phone: Phones = None,
    customer_id: CustomerIds = None,
    account: AccountName = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write everything in the table that concerns a person to a file of JSON Lines.

    Each line has a version of an order in the structure of its protocol. Only your user can read
    the file. Delete it when it is no longer needed.
    """
    person = _person(email, phone, customer_id)
    if file.exists() and not overwrite:
        raise UsageError(f"{file} exists: choose another file, or give --overwrite.")
    with connected(connection_of(context)) as operator:
        found = _found(operator, chosen_account(operator, account), person)
    _write(file, found)
    typer.echo(f"Wrote {counted(len(found), 'version')} of orders to {file}.", err=True)


@app.command(epilog=PERSON_EPILOG)
def erase(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    email: Emails = None,
    phone: Phones = None,
    customer_id: CustomerIds = None,
    account: AccountName = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be erased, and erase nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before erasing.")] = False,
) -> None:
    """Erase everything in the table that concerns a person, after a list and a question.

    Orders are deleted permanently, with their aliases and history. Each deletion has an
    OrderDeleted trigger without the order. Replaced versions that concern the person are erased
    from the history of orders that now concern another one. Exit code 1 means that something could
    not be erased.
    """
    person = _person(email, phone, customer_id)
    connection = connection_of(context)
    with connected(connection) as operator:
        owner = chosen_account(operator, account)
        found = _found(operator, owner, person)
        _print(found, as_json=False)
        if dry_run or not found:
            typer.echo(
                f"Would erase {counted(len(found), 'item')}." if dry_run else "Nothing to erase."
            )
            return
        if not yes and not typer.confirm(f"Erase {counted(len(found), 'item')} for good?"):
            raise OperatorError("Nothing was erased.")
        kept = _erased(operator, found)
        _print_remaining(operator, connection)
        left = _found(operator, owner, person)
    if kept or left:
        raise OperatorError(
            f"Not erased, or written meanwhile: {counted(max(len(kept), len(left)), 'item')}. "
            "Repeat the command."
        )


def _person(
    emails: list[str] | None, phones: list[str] | None, customer_ids: list[str] | None
) -> Person:
    if not (emails or phones or customer_ids):
        raise UsageError("At least one --email, --phone or --customer-id is required.")
    return person_of(emails or (), phones or (), customer_ids or ())


def _found(operator: Operator, account: str, person: Person) -> "list[PersonItem]":
    from operator_cli.person_items import FindPerson
    from orders.runtime.composition.order_protocols import contacts_of

    found = FindPerson(operator.client, operator.table, contacts_of)(account, person)
    return sorted(found, key=lambda each: (each.order.order_id, each.order.version))


def _print(found: "Sequence[PersonItem]", *, as_json: bool) -> None:
    rows = [_row(each) for each in found]
    if not as_json:
        print_rows(COLUMNS, rows)
        return
    for row in rows:
        print_exact_json(row)


def _row(item: "PersonItem") -> Mapping[str, object]:
    order = item.order
    return {
        "place": str(item.place),
        "order_id": order.order_id,
        "external_id": order.external_id,
        "version": order.version,
        "protocol": order.protocol,
        "status": order.status,
        "updated_at": shown_time(order.updated_at),
    }


def _write(file: Path, found: "Sequence[PersonItem]") -> None:
    from orders.protocols.json_text import write_json, written_json
    from orders.runtime.composition.order_protocols import present

    try:
        file.unlink(missing_ok=True)
        file.touch(mode=0o600, exist_ok=False)
        with file.open("wb") as opened:
            for each in found:
                row = {**_row(each), "order": written_json(present(each.order))}
                opened.write(write_json(row) + b"\n")
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror}.") from error


def _erased(operator: Operator, found: "Sequence[PersonItem]") -> "list[Erased]":
    """Erase what was found; return what was kept."""
    from operator_cli.person_erasure import ErasePerson
    from orders.runtime.composition import new_request_id

    erasing = ErasePerson(operator.client, operator.table, operator.clock, new_request_id)
    results = list(erasing(found))
    kept = [each for each in results if each.kept_because]
    for each in kept:
        order = each.item.order
        typer.echo(
            f"Kept {each.item.place} {order.order_id}, version {order.version}: "
            f"{each.kept_because}."
        )
    typer.echo(f"Erased {len(results) - len(kept):,} of {counted(len(results), 'item')}.")
    return kept


def _print_remaining(operator: Operator, connection: Connection) -> None:
    from operator_cli.remaining_copies import RemainingCopies

    copies = RemainingCopies(
        operator.client, aws_client("events", connection), operator.table, connection.triggers
    )
    typer.echo("Copies remain where no command can erase them:")
    for text in copies.texts(operator.clock()):
        typer.echo(f"- {text}")
