"""`orders mapping`: drafts and checks mappings of columns, and keeps them in an account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operator_cli.accounts import chosen_account
from operator_cli.arguments import EPILOG, AccountName, AsJson, connection_of
from operator_cli.composition import CommandDeadline, connected
from operator_cli.counted import counted
from operator_cli.errors import OperatorError, UsageError, refusals
from orders.application.errors import SettingsTooLargeError
from orders.domain.problems import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from operator_cli.import_source import ImportSource, SmallFile

app = typer.Typer(
    help="Draft and check mappings of columns, and keep them in an account.", no_args_is_help=True
)
_READ_ROWS = 200
FILE_EPILOG = "No hub is needed: the file is read on this machine."

File = Annotated[Path, typer.Argument(help="The file, also compressed with gzip or zip.")]
Name = Annotated[str, typer.Argument(help="Name of the mapping.")]
FormatName = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="Name of the format; detected by default."),
]
Charset = Annotated[str | None, typer.Option("--charset", help="Charset; detected by default.")]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", help="Delimiter; `tab` is a tab. Detected by default.")
]
DecimalComma = Annotated[
    bool | None,
    typer.Option("--decimal-comma/--decimal-point", help="How amounts are written."),
]
DateForm = Annotated[str | None, typer.Option("--date-form", help="How dates are written.")]


@app.command(epilog=FILE_EPILOG)
def init(
    file: File,
    file_format: FormatName = None,
    charset: Charset = None,
    delimiter: Delimiter = None,
) -> None:
    """Write the draft of a mapping, by the header of a CSV file, to standard output.

    The names of columns may be English, Russian or German. The draft has the values of the first
    rows as comments, and the columns that no member has. For an export that the hub knows, it is
    the mapping of that format.
    """
    from operator_cli.import_source import first_rows_of
    from operator_cli.mapping_draft import draft_lines, has_title, named_rows, preset_lines

    chosen = _chosen(file_format, charset, delimiter)
    options, rows = first_rows_of(file, chosen, _READ_ROWS)
    first = named_rows(rows)
    if not first.columns:
        raise UsageError(f"{file} must be a CSV file with a header.")
    if has_title(rows):
        raise UsageError(
            f"{file} must begin with the names of its columns; its first row has one cell. Remove "
            "the rows before the header."
        )
    preset = _preset(options.format)
    lines = (
        preset_lines(file.name, options.format, preset, first)
        if preset
        else draft_lines(file.name, first)
    )
    for line in lines:
        typer.echo(line)


@app.command(epilog=FILE_EPILOG)
def check(  # noqa: PLR0913 - each option is a parameter
    file: File,
    mapping: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MAPPING.yaml]", help="The mapping; that of the format by default."
        ),
    ] = None,
    file_format: FormatName = None,
    charset: Charset = None,
    delimiter: Delimiter = None,
    *,
    decimal_comma: DecimalComma = None,
    date_form: DateForm = None,
    as_json: AsJson = False,
) -> None:
    """Show the first 20 orders of a file as they would be imported, and their problems.

    The columns that the mapping does not read are listed, and the members whose columns the file
    does not have. A file in a format of the hub, such as altcraft_csv, needs no mapping. What
    depends on the settings of an account, such as its endpoints, is checked by the preview of
    `orders import`. Exit code 1: orders have problems.
    """
    from operator_cli.import_source import local_formats, open_source
    from operator_cli.mapping_check import CHECKED_ORDERS, checked_orders
    from operator_cli.mapping_file import checked_mapping

    chosen = _chosen(file_format, charset, delimiter)
    if mapping is not None:
        chosen["mapping"] = checked_mapping(mapping)
    if decimal_comma is not None:
        chosen["decimal_comma"] = decimal_comma
    if date_form is not None:
        chosen["date_form"] = date_form
    source = open_source(file, chosen, local_formats)
    _expect_checkable(source, mapping)
    first = source.first(CHECKED_ORDERS)
    orders = list(checked_orders(source, first))
    missing = _missing(source, first)
    if as_json:
        from operator_cli.mapping_check import as_json as json_of
        from operator_cli.printing import print_exact_json

        print_exact_json(json_of(source, orders, missing), indented=True)
    else:
        _print_check(source, orders, missing)
    if any(each.problems for each in orders):
        raise typer.Exit(OperatorError.exit_code)


@app.command(epilog=EPILOG)
def apply(
    context: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The mapping.")],
    account: AccountName = None,
) -> None:
    """Keep a mapping in an account. It replaces the mapping with the same name."""
    from operator_cli.mapping_file import checked_mapping

    tree = checked_mapping(file)
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        try:
            changed = operator.keep_mapping(owner, name, tree, CommandDeadline.from_now())
        except SettingsTooLargeError as error:
            raise OperatorError(f"{error}.") from error
    typer.echo(
        f"Account {owner} keeps the mapping {name}: orders import FILE --mapping {name}"
        if changed
        else f"Nothing to change: account {owner} keeps this mapping."
    )


@app.command("list", epilog=EPILOG)
def list_mappings(
    context: typer.Context, account: AccountName = None, *, as_json: AsJson = False
) -> None:
    """List the mappings that an account keeps."""
    from operator_cli.printing import print_json, print_rows

    mappings = _kept(context, account)
    rows = [
        {"name": name, "members": len(tree.get("order", {})) + len(tree.get("line", {}))}
        for name, tree in sorted(mappings.items())
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(["name", "members"], rows)
    else:
        typer.echo("The account keeps no mappings.")


@app.command(epilog=EPILOG)
def show(context: typer.Context, name: Name, account: AccountName = None) -> None:
    """Print a mapping as YAML that `orders mapping apply` accepts."""
    from operator_cli.mapping_file import mapping_yaml

    typer.echo(mapping_yaml(kept_mapping(context, name, account)), nl=False)


@app.command(epilog=EPILOG)
def remove(context: typer.Context, name: Name, account: AccountName = None) -> None:
    """Remove a mapping from an account. Jobs that were created with it keep their copy."""
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        operator.keep_mapping.remove(owner, name, CommandDeadline.from_now())
    typer.echo(f"Account {owner} no longer keeps the mapping {name}.")


def kept_mapping(context: typer.Context, name: str, account: str | None) -> Mapping[str, Any]:
    """Return a mapping that an account keeps. Raises OperatorError."""
    from orders.application.keep_mapping import FindMapping

    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        return FindMapping(operator.settings)(owner, name, CommandDeadline.from_now())


def _kept(context: typer.Context, account: str | None) -> Mapping[str, Mapping[str, Any]]:
    with connected(connection_of(context)) as operator, refusals():
        owner = chosen_account(operator, account)
        stored = operator.settings.load(owner, CommandDeadline.from_now(), fresh=True)
    return stored.settings.mappings


def _chosen(file_format: str | None, charset: str | None, delimiter: str | None) -> dict[str, Any]:
    given = {
        "format": file_format,
        "charset": charset,
        "delimiter": {"tab": "\t"}.get(delimiter or "", delimiter),
    }
    return {name: value for name, value in given.items() if value is not None}


def _preset(format_name: str) -> str:
    """Return the mapping of a preset for files with columns as YAML, "" of another format."""
    from operator_cli.mapping_file import mapping_yaml
    from orders.file_formats.mapped_table import MappedTable
    from orders.file_formats.registry import format_named

    found = format_named(format_name)
    preset = found.preset.mapping if isinstance(found, MappedTable) else {}
    return mapping_yaml(preset) if preset else ""


def _expect_checkable(source: ImportSource, mapping: Path | None) -> None:
    from orders.file_formats.registry import MAPPED

    name = source.options.format
    if source.formats.named(name).protocol != "altcraft":
        raise UsageError(
            f"{source.file} must have orders of the Altcraft import; got {name}. "
            "The preview of `orders import` shows its problems."
        )
    if mapping is not None and name not in MAPPED:
        raise UsageError(
            f"{source.file} must have a format with a mapping: {listed(MAPPED)}; got {name}, "
            f"which needs no mapping: omit {mapping}."
        )


def _missing(source: ImportSource, first: SmallFile) -> Sequence[str]:
    """Return the members without a column. Lines in a cell, and XML, have names of their own."""
    from operator_cli.mapping_check import missing_columns, missing_line_columns
    from orders.file_formats.mapped_table import MappedTable

    found, columns = source.formats.named(source.options.format), first.frame.columns
    if not isinstance(found, MappedTable):
        return ()
    mapping = found.mapping(source.options)
    of_lines = () if found.has_lines_in_a_cell else missing_line_columns(mapping, columns)
    return [*missing_columns(mapping, columns), *of_lines]


def _print_check(source: ImportSource, orders: Sequence[Any], missing: Sequence[str]) -> None:
    from operator_cli.history_text import printable
    from operator_cli.import_text import source_lines
    from operator_cli.mapping_check import COLUMNS, problem_lines
    from operator_cli.printing import print_rows
    from orders.file_formats.registry import MAPPED

    for line in source_lines(source):
        typer.echo(line)
    if source.options.format not in MAPPED:
        typer.echo(f"  {source.options.format} needs no mapping")
    print_rows(COLUMNS, [each.as_row() for each in orders])
    problems = list(problem_lines(orders))
    typer.echo(f"Problems of the first {counted(len(orders), 'order')}: {len(problems) or 'none'}")
    for line in problems:
        typer.echo(line)
    if missing:
        typer.echo("Members whose columns the file does not have:")
    for each in missing:
        typer.echo(f"  {printable(each)}")
