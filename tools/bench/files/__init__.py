"""The benchmark of imported files: `make bench-files`."""

from tools.bench import SCRATCH

# The folder of the files that the measurements write. It is deleted at the end.
FILES = SCRATCH / "files"
