"""`orders jobs`: lists, shows, cancels and undoes import jobs, and gets their result files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from operator_cli.counted import counted
from operator_cli.errors import (
    EXIT_CODES,
    INTERRUPTED,
    OperatorError,
    UnavailableError,
    UsageError,
)
from operator_cli.hub_access import BaseUrl, HubAccount, HubChoice, calls_api, hub_of
from operator_cli.import_file import (
    SendTriggers,
    WriteToken,
    Yes,
    confirm,
    is_terminal,
    print_lines,
)

if TYPE_CHECKING:
    from operator_cli.import_reports import Tree
    from operator_cli.job_import import JobRuns

app = typer.Typer(help="List, show, cancel and undo import jobs.", no_args_is_help=True)

EPILOG = (
    "The command calls the hub's API: a base URL and a token with the role orders:write are "
    f"required.\n\n{EXIT_CODES}"
)
COLUMNS = ("job_id", "kind", "state", "created_at", "file", "orders", "failed")
PAGE = 100

JobId = Annotated[str, typer.Argument(metavar="JOB_ID", help="The id of the job.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list", epilog=EPILOG)
def list_jobs(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most jobs to list.")] = 20,
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """List the import jobs of the account, the newest first."""
    from operator_cli.printing import print_exact_json, print_rows

    found: list[Tree] = []
    after: str | None = None
    with _runs_of(context, HubChoice(base_url, token, account)) as runs:
        while len(found) < limit:
            page = runs.jobs.page(min(PAGE, limit - len(found)), after)
            found += page["jobs"]
            after = page["next"]
            if after is None:
                break
    if as_json:
        for each in found:
            print_exact_json(each)
    else:
        print_rows(COLUMNS, [_row(each) for each in found])


@app.command(epilog=EPILOG)
def show(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    job_id: JobId,
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
    as_json: AsJson = False,
) -> None:
    """Show a job: its state, its counts, its options and its problems."""
    from operator_cli.job_text import job_lines
    from operator_cli.printing import print_exact_json

    with _runs_of(context, HubChoice(base_url, token, account)) as runs:
        job = runs.jobs.get(job_id)
    if as_json:
        # The links of an upload are secrets.
        print_exact_json({**job, "upload": None}, indented=True)
    else:
        print_lines(job_lines(job))


@app.command(epilog=EPILOG)
def files(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    job_id: JobId,
    folder: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="The folder for the files.")
    ] = Path(),
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
) -> None:
    """Get the result files of the last run of a job. No file is overwritten."""
    with _runs_of(context, HubChoice(base_url, token, account)) as runs:
        job = runs.jobs.get(job_id)
        written = _saved(runs, job, folder)
    print_lines(map(str, written))


@app.command(epilog=EPILOG)
def cancel(
    context: typer.Context,
    *,
    job_id: JobId,
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
) -> None:
    """Cancel a job. What it has imported remains; the other orders are not processed."""
    with _runs_of(context, HubChoice(base_url, token, account)) as runs:
        job = runs.jobs.cancel(job_id)
    typer.echo(f"Job {job['job_id']} is {job['state']}.")


@app.command(epilog=EPILOG)
def undo(  # noqa: PLR0913 - each option is a parameter
    context: typer.Context,
    *,
    job_id: JobId,
    preview: Annotated[
        bool, typer.Option("--preview", "--dry-run", help="Show what an undo would do, and end.")
    ] = False,
    yes: Yes = False,
    send_triggers: SendTriggers = False,
    folder: Annotated[
        Path,
        typer.Option("--to", metavar="FOLDER", help="The folder for the file of kept orders."),
    ] = Path(),
    base_url: BaseUrl = None,
    token: WriteToken = None,
    account: HubAccount = None,
) -> None:
    """Take back what an import job did: show what that does, ask, and do it.

    Orders that the job created are deleted, and those that it updated get their version before.
    Orders that were changed since are kept, and listed in a file. The exit code is 1 if there are
    such orders.
    """
    from operator_cli.import_progress import import_progress
    from operator_cli.job_text import undo_lines

    if not (preview or yes or is_terminal()):
        raise UsageError("--yes or --preview is required without a terminal.")
    with _runs_of(context, HubChoice(base_url, token, account)) as runs:
        job: Tree = runs.jobs.undo(job_id, dry_run=True, skip_triggers=not send_triggers)
        with _interruptible(job), import_progress() as progress:
            job = runs.ended(job, progress)
        print_lines(undo_lines(job, runs.samples(job), is_preview=True))
        _expect_ended(job, "previewed")
        if preview:
            return
        with _interruptible(job):
            if not yes:
                confirm(f"Undo job {job_id}?")
            job = runs.jobs.start(job["job_id"], "import")
            with import_progress() as progress:
                job = runs.ended(job, progress)
        print_lines(undo_lines(job, runs.samples(job), is_preview=False))
        undone = job["undone"] or {}
        if undone.get("kept") or undone.get("failed"):
            print_lines(map(str, _saved(runs, job, folder)))
    _expect_ended(job, "completed")
    left = (undone.get("kept") or 0) + (undone.get("failed") or 0)
    if left:
        raise OperatorError(f"Not taken back: {counted(left, 'order')}.")


@contextmanager
def _runs_of(context: typer.Context, choice: HubChoice) -> "Iterator[JobRuns]":
    from operator_cli.file_transfer import FileTransfer
    from operator_cli.hub_import_jobs import HubImportJobs
    from operator_cli.job_import import JobRuns

    if not calls_api(context, choice):
        raise UsageError("--base-url and --token are required to use the jobs of a hub.")
    with hub_of(context, choice) as reads:
        yield JobRuns(HubImportJobs(reads.hub), FileTransfer())


@contextmanager
def _interruptible(job: "Tree") -> Iterator[None]:
    """Say how to go on with the job after Ctrl-C, or if the hub is away."""
    job_id = job["job_id"]
    next_step = (
        f"If job {job_id} has begun, it continues: `orders jobs show {job_id}` shows how far it "
        f"is, `orders jobs cancel {job_id}` ends it."
    )
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. {next_step}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except UnavailableError as error:
        text = f"{error} {next_step}" if error.may_pass else str(error)
        raise UnavailableError(text, may_pass=error.may_pass) from error


def _saved(runs: "JobRuns", job: "Tree", folder: Path) -> Sequence[Path]:
    from operator_cli.result_files import ResultNames

    # An undo has no file: its results have the name of the file that was imported.
    imported = runs.jobs.get(job["undoes"]) if job["undoes"] else job
    name = (imported["file"] or {}).get("name") or job["job_id"]
    options = job["options"] or {}
    # The name is that of another machine's file: only its last part is used.
    place = folder / Path(str(name).replace("\\", "/")).name
    found = runs.results(job)
    names = ResultNames.beside(place, options.get("format") or "", found)
    return runs.save(job["job_id"], found, names)


def _row(job: "Tree") -> "Tree":
    name = None if job["file"] is None else job["file"]["name"]
    return {**job, "file": name, "failed": job["counts"]["failed"]}


def _expect_ended(job: "Tree", state: str) -> None:
    if job["state"] != state:
        text = str(job["failure"] or f"The job is {job['state']}").rstrip(".")
        raise OperatorError(f"{text} (job {job['job_id']}).")
