"""What an import costs: `make bench`."""

from pathlib import Path

# Where results go, and what the measurements build.
SCRATCH = Path(__file__).parents[2] / ".local" / "bench"
STACK = SCRATCH / "stack"
