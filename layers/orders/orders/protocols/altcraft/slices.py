"""The text of a request in slices, so that a part of it can be returned exactly as it was sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


class NotSlicedError(Exception):
    """The places of the orders in the text of a request are not known."""


@dataclass(frozen=True, slots=True)
class Slices:
    """The elements of a request's `data` as text, and the text around them, without the token.

    `frame` has one text before each element and one after the last. `separators` are before each
    element, unless it is the first one that a document keeps.
    """

    frame: Sequence[str]
    elements: Sequence[str]
    separators: Sequence[str]

    def document(self, positions: Collection[int]) -> str:
        """Return the request with the elements at these positions only."""
        parts: list[str] = []
        has_element = False
        for position, before in enumerate(self.frame[:-1]):
            parts.append(before)
            if position in positions:
                separator = self.separators[position] if has_element else ""
                parts += (separator, self.elements[position])
                has_element = True
        return "".join((*parts, self.frame[-1]))
