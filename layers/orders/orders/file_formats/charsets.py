"""The charsets of files. Guesses are stored in the job and shown."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import pairwise

from orders.domain.file_option_rules import WIDE, codec_of_charset
from orders.domain.file_records import UnreadableFileError
from orders.domain.problems import shown

UTF_8 = "utf-8"
# The longer marks first: that of UTF-32 begins as that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4096
_FIRST_HIGH = 0x80
_LETTERS_FROM = 0xC0
_MOSTLY = 0.5
_KANA = 0.1


def mark_of(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that data begins with, and its charset. Both may be empty."""
    return next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))


def guess_charset(data: bytes) -> str:
    """Return the charset that the first bytes of a file seem to have."""
    _mark, name = mark_of(data)
    if name:
        return name
    sample = data[:_SAMPLE]
    nulls = sample.count(0)
    if nulls * 3 > len(sample):
        return "utf-16-le" if sample[1::2].count(0) * 2 > nulls else "utf-16-be"
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(data)
    except UnicodeDecodeError:
        if _seems_japanese(data):
            return "cp932"
        return "windows-1251" if _seems_cyrillic(data) else "windows-1252"
    return UTF_8


def _seems_japanese(data: bytes) -> bool:
    """Return whether the bytes are Shift JIS with kana, which Japanese texts have in all words."""
    try:
        text = codecs.getincrementaldecoder("cp932")().decode(data)
    except UnicodeDecodeError:
        return False
    foreign = [each for each in text if not each.isascii()]
    return sum("\u3041" <= each <= "\u30fe" for each in foreign) > len(foreign) * _KANA


def _seems_cyrillic(data: bytes) -> bool:
    """Return whether most bytes beyond ASCII are letters beside letters.

    In windows-1251 they are all the letters of words, in windows-1252 single ones among others.
    """
    high = sum(1 for each in data if each >= _FIRST_HIGH)
    beside = sum(
        1 for one, other in pairwise(data) if one >= _LETTERS_FROM and other >= _LETTERS_FROM
    )
    return beside > high * _MOSTLY


def codec_of(charset: str, head: bytes = b"") -> str:
    """Return the name of Python's codec. `head` is the beginning of the file, with its mark.

    Raises UnreadableFileError for an unsupported charset.
    """
    name = codec_of_charset(charset)
    if name == "utf-16":
        found = mark_of(head)[1]
        return found if found in WIDE else "utf-16-le"
    return name


def expect_utf_8(charset: str, what: str) -> None:
    """Raise UnreadableFileError for another charset than UTF-8."""
    if codec_of(charset) not in {UTF_8, "ascii"}:
        raise UnreadableFileError(
            "unsupported_charset", f"charset must be utf-8 for {what}; got {shown(charset)}"
        )


def is_wide(codec: str) -> bool:
    """Return whether each character has at least two bytes."""
    return codec in WIDE


def text_of(raw: bytes, codec: str) -> str:
    """Return a text without its mark. Invalid bytes become lone surrogates."""
    return marked_text_of(raw, codec).removeprefix("\ufeff")


def marked_text_of(raw: bytes, codec: str) -> str:
    """Return a text as `text_of` does, but with its mark."""
    return raw.decode(codec, _errors(codec))


def bytes_of(text: str, codec: str) -> bytes:
    """Return the bytes that `text_of` read."""
    return text.encode(codec, _errors(codec))


def decoded(blocks: Iterable[bytes], codec: str) -> Iterator[str]:
    """Yield the text of a source, with its mark. `bytes_of` returns its bytes.

    Raises UnreadableFileError if UTF-16 is cut off.
    """
    decoder = codecs.getincrementaldecoder(codec)(_errors(codec))
    try:
        for block in blocks:
            if text := decoder.decode(block):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text
    except UnicodeDecodeError:
        message = "The text in UTF-16 ends within a character"
        raise UnreadableFileError("truncated", message) from None


def _errors(codec: str) -> str:
    return "surrogatepass" if is_wide(codec) else "surrogateescape"
