"""Recognises what a body is that cannot be read as text in UTF-8."""

import json

_SEND_TEXT = "send text in UTF-8, or gzip with the header `Content-Encoding: gzip`"
GZIP_MAGIC = b"\x1f\x8b"
# The first bytes of compressed data, what it is, and what to send instead.
_PACKED = (
    (
        (GZIP_MAGIC,),
        "gzip data: compress the text once, and send the header `Content-Encoding: gzip`",
    ),
    ((b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"), f"zlib (deflate) data: {_SEND_TEXT}"),
    ((b"PK\x03\x04",), f"a ZIP file: {_SEND_TEXT}"),
    ((b"\x28\xb5\x2f\xfd",), f"zstd data: {_SEND_TEXT}"),
)
_SAMPLE_BYTES = 1024
_SPACES = "\t\n\r\f"


def likely_format(body: bytes) -> str | None:
    """Return the format that a body seems to have, and what to send instead.

    The text completes the sentence "it looks like ...". Return None if the body seems to be UTF-8,
    or has no format that is known here.
    """
    for magics, text in _PACKED:
        if body.startswith(magics):
            return text
    unicode = other_unicode(body)
    return f"{unicode}: send UTF-8" if unicode else None


def other_unicode(body: bytes) -> str | None:
    """Return "UTF-16" or "UTF-32" if a body seems to have this encoding, else None."""
    name = _unicode(body)
    is_other = not name.startswith("utf-8") and seems_text(body)
    return name[:6].upper() if is_other else None


def seems_text(body: bytes) -> bool:
    """Return whether a body seems to be text in any encoding, and not compressed data.

    Compressed data has control characters among its first bytes; a text has none.
    """
    if any(body.startswith(magics) for magics, _text in _PACKED):
        return False
    sample = body[:_SAMPLE_BYTES].decode(_unicode(body), "replace")
    return all(character >= " " or character in _SPACES for character in sample)


def _unicode(body: bytes) -> str:
    """Return the Unicode encoding by the byte order mark or by the places of null bytes."""
    return json.detect_encoding(body[:4])
