"""Phrases that sentences of the project must not contain, and Python's words in messages."""

import re
from collections.abc import Iterator

# Phrases in documents, docstrings, comments, names of tests and messages.
BANNED_PHRASES = (
    r"\btold\b",
    r"\btells of\b",
    r"\btell of\b",
    r"\bstands? (?:once|twice|there|in its place|for it)\b",
    r"\bis there (?:already|twice)\b",
    r"\b(?:is|are|not) served\b",
    r"\bserved are\b",
    r"\bof (?:ours|theirs)\b",
    r"\bput aside\b",
    r"\bwhichever\b",
    r"\bwhatsoever\b",
    r"\bput together with\b",
    r"^\s*(?:\"\"\")?Answer a request\. Never raises\.",
    r"\bis no (?:number|shop|order|account|endpoint|list|string|object|id|JSON)\b",
    r"\bto the letter\b",
    r"\bby then\b",
    r"\bas it is\b",
)
# Words that a client, an operator or a reader of the log must not see in a message.
PYTHON_WORDS = (
    r"\bNone\b",
    r"\bTrue\b",
    r"\bFalse\b",
    r"\bNotImplemented\b",
    r"\bdict\b",
    r"\btuple\b",
    r"\bfrozenset\b",
    r"\bNoneType\b",
    r"\b(?:str|int|float|bool|list|bytes) object\b",
    r"\bbytes-like\b",
    r"Traceback",
    r"<class '",
    r"<\w+\.\w+: ",
    r"\bobject at 0x",
    r"\{'",
    r"\['",
    r"\('",
    r"\bb'",
    r"\bDecimal\(",
    r"\bdatetime\.",
    r"\b(?:Posix|Windows)?Path\(",
    r"\b(?:Assertion|Attribute|Index|Key|OS|Runtime|Type|Validation|Value)Error\b",
    r"\b(?:JSONDecode|UnicodeDecode|UnicodeEncode)Error\b",
    # How Pydantic begins its own messages.
    r"\bValue error, ",
    r"\bInput should be\b",
    r"\{http://www\.w3\.org",
)

_PHRASES = re.compile("|".join(BANNED_PHRASES), re.IGNORECASE | re.MULTILINE)
_WORDS = re.compile("|".join(PYTHON_WORDS))


def banned_phrase(text: str) -> str | None:
    """Return the first banned phrase of a text, None if there is none."""
    return next(banned_phrases(text), None)


def banned_phrases(text: str) -> Iterator[str]:
    """Yield every banned phrase of a text."""
    return (found[0] for found in _PHRASES.finditer(text))


def python_word(message: str) -> str | None:
    """Return the first word of Python in a message, None if there is none."""
    return next(python_words(message), None)


def python_words(message: str) -> Iterator[str]:
    """Yield every word of Python in a message."""
    return (found[0] for found in _WORDS.finditer(message))
