"""Finds the known name that somebody meant who wrote it with one mistake.

A mistake is one added, missing, wrong or swapped character. Case and separators do not count:
`externalId` is `external_id`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

# One mistake in a text of at least _TWO_ENDS characters does not change both its first and its last
# _END characters.
_END = 2
_TWO_ENDS = 6


@dataclass(frozen=True, eq=False)
class KnownNames:
    """Known names, prepared so that most unknown names need only two look-ups.

    `forms` maps each name, and each name without any one character, to the name: two texts that
    differ by one mistake have such a form in common. `ends` are the beginnings and ends of the
    names. Names that are much longer than the longest known one are not searched for.
    """

    names: frozenset[str]
    forms: Mapping[str, str]
    ends: frozenset[str]
    longest: int

    @classmethod
    def of(cls, names: Iterable[str]) -> Self:
        """Prepare the names."""
        known = {_plain(name): name for name in sorted(names)}
        forms: dict[str, str] = {}
        for plain, name in known.items():
            for form in _shortened(plain):
                forms.setdefault(form, name)
        # A complete name counts for more than another name without a character.
        forms |= known
        ends = frozenset(end for plain in known for end in (plain[:_END], plain[-_END:]))
        return cls(frozenset(known.values()), forms, ends, max(map(len, known.values())))

    def meant_by(self, name: str) -> str | None:
        """Return the known name from which an unknown one differs by one mistake at most."""
        # A misspelt name has at most twice as many separators.
        if len(name) > 2 * self.longest:
            return None
        plain, ends = _plain(name), self.ends
        if len(plain) >= _TWO_ENDS and plain[:_END] not in ends and plain[-_END:] not in ends:
            return None
        return _meant_by(self, plain)


# Requests repeat the names of their members in every order and line.
@lru_cache(maxsize=1024)
def _meant_by(known: KnownNames, plain: str) -> str | None:
    forms = known.forms
    if plain in forms:
        return forms[plain]
    for form in _shortened(plain):
        meant = forms.get(form)
        if meant is not None and _is_one_mistake(plain, _plain(meant)):
            return meant
    return None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "").replace(".", "")


def _shortened(text: str) -> list[str]:
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def _is_one_mistake(one: str, other: str) -> bool:
    """Return whether two texts differ by one mistake: a common form permits more than that."""
    short, long = sorted((one, other), key=len)
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    is_swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return short[start + 1 :] == long[start + 1 :] or (
        is_swapped and short[start + 2 :] == long[start + 2 :]
    )
