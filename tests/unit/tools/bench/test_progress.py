import pytest

from tools.bench.progress import Progress, progress_line


def test_a_line_has_the_rate_and_the_time_left() -> None:
    line = progress_line("orders", 250_000, 1_000_000, 150_000, 100.0)
    assert line == "250,000 of 1,000,000 orders, 1,500 a second, 8 min 20 s left"


def test_a_line_without_a_rate_has_no_time() -> None:
    assert progress_line("orders", 5, 9, 0, 0.0) == "5 of 9 orders, 0 a second, 0 s left"


def test_lines_are_printed_every_five_seconds_and_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    times = iter([0.0, 3.0, 6.0, 9.0, 10.0])
    Progress("orders", 40, lambda: next(times)).follow([10, 20, 30, 40])
    assert capsys.readouterr().out.splitlines() == [
        "20 of 40 orders, 3 a second, 6 s left",
        "40 of 40 orders, 4 a second, 0 s left",
    ]
