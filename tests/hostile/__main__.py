"""Measure the amplifiers: `python -m tests.hostile [PART OF A NAME]`.

Prints what each request took and was answered, and ends with 1 if a case misses an aim.
"""

import sys

from tests.hostile.amplifiers import MAX_CPU_SECONDS, MAX_MEGABYTES, amplifiers
from tests.hostile.measured import measure


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the command."""
    part = " ".join(sys.argv[1:])
    positions = [n for n, case in enumerate(amplifiers()) if part in case.name]
    missed = 0
    most_seconds = most_megabytes = 0.0
    _say(f"{'CPU s':>6} {'MB':>6} {'answer':>9} {'status':>6}  request")
    for each in measure(positions):
        faults = each.faults()
        missed += bool(faults)
        most_seconds = max(most_seconds, each.seconds)
        most_megabytes = max(most_megabytes, each.megabytes)
        _say(
            f"{each.seconds:6.2f} {each.megabytes:6.0f} {each.answer_bytes:9} {each.status:6}  "
            f"{each.case.name}" + "".join(f"\n       MISSED: {fault}" for fault in faults)
        )
    _say(
        f"{len(positions)} requests, {missed} of them miss an aim. "
        f"Most CPU: {most_seconds:.2f} s (aim: {MAX_CPU_SECONDS:.0f} s). "
        f"Most memory: {most_megabytes:.0f} MB (aim: {MAX_MEGABYTES:.0f} MB)."
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
