"""Each documented decision and each documented mapping names an existing test."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_each_row_of_the_mapping_has_its_test() -> None:
    text = (ROOT / "docs" / "commercetools.md").read_text(encoding="utf-8")
    mapping = text.partition("## Mapping")[2]
    rows = [row for row in mapping.splitlines() if row.startswith("| ") and "| from |" not in row]
    names = [name for row in rows for name in re.findall(r"`(test_\w+)` \|$", row)]
    assert len(names) == len(rows) > 15
    assert [name for name in names if f"def {name}(" not in TESTS] == []


def test_each_decision_has_its_test() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    # Choices of libraries and design have reasons, but no behaviour to test.
    questions = text.partition("## Libraries and design")[0]
    rows = [
        row for row in questions.splitlines() if row.startswith("| ") and "| question |" not in row
    ]
    names = [name for row in rows for name in re.findall(r"`(test_\w+)` \|$|same \|$", row)]
    assert len(names) == len(rows) > 40
    assert [name for name in names if name and f"def {name}(" not in TESTS] == []
