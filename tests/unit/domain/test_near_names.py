"""A name with one mistake leads to the known name, any other name does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.near_names import KnownNames

KNOWN = ("external_id", "delivery_cost", "total_price", "create_time", "update_time", "sku", "tags")
NAMES = KnownNames.of(KNOWN)
LETTERS = "abcdeilnorstuxyz"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("delivery_cots", "delivery_cost"),
        ("delivry_cost", "delivery_cost"),
        ("delivery_cosst", "delivery_cost"),
        ("delivery_xost", "delivery_cost"),
        ("deliveryCost", "delivery_cost"),
        ("Delivery-Cost", "delivery_cost"),
        ("delivery cost", "delivery_cost"),
        ("externalID", "external_id"),
        ("xternal_id", "external_id"),
        ("update_tme", "update_time"),
        ("tag", "tags"),
        ("skus", "sku"),
        ("payment", None),
        ("colour", None),
        ("delivery_csots", None),
        ("delivery", None),
        ("cost", None),
        ("", None),
        ("___", None),
        ("x" * 10_000, None),
        ("_" * 10_000 + "sku", None),
    ],
)
def test_a_name_with_one_mistake_leads_to_the_known_name(sent: str, meant: str | None) -> None:
    assert NAMES.meant_by(sent) == meant


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[str, str]:
    """Return a known name without separators, and the same name with one mistake."""
    name = draw(st.sampled_from(KNOWN)).replace("_", "")
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(LETTERS))
    swapped = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    mistakes = [
        name[:at] + letter + name[at:],
        name[:at] + letter + name[at + 1 :],
        name[:at] + name[at + 1 :],
        swapped,
        name + letter,
    ]
    return name, draw(st.sampled_from(mistakes))


@given(misspelt())
def test_every_mistake_is_found(pair: tuple[str, str]) -> None:
    name, sent = pair
    meant = NAMES.meant_by(sent)
    assert meant is not None
    assert _distance(sent, meant.replace("_", "")) <= 1
    assert meant.replace("_", "") == name or _distance(sent, name) >= 1


@given(st.text(LETTERS, max_size=14) | misspelt().map(lambda pair: pair[1] + pair[1][:1]))
def test_only_names_with_one_mistake_are_found(sent: str) -> None:
    near = [name for name in KNOWN if _distance(sent, name.replace("_", "")) <= 1]
    assert (NAMES.meant_by(sent) in near) if near else (NAMES.meant_by(sent) is None)


def _distance(one: str, other: str) -> int:
    """Return the number of mistakes between two texts (optimal string alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (a != b))
            if i > 1 and j > 1 and (a, one[i - 2]) == (other[j - 2], b):
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
