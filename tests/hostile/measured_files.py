"""Measure the import of hostile files: `python -m tests.hostile.measured_files [PART OF A NAME]`.

Each file is imported in a process of its own. Prints what each step took, and ends with 1 if a file
misses an aim.
"""

import multiprocessing
import multiprocessing.connection
import resource
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.hostile.file_cases import HostileFile, hostile_files
from tests.hostile.file_jobs import FileRun, run_file

# A split may take 15 minutes, and a chunk 27 seconds. Both functions have 1 GB.
MAX_SPLIT_SECONDS = 60.0
MAX_CHUNK_SECONDS = 12.0
MAX_MEGABYTES = 600.0
_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """How the import of a file ended, and by how much the memory of its process grew."""

    run: FileRun
    megabytes: float

    def faults(self, case: HostileFile) -> list[str]:
        """Return the aims that the case misses."""
        run = self.run
        missing = [text for text in case.ends if text not in run.text]
        return [
            text
            for missed, text in (
                (bool(missing), f"ends without {missing}: {run.text[:300]}"),
                (max(run.split, run.finish) > MAX_SPLIT_SECONDS, "a long split or finish"),
                (run.chunk > MAX_CHUNK_SECONDS, "a long chunk"),
                (self.megabytes > MAX_MEGABYTES, "much memory"),
            )
            if missed
        ]


def measured(case: HostileFile) -> MeasuredFile | None:
    """Import a file in another process. Return None if that process ended early."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The memory that makes the file is not that of the import.
        making = context.Process(target=_make, args=(folder, case))
        making.start()
        making.join()
        reading, writing = context.Pipe(duplex=False)
        importing = context.Process(target=_import, args=(folder, case, writing))
        importing.start()
        writing.close()
        try:
            found: MeasuredFile = reading.recv()
        except EOFError:
            return None
        finally:
            importing.join()
        return found


def _make(folder: Path, case: HostileFile) -> None:
    with (folder / "file").open("wb") as opened:
        opened.writelines(case.make(case.full))


def _import(
    folder: Path, case: HostileFile, writing: "multiprocessing.connection.Connection"
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    run = run_file(folder, case.file_name, case.options)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    writing.send(MeasuredFile(run, grown / 1024))


def main() -> int:
    """Run the command."""
    part = " ".join(sys.argv[1:])
    missed = 0
    sys.stdout.write("split s  chunk s  finish s     MB  results MB  file\n")
    for case in hostile_files():
        if part not in case.name:
            continue
        found = measured(case)
        faults = ["the process ended early"] if found is None else found.faults(case)
        missed += bool(faults)
        if found is not None:
            run = found.run
            sys.stdout.write(
                f"{run.split:7.1f}  {run.chunk:7.1f}  {run.finish:8.1f}  {found.megabytes:5.0f}"
                f"  {run.result_bytes / _MEGABYTE:10.1f}  "
            )
        sys.stdout.write(case.name + "".join(f"\n    MISSED: {each}" for each in faults) + "\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
