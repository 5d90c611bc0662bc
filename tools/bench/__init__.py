"""The benchmark of an import: `make bench`."""

from pathlib import Path

# The folder of the results and of everything that the measurements build.
SCRATCH = Path(__file__).parents[2] / ".local" / "bench"
STACK = SCRATCH / "stack"
