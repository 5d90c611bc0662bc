"""Coverage-guided fuzzing: `python -m tests.fuzz altcraft_json SECONDS`.

It starts from the corpus of hostile requests and the samples. What breaks a target is written to
`.local/fuzz/TARGET`; a copy in `tests/fuzz/finds/TARGET` makes it a regression test.
"""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it has no types

with atheris.instrument_imports(include=["orders"]):
    from tests.fuzz.seeds import seeds
    from tests.fuzz.targets import MAX_BYTES, TARGETS

SCRATCH = Path(__file__).parents[2] / ".local" / "fuzz"


def main() -> None:
    """Run the command."""
    name, seconds = sys.argv[1], sys.argv[2]
    corpus, finds = SCRATCH / name / "corpus", SCRATCH / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            f"-max_len={MAX_BYTES}",
            f"-artifact_prefix={finds}/",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            "-print_final_stats=1",
        ],
        TARGETS[name],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
