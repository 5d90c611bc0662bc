"""The repository contains neither large files nor secrets."""

import re
import subprocess
from collections import Counter
from math import log2
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
MAX_BYTES = 1_000_000
MAX_LINES = 12_000
# Permitted large files, each with the reason.
LARGE = {
    "functions/describe_api/openapi.json": (
        "generated from the models by tools/api_contract, and returned by the hub unchanged"
    ),
}
# Files with text that looks like a secret, each with the reason why it is not one.
HARMLESS: dict[str, str] = {}

# The format of `secrets.token_urlsafe(32)`, which generates the hub's tokens.
_TOKEN = re.compile(r"(?<![A-Za-z0-9_/+.-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_/+=-])")
_KNOWN = {
    "bearer token": re.compile(r"\bBearer\s+(?P<secret>[A-Za-z0-9._~+/-]{24,}=*)"),
    "AWS access key": re.compile(r"\b(?P<secret>(?:AKIA|ASIA)[A-Z2-7]{16})\b"),
    "private key": re.compile(r"(?P<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----)"),
}


def faults_of_size(content: bytes) -> list[str]:
    """Return the reasons why a file is too large; none if it is not."""
    lines = content.count(b"\n")
    faults = []
    if len(content) > MAX_BYTES:
        faults.append(f"{len(content)} bytes, more than {MAX_BYTES}")
    if lines > MAX_LINES:
        faults.append(f"{lines} lines, more than {MAX_LINES}")
    return faults


def secrets_in(text: str) -> list[str]:
    """Return each text that looks like a secret, as its kind and its first characters."""
    return [
        *(f"token: {found[:6]}…" for found in _TOKEN.findall(text) if is_random(found)),
        *(
            f"{kind}: {found['secret'][:6]}…"
            for kind, pattern in _KNOWN.items()
            for found in pattern.finditer(text)
            if kind != "bearer token" or is_random(found["secret"])
        ),
    ]


def is_random(text: str) -> bool:
    """Return whether a text is random, unlike a name or a placeholder.

    Random text has lower-case letters, upper-case letters and digits, and a high entropy.
    """
    kinds = (str.islower, str.isupper, str.isdigit)
    if not all(any(map(kind, text)) for kind in kinds):
        return False
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * log2(share) for share in shares) > 3.5


def tracked_files() -> list[str]:
    """Return the files that git tracks and that exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git from PATH
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = filter(None, listed.stdout.split("\0"))
    return [name for name in names if (PROJECT / name).is_file()]


@pytest.fixture(scope="module")
def contents() -> dict[str, bytes]:
    return {name: (PROJECT / name).read_bytes() for name in tracked_files()}


def test_no_large_file_is_tracked(contents: dict[str, bytes]) -> None:
    faults = {name: faults_of_size(content) for name, content in contents.items()}
    assert {name: found for name, found in faults.items() if found and name not in LARGE} == {}


def test_a_permitted_large_file_has_only_many_lines(contents: dict[str, bytes]) -> None:
    faults = [faults_of_size(contents[name]) for name in LARGE]
    assert all(len(found) == 1 and found[0].endswith(f"than {MAX_LINES}") for found in faults)


def test_the_lists_of_exceptions_name_tracked_files(contents: dict[str, bytes]) -> None:
    assert {*LARGE, *HARMLESS} <= contents.keys()


def test_no_secret_is_tracked(contents: dict[str, bytes]) -> None:
    found = {
        name: secrets_in(content.decode(errors="replace"))
        for name, content in contents.items()
        if name not in HARMLESS
    }
    assert {name: secrets for name, secrets in found.items() if secrets} == {}


# The parts are joined here, so that secret scanners do not report them.
TOKEN = "vJ3kQ9xZ" + "_rT7bN2mLw-" + "P5sYd8HcF4gAe1uKoRi6XqBt"
ACCESS_KEY = "AKIA" + "QWERTYUIOP234567"


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"x\n", []),
        (b"x" * 1_000_000, []),
        (b"x" * 1_000_001, ["1000001 bytes, more than 1000000"]),
        (b"\n" * 12_000, []),
        (b"\n" * 12_001, ["12001 lines, more than 12000"]),
    ],
)
def test_a_large_file_is_found(content: bytes, faults: list[str]) -> None:
    assert faults_of_size(content) == faults


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (TOKEN, ["token"]),
        (f'{{"token": "{TOKEN}"}}', ["token"]),
        (f"curl -u shop:{TOKEN} https://example.com", ["token"]),
        (f"Authorization: Bearer {TOKEN}", ["token", "bearer token"]),
        (f"Authorization: Bearer {TOKEN[:30]}", ["bearer token"]),
        (f"aws_access_key_id = {ACCESS_KEY}", ["AWS access key"]),
        ("-----BEGIN " + "RSA PRIVATE KEY-----", ["private key"]),
        ("-----BEGIN " + "PRIVATE KEY-----", ["private key"]),
    ],
)
def test_a_secret_is_found(text: str, kinds: list[str]) -> None:
    assert [found.partition(":")[0] for found in secrets_in(text)] == kinds


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer demo-token-for-local-use-only",
        "Authorization: Bearer ${ACCESS_TOKEN}",
        "test_the_page_may_load_and_call_its_own_hub_",
        "a" * 43,
        f"https://example.com/{TOKEN}",
        TOKEN + "A",
        "AKIAsomething",
    ],
)
def test_other_text_is_not_a_secret(text: str) -> None:
    assert secrets_in(text) == []
