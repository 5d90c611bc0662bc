"""The fuzz targets find nothing in the seeds and in earlier findings."""

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds(name: str) -> None:
    found = list(seeds(name))
    assert len(found) > 10
    for seed in found:
        TARGETS[name](seed)
