"""Sentences of the repository's files contain no banned phrase."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.plain_english import BANNED_PHRASES, banned_phrase, banned_phrases

PROJECT = Path(__file__).parents[2]
SUFFIXES = frozenset({".py", ".md", ".yaml"})
NAMES = frozenset({"Makefile"})
# Files that must contain a banned phrase, and the reason: only a vendor's own words.
EXCEPTIONS: dict[str, str] = {}

_TEST_NAME = re.compile(r"^\s*def (test_\w+)", re.MULTILINE)


def tracked_files() -> list[str]:
    """Return the tracked files that hold sentences."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git is a prerequisite of the project
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    return [
        path.as_posix()
        for path in paths
        if (path.suffix in SUFFIXES or path.name in NAMES) and (PROJECT / path).is_file()
    ]


def phrases_in(text: str) -> list[str]:
    """Return the banned phrases of a text, with their lines. A test's name is a sentence too."""
    found = [
        f"line {number}: {phrase}"
        for number, line in enumerate(text.splitlines(), start=1)
        for phrase in banned_phrases(line)
    ]
    names = (name.replace("_", " ") for name in _TEST_NAME.findall(text))
    return found + [f"{name}: {phrase}" for name in names for phrase in banned_phrases(name)]


@pytest.mark.parametrize("name", tracked_files())
def test_a_file_contains_no_banned_phrase(name: str) -> None:
    if name in EXCEPTIONS:
        return
    assert phrases_in((PROJECT / name).read_text(encoding="utf-8")) == []


def test_every_exception_is_still_needed() -> None:
    for name in EXCEPTIONS:
        assert phrases_in((PROJECT / name).read_text(encoding="utf-8")), name


def test_a_phrase_is_found_in_a_sentence_and_in_the_name_of_a_test() -> None:
    phrase = "of " + "ours"
    assert phrases_in(f"# A fault {phrase}.") == [f"line 1: {phrase}"]
    name = "test_an_id_" + phrase.replace(" ", "_")
    assert phrases_in(f"def {name}() -> None:") == [f"{name.replace('_', ' ')}: {phrase}"]


def test_every_phrase_is_an_expression_of_its_own() -> None:
    assert all(re.compile(phrase) for phrase in BANNED_PHRASES)
    assert banned_phrase("The order store is not available") is None
