import pytest
from rich.console import Console

from operator_cli.printing import print_rows

ROWS = [
    {
        "order_id": 251960259248128,
        "external_id": "U-1",
        "reason": "changed_since",
        "detail": "x" * 300,
    }
]
COLUMNS = ("order_id", "external_id", "reason", "detail")


def test_a_pipe_gets_every_value_in_one_piece(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS)

    printed = capsys.readouterr().out
    assert "251960259248128" in printed
    assert "x" * 300 in printed


def test_a_narrow_terminal_folds_no_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(Console, "is_terminal", property(lambda _: True))
    print_rows(COLUMNS, ROWS)

    printed = capsys.readouterr().out
    assert "251960259248128" in printed
    assert "changed_since" in printed
    assert "x" * 300 not in printed
