"""The text of the undo of a job."""

from operator_cli.job_text import undo_lines


def test_a_preview_of_an_undo_shows_what_restored_orders_become() -> None:
    change = {"path": "/status", "before": "paid", "after": "new"}
    samples = [
        {"row": 1, "external_id": "A", "outcome": "restored", "changed": [change]},
        {"row": 2, "external_id": "B", "outcome": "deleted", "changed": []},
        {"row": 3, "external_id": "C", "outcome": "kept", "changed": []},
    ]
    job: dict[str, object] = {
        "job_id": "j-1",
        "state": "completed",
        "failure": None,
        "problems": [],
        "started_at": None,
        "ended_at": None,
        "counts": {},
        "undone": {"restored": 1},
    }
    lines = list(undo_lines(job, samples, is_preview=True))
    place = lines.index("restored, for example:")
    assert lines[place + 1 : place + 3] == ["    row 1  A", '      /status: "paid" -> "new"']
    assert "    row 3  C" in lines
    assert not any("  B" in each for each in lines)
