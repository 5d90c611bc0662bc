"""What the options of a file may be: the rules of the hub's API, of the command and of formats."""

import codecs
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from orders.domain.file_records import DATE_FORMS, FileOptions, UnreadableFileError
from orders.domain.problems import listed, shown

COMPRESSIONS = ("none", "gzip", "zip")
# The charsets in which each character has at least two bytes.
WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be"})
MAX_CHARSET_CHARACTERS = 40
_CHARSET_RULE = (
    "be utf-8, utf-16, windows-1251, windows-1252 or another charset that includes ASCII"
)
_CHARSET = re.compile(rf"[\w.:+ -]{{1,{MAX_CHARSET_CHARACTERS}}}", re.ASCII)
# The characters of a table or a document that each charset must have at their places in ASCII.
_MARKUP = "\r\n\t,;|\"'<>/=abz019"
# Their texts look like ASCII to a probe, and have escapes.
_WITH_ESCAPES = re.compile(r"utf-?7|iso-?2022|hz|escape|idna|punycode|undefined")
_DELIMITER = re.compile(r"[\t!#-&(-/:;|^~ ]", re.ASCII)


@lru_cache(maxsize=16)
def codec_named(charset: str) -> str | None:
    """Return the codec of a charset by any of its names, None if files cannot have it."""
    if not _CHARSET.fullmatch(charset):
        return None
    try:
        # The mark of UTF-8 is no part of the text.
        name = codecs.lookup(charset).name.removesuffix("-sig")
        has_ascii = not _WITH_ESCAPES.search(name) and _MARKUP.encode(name) == _MARKUP.encode()
    except (LookupError, ValueError):
        return None
    return name if has_ascii or name in WIDE else None


def expect_charset(charset: str) -> str:
    """Return the charset. Raises ValueError with the rule for one that files cannot have."""
    if codec_named(charset) is None:
        raise ValueError(_CHARSET_RULE)
    return charset


def expect_delimiter(text: str) -> str:
    """Return the delimiter. Raises ValueError with the rule for another text."""
    if _DELIMITER.fullmatch(text) is None:
        raise ValueError("be one character such as , or ; or a tab")
    return text


def one_of(choices: Collection[str]) -> Callable[[str], str]:
    """Return what returns one of these texts, and raises ValueError with the rule for another."""

    def expect(text: str) -> str:
        if text not in choices:
            raise ValueError(f"be one of {listed(list(choices), len(choices))}")
        return text

    return expect


expect_compression = one_of(COMPRESSIONS)
expect_date_form = one_of(DATE_FORMS)
_RULES: Mapping[str, Callable[[str], str]] = {
    "compression": expect_compression,
    "charset": expect_charset,
    "delimiter": expect_delimiter,
    "date_form": expect_date_form,
}


def expect_possible(options: FileOptions) -> None:
    """Raise UnreadableFileError for an option that no file can have."""
    for name, expect in _RULES.items():
        value = getattr(options, name)
        try:
            expect(value)
        except ValueError as rule:
            raise _impossible(name, rule, value) from None


def codec_of_charset(charset: str) -> str:
    """Return the codec of a charset. Raises UnreadableFileError if files cannot have it."""
    name = codec_named(charset)
    if name is None:
        raise _impossible("charset", _CHARSET_RULE, charset)
    return name


def _impossible(name: str, rule: object, value: str) -> UnreadableFileError:
    code = "unsupported_charset" if name == "charset" else "invalid_option"
    return UnreadableFileError(code, f"{name} must {rule}; got {shown(value)}")
