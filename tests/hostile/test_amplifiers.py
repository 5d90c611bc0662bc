"""No small request makes the hub take much time or memory, or answer at length.

`make hostile` measures all amplifiers. Here are the most telling ones.
"""

import pytest

from tests.hostile.amplifiers import amplifiers
from tests.hostile.measured import Measured, measure

CASES = amplifiers()
TELLING = [position for position, case in enumerate(CASES) if case.is_telling]


@pytest.fixture(scope="module")
def measured() -> dict[int, Measured]:
    return dict(zip(TELLING, measure(TELLING), strict=True))


def test_the_amplifiers_have_unique_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("position", TELLING, ids=lambda position: CASES[position].name)
def test_an_amplifier_takes_little_and_is_answered_shortly(
    measured: dict[int, Measured], position: int
) -> None:
    assert not measured[position].faults()
