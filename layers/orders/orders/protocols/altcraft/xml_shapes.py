"""What XML cannot say of itself: where an element stands for an array, an object or a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """An element that holds text."""


@dataclass(frozen=True, slots=True)
class Free:
    """An object whose members are named by the shop; each holds text."""


@dataclass(frozen=True, slots=True)
class TextOrFree:
    """An element that holds text or, with elements in it, such an object."""


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known members; an unknown one is noticed but not read."""

    members: Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Array:
    """An element that is repeated, or holds its items as rows."""

    item: Shape


type Shape = Text | Free | TextOrFree | Record | Array
