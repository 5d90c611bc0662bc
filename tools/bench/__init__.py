"""The benchmark of imports and reads: `make bench`."""

from pathlib import Path

# The folder of the results and of everything that the measurements build.
SCRATCH = Path(__file__).parents[2] / ".local" / "bench"
STACK = SCRATCH / "stack"
