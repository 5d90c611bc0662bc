"""The progress of an import on a terminal, and without one."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress as Bar

from operator_cli.import_progress import BarProgress, bar_columns, import_progress


def test_a_bar_shows_the_phase_the_amount_and_the_rate() -> None:
    times = iter(range(1000))
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=160)
    columns = bar_columns()
    with Bar(*columns, console=console, get_time=lambda: next(times), auto_refresh=False) as bar:
        progress = BarProgress(bar)
        progress.reach(1)
        progress.begin("Upload", 30_000_000, "byte")
        for done in (0, 10_000_000, 20_000_000):
            progress.reach(done)
        bar.refresh()
        progress.begin("Import")
        progress.reach(100, 1000)
        bar.refresh()
    text = output.getvalue()
    assert "Upload" in text
    assert "20.0 MB of 30.0 MB, " in text
    assert " MB/s" in text
    assert "100 orders of 1,000 orders" in text


def test_without_a_terminal_each_phase_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with import_progress() as progress:
        progress.begin("Upload", 30, "byte")
        progress.reach(10)
        progress.begin("Preview")
        progress.begin("Import", 1)
    assert capsys.readouterr().err == "Upload of 30 bytes ...\nPreview ...\nImport of 1 order ...\n"
