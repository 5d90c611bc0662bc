"""Shapes of XML documents: whether an element is an array, an object or a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """An element that holds text."""


@dataclass(frozen=True, slots=True)
class Free:
    """An object with member names of the shop's choice; each member holds text."""


@dataclass(frozen=True, slots=True)
class TextOrFree:
    """A Free object if the element has child elements, else text."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known members. An unknown member becomes an empty text."""

    members: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Array:
    """A repeated element, or one element whose items are rows."""

    item: Shape


type Shape = Text | Free | TextOrFree | Record | Array
