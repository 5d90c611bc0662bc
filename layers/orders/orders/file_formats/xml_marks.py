"""The notes in result files of XML: comments before the elements."""

import re

from orders.domain.file_records import Note

_NOTE = re.compile(r"<!-- row=\d+; code=", re.ASCII)
_MARKUP = re.compile(
    r"""(?P<other><!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>)|(?P<end></[^>]*+>)"""
    r"""|(?P<start><(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>)""",
    re.DOTALL,
)
# An order has no neighbour if nothing but space is before it. A blank element does not count.
_ONLY = re.compile(r"\s*+<(?=(?:data|row)(?:\s[^>]*+)?>(?!\s*+</))")
_FIRST = re.compile(r"\s*+<([^\s<>/!?]++)(?=[\s>])")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def order_start(text: str) -> int:
    """Return where the last element of a record begins: the order."""
    only = _ONLY.match(text)
    if only is not None:
        return only.end() - 1
    first = _FIRST.match(text)
    if first is not None and _is_one(text, first[1]):
        return first.start(1) - 1
    start = level = 0
    for match in _MARKUP.finditer(text):
        if match["start"]:
            if not level:
                start = match.start()
            level += not match[0].endswith("/>")
        elif match["end"]:
            level -= 1
    return start


def _is_one(text: str, name: str) -> bool:
    """Return whether the element with which a text begins is also that with which it ends."""
    end = f"</{name}>"
    return text.rstrip().endswith(end) and text.count(end) == text.count(f"<{name}") == 1


def marked(text: str, note: Note) -> str:
    """Return a record with a note before its order, instead of an earlier one."""
    start = order_start(text)
    gap = _without_notes(text[:start])
    space = gap[len(gap.rstrip()) :]
    return f"{gap}{_comment(note)}{space}{text[start:]}"


def _without_notes(gap: str) -> str:
    """Return what is before an order without earlier notes, and the white space after them."""
    if _NOTE.search(gap) is None:
        return gap
    kept: list[str] = []
    end = 0
    for match in _MARKUP.finditer(gap):
        if match["other"] and _NOTE.match(match[0]):
            kept.append(gap[end : match.start()])
            end = match.end()
    first, *behind = (*kept, gap[end:])
    return "".join((first, *map(str.lstrip, behind)))


def _comment(note: Note) -> str:
    members = f"row={note.row}; code={note.code}; path={note.path}; message={note.message}"
    harmless = _ILLEGAL.sub("\ufffd", members)
    while "--" in harmless:
        harmless = harmless.replace("--", "- -")
    return f"<!-- {harmless} -->"
