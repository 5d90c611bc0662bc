"""`orders import`: previews a file of orders, asks, imports it and writes what happened to each."""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operator_cli.counted import counted
from operator_cli.errors import INTERRUPTED, OperatorError, UnavailableError, UsageError
from operator_cli.hub_access import PANEL, BaseUrl, HubAccount, HubChoice, calls_api, hub_of
from orders.domain.problems import shown

if TYPE_CHECKING:
    from operator_cli.hub import Hub
    from operator_cli.import_reports import Importer, ImportReport
    from operator_cli.import_source import ImportPlan, ImportSource

FORMAT_PANEL = "File"
EPILOG = (
    "With a base URL and a token with the role orders:write, the command calls the hub's API. "
    "Otherwise it imports files of up to 1,000 orders and 4 MB with AWS credentials "
    "(`orders --help`).\n\nExit codes: 0 every order was imported; 1 orders failed or were not "
    "processed; 2 the command line or the file is invalid, or the hub did not answer or rejected "
    "the request; 130 interrupted."
)
FILE_ENDINGS = (".yaml", ".yml")
ON_DUPLICATE = ("update", "skip", "fail")

WriteToken = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TOKEN",
        metavar="TOKEN",
        rich_help_panel=PANEL,
        help="Token with the role orders:write; better in the variable, which other users of the "
        "machine cannot see.",
    ),
]
SendTriggers = Annotated[
    bool,
    typer.Option("--send-triggers", help="Publish the triggers, which files skip by default."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class ImportUnavailableError(UnavailableError):
    """The hub did not answer. The exit code 1 of an import means that orders failed."""

    exit_code = 2


def import_file(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(help="The file, also compressed with gzip or zip.")],
    preview: Annotated[
        bool,
        typer.Option("--preview", "--dry-run", help="Show what an import would do, and end."),
    ] = False,
    yes: Yes = False,
    send_triggers: SendTriggers = False,
    on_duplicate: Annotated[
        str,
        typer.Option(
            "--on-duplicate",
            metavar="ACTION",
            help="What happens to an order that the hub has: update, skip or fail.",
        ),
    ] = "update",
    stop_above_percent: Annotated[
        int,
        typer.Option(
            "--stop-above-percent",
            min=0,
            max=100,
            help="Stop if more orders than this fail: it is probably the wrong file.",
        ),
    ] = 10,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            rich_help_panel=FORMAT_PANEL,
            help="Name of the format; by default it is detected, as the following options are.",
        ),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            metavar="FILE.yaml|NAME",
            rich_help_panel=FORMAT_PANEL,
            help="How columns are mapped to members: a YAML file, or the name of a mapping that "
            "the account keeps. See `orders mapping`.",
        ),
    ] = None,
    charset: Annotated[
        str | None,
        typer.Option(
            "--charset", rich_help_panel=FORMAT_PANEL, help="Charset, such as windows-1251."
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter", rich_help_panel=FORMAT_PANEL, help="Delimiter of CSV; `tab` is a tab."
        ),
    ] = None,
    decimal_comma: Annotated[
        bool | None,
        typer.Option(
            "--decimal-comma/--decimal-point",
            rich_help_panel=FORMAT_PANEL,
            help="How amounts of CSV are written.",
        ),
    ] = None,
    date_form: Annotated[
        str | None,
        typer.Option(
            "--date-form", rich_help_panel=FORMAT_PANEL, help="How dates of CSV are written."
        ),
    ] = None,
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
) -> None:
    """Import a file of orders: preview it, ask, import it, and write the results beside it.

    NAME.success, NAME.failed and NAME.unprocessed have the original rows of the file, with the
    reason. Correct the failed ones, and import that file. The same command continues after an
    interruption. Orders that the hub has in the same form stay unchanged.
    """
    from operator_cli.import_source import ImportPlan, local_formats, open_source

    if on_duplicate not in ON_DUPLICATE:
        raise UsageError(f"--on-duplicate must be update, skip or fail; got {shown(on_duplicate)}.")
    if not (preview or yes or is_terminal()):
        raise UsageError("--yes or --preview is required without a terminal.")
    given: dict[str, Any] = {
        "format": file_format,
        "charset": charset,
        "delimiter": {"tab": "\t"}.get(delimiter or "", delimiter),
        "decimal_comma": decimal_comma,
        "date_form": date_form,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    choice = HubChoice(base_url, token, account)
    if mapping is not None:
        chosen["mapping"] = _mapping_of(context, mapping, choice)
    plan = ImportPlan(chosen, not send_triggers, stop_above_percent, on_duplicate)
    source = open_source(file, chosen, local_formats)
    if not (preview or _is_writable(file.absolute().parent)):
        raise UsageError(f"The folder of {file} must be writable: the results are written there.")
    try:
        with hub_of(context, choice) as reads:
            has_jobs = calls_api(context, choice)
            importer = _importer(reads.hub, source, plan, has_jobs=has_jobs, only_preview=preview)
            report = _imported(importer, source, plan, only_preview=preview, yes=yes)
    except UnavailableError as error:
        raise ImportUnavailableError(str(error), may_pass=error.may_pass) from error
    if report.is_interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.is_complete:
        raise typer.Exit(OperatorError.exit_code)


def _mapping_of(context: typer.Context, mapping: str, choice: HubChoice) -> Mapping[str, Any] | str:
    """Return the content of a mapping file or of a kept mapping; the name of one in the hub."""
    from operator_cli.mapping import kept_mapping
    from operator_cli.mapping_file import read_mapping_file
    from orders.domain.kept_mappings import is_mapping_name

    if Path(mapping).is_file() or not is_mapping_name(mapping) or mapping.endswith(FILE_ENDINGS):
        return read_mapping_file(Path(mapping))
    if calls_api(context, choice):
        return mapping
    try:
        return kept_mapping(context, mapping, choice.account)
    except OperatorError as error:
        raise UsageError(str(error)) from error


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _importer(
    hub: "Hub",
    source: "ImportSource",
    plan: "ImportPlan",
    *,
    has_jobs: bool,
    only_preview: bool,
) -> "Importer":
    """Return what imports the file: requests, or a job for a large one."""
    from operator_cli.small_import import SmallImport

    small = source.small() if plan.on_duplicate == "update" else None
    if small is not None:
        return SmallImport(hub, source, small, plan)
    if not has_jobs:
        raise UsageError(
            "A file of more than 1,000 orders or 4 MB, and --on-duplicate, require --base-url and "
            "--token: such an import is a job of the hub."
        )
    from operator_cli.file_transfer import FileTransfer
    from operator_cli.hub_import_jobs import HubImportJobs
    from operator_cli.job_import import JobImport, JobRuns
    from operator_cli.kept_jobs import KeptJobs

    sha256 = source.checksum()
    runs = JobRuns(HubImportJobs(hub), FileTransfer())
    return JobImport(runs, source, plan, sha256, KeptJobs.of(sha256, hub.name), only_preview)


def _imported(
    importer: "Importer",
    source: "ImportSource",
    plan: "ImportPlan",
    *,
    only_preview: bool,
    yes: bool,
) -> "ImportReport":
    from operator_cli.import_text import source_lines

    print_lines(source_lines(source))
    try:
        report = _previewed(importer, plan)
        if report is None and only_preview:
            raise UsageError(
                "The import of this file has begun, and has not ended: repeat without --preview "
                "to follow it."
            )
        if report is not None:
            if only_preview or report.failure:
                return report
            if not yes:
                changed = report.counts.created + report.counts.updated
                received = counted(report.counts.received, "order")
                confirm(f"Import {received}, {changed:,} of them new or changed?")
        return _run(importer, source)
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. {importer.interrupted()}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except UnavailableError as error:
        next_step = importer.interrupted() if error.may_pass else ""
        raise ImportUnavailableError(f"{error} {next_step}".rstrip()) from error


def _previewed(importer: "Importer", plan: "ImportPlan") -> "ImportReport | None":
    """Print a preview. Return it, None if the import has begun before."""
    from operator_cli.import_progress import import_progress
    from operator_cli.import_reports import judged
    from operator_cli.import_text import preview_lines

    with import_progress() as progress:
        report = importer.preview(progress)
    if report is not None:
        report = judged(report, plan.stop_above_percent)
        print_lines(preview_lines(report, skip_triggers=plan.skip_triggers))
        _print_failure(report)
    return report


def _run(importer: "Importer", source: "ImportSource") -> "ImportReport":
    """Import, print what happened, and write the result files.

    The way back is printed first: the files may be impossible to write.
    """
    from operator_cli.import_progress import import_progress
    from operator_cli.import_text import file_lines, result_lines, undo_lines
    from operator_cli.result_files import ResultNames

    with import_progress() as progress:
        report = importer.run(progress)
    print_lines(result_lines(report))
    _print_failure(report)
    for line in undo_lines(report):
        typer.echo(line, err=True)
    names = ResultNames.beside(source.file, source.options.format)
    with import_progress() as progress:
        written = importer.write_results(names, progress)
    print_lines(file_lines(written, report.counts))
    if report.counts.failed:
        failed = names.path("failed")
        typer.echo(f"Correct {failed}, and import it: orders import {failed}", err=True)
    return report


def _print_failure(report: "ImportReport") -> None:
    if report.failure:
        typer.echo(f"{report.failure.rstrip('.')}.", err=True)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines on standard output."""
    for line in lines:
        typer.echo(line)


def is_terminal() -> bool:
    """Return whether somebody can answer a question."""
    return sys.stdin.isatty()


def confirm(question: str) -> None:
    """Ask. Raises OperatorError unless the answer is yes."""
    try:
        is_confirmed = typer.confirm(question, err=True)
    except typer.Abort:
        # The answer was Ctrl-C.
        raise KeyboardInterrupt from None
    if not is_confirmed:
        raise OperatorError("Nothing was changed.")
