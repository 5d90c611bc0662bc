"""The parameter `after` of lists."""

from collections.abc import Sequence

from orders.protocols import cursors
from orders.protocols.cursors import CursorError, Part
from orders.protocols.hub.errors import malformed

_MOST_CHARACTERS = 405


def read_cursor(sent: str, of: str, count: int) -> Sequence[Part]:
    """Return the `count` parts of a cursor of this list. Raises RequestRefusedError (400)."""
    rule = "be the `next` of an earlier answer to the same request, unchanged"
    try:
        parts = cursors.read_cursor(sent, of, _MOST_CHARACTERS)
    except CursorError as error:
        if error.is_other_version:
            rule = "be a cursor of this version of the API; begin without it"
        raise malformed("after", rule, sent) from None
    if len(parts) != count:
        raise malformed("after", rule, sent)
    return parts
