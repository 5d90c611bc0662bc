"""What the tests read from the file of published triggers."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.support.triggers_log import wait_for_triggers


@dataclass
class Endpoint:
    events_log: str
    account: str = "demo"


def _event(order_id: int, version: int, account: str = "demo") -> str:
    return json.dumps({"detail": {"account": account, "order_id": order_id, "version": version}})


def _found(tmp_path: Path, text: str) -> list[int]:
    path = tmp_path / "triggers.jsonl"
    path.write_text(text, encoding="utf-8")
    triggers = wait_for_triggers(
        Endpoint(str(path)),  # type: ignore[arg-type]
        lambda detail: detail["order_id"] == 1,
        count=9,
        seconds=0,
    )
    return [event["detail"]["version"] for event in triggers]


def test_triggers_are_sorted_by_version(tmp_path: Path) -> None:
    lines = [_event(1, 2), _event(2, 1), _event(1, 1)]
    assert _found(tmp_path, "".join(f"{line}\n" for line in lines)) == [1, 2]


def test_an_order_id_of_another_account_is_another_order(tmp_path: Path) -> None:
    assert _found(tmp_path, f"{_event(1, 1)}\n{_event(1, 2, 'other')}\n") == [1]


def test_the_end_of_an_import_job_is_no_trigger_of_an_order(tmp_path: Path) -> None:
    finished = json.dumps({"detail": {"account": "demo", "job_id": "j", "state": "completed"}})
    assert _found(tmp_path, f"{finished}\n{_event(1, 1)}\n") == [1]


def test_a_line_that_is_still_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    assert _found(tmp_path, f"{_event(1, 1)}\n{_event(1, 2)[:20]}") == [1]
