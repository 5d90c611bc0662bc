"""Every hostile file ends with a clear problem or failure, quickly, and with small results."""

from pathlib import Path

import pytest

from tests.hostile.file_cases import HostileFile, hostile_files
from tests.hostile.file_jobs import run_file

FILES = hostile_files()
MAX_CPU_SECONDS = 3.0
# A note may be much longer than a row.
MAX_GROWTH = 200
MAX_RECORD_BYTES = 350_000
MAX_ANSWER_BYTES = 1_000_000


def test_the_cases_have_unique_names() -> None:
    assert len({case.name for case in FILES}) == len(FILES)


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
def test_a_hostile_file_ends_with_a_clear_reason(tmp_path: Path, case: HostileFile) -> None:
    file = tmp_path / "file"
    with file.open("wb") as opened:
        opened.writelines(case.make(case.small))
    size = file.stat().st_size
    run = run_file(tmp_path, case.file_name, case.options)
    for text in () if case.needs_size else case.ends:
        assert text in run.text
    assert max(run.split, run.chunk, run.finish) < MAX_CPU_SECONDS
    assert run.chunk_bytes + run.result_bytes < MAX_GROWTH * (size + 10_000)
    assert run.record_bytes < MAX_RECORD_BYTES
    assert run.answer_bytes < MAX_ANSWER_BYTES
