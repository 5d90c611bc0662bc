"""What no sentence of the project may hold: phrases that must be read twice, and Python's words."""

import re

# Sentences that people read: documents, docstrings, comments, names of tests, messages.
BANNED_PHRASES = (
    r"\btold\b",
    r"\btells of\b",
    r"\btell of\b",
    r"\bstands? (?:once|twice|there|in its place|for it)\b",
    r"\bis there already\b",
    r"\b(?:is|are|not) served\b",
    r"\bof ours\b",
    r"\bwhichever\b",
    r"\bwhatsoever\b",
    r"\bput together with\b",
    r"^\s*(?:\"\"\")?Answer a request\. Never raises\.",
    r"\bis no (?:number|shop|order|account|endpoint|list|string|object|id)\b",
    r"\bto the letter\b",
    r"\bby then\b",
    r"\bas it is\b",
)
# What a client, an operator or a log reader must never see in a message.
PYTHON_WORDS = (
    r"\bNone\b",
    r"\bTrue\b",
    r"\bFalse\b",
    r"\bdict\b",
    r"\btuple\b",
    r"\bNoneType\b",
    r"\b(?:str|int|float|bool|list) object\b",
    r"Traceback",
    r"<class '",
    r"\bobject at 0x",
    r"\{'",
    r"\['",
    r"\('",
    r"\bDecimal\(",
    r"\{http://www\.w3\.org",
)

_PHRASES = re.compile("|".join(BANNED_PHRASES), re.IGNORECASE | re.MULTILINE)
_WORDS = re.compile("|".join(PYTHON_WORDS))


def banned_phrase(text: str) -> str | None:
    """Return the first phrase that must be said another way, None if there is none."""
    found = _PHRASES.search(text)
    return found and found[0]


def python_word(message: str) -> str | None:
    """Return the first word of Python that a message holds, None if there is none."""
    found = _WORDS.search(message)
    return found and found[0]
