"""A file format is one short file behind one interface."""

from pathlib import Path

import pytest

from orders.file_formats import formats
from orders.file_formats.registry import NAMES, format_named

MAX_LINES = 150
FILES = sorted(Path(formats.__path__[0]).glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_format_is_a_short_file(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_each_file_is_the_format_with_its_name() -> None:
    names = [path.stem for path in FILES if path.stem != "__init__"]
    assert names == sorted(NAMES)
    assert [format_named(name).name for name in names] == names
