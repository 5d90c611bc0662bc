"""Mutation testing of the domain and the use cases: `python -m tools.bench.mutants`.

mutmut requires the package under `src`, so it works on a copy in `.local/mutants`. The command
lists the surviving mutants by function; `mutmut show` in that folder shows each of them.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SCRATCH = PROJECT / ".local" / "mutants"
MUTMUT = Path(sys.executable).with_name("mutmut")
MUTATED = ("domain", "application")
# The files that the unit tests read besides the package.
COPIED = (
    *("docs", "events", "examples", "functions", "operator_cli"),
    *("template.yaml", "tests", "tools"),
)
SETTINGS = f"""\
[tool.pytest]
minversion = "9.0"
addopts = ["--import-mode=importlib"]
pythonpath = ["src", "."]

[tool.mutmut]
source_paths = ["src/orders"]
only_mutate = {[f"src/orders/{layer}/*" for layer in MUTATED]}
also_copy = {["src", *COPIED]}
pytest_add_cli_args_test_selection = ["tests/unit"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
"""
# Examples: `module.x_function__mutmut_3: survived`, and `module.xǁClassǁmethod` for a method.
_RESULT = re.compile(r"\s*(?P<function>\S+?)__mutmut_\d+: (?P<outcome>.+)")


def main() -> int:
    """Run the command; return its exit code, which is 1 if there are no mutants."""
    _prepare()
    subprocess.run([str(MUTMUT), "run"], cwd=SCRATCH, check=False)  # noqa: S603 - mutmut
    listed = subprocess.run(  # noqa: S603 - a program of the virtual environment
        [str(MUTMUT), "results", "--all", "true"],
        cwd=SCRATCH,
        check=True,
        capture_output=True,
        text=True,
    )
    outcomes = read_outcomes(listed.stdout)
    print(summary(outcomes))
    return 0 if outcomes else 1


def read_outcomes(text: str) -> Counter[tuple[str, str]]:
    """Return the number of mutants by function and outcome, from the output of mutmut."""
    return Counter(
        (found["function"], found["outcome"])
        for found in map(_RESULT.fullmatch, text.splitlines())
        if found
    )


def summary(outcomes: Counter[tuple[str, str]]) -> str:
    """Return the score, and a line for each function with mutants that no test detected."""
    detected = sum(n for (_, outcome), n in outcomes.items() if outcome in {"killed", "timeout"})
    missed = [(n, *key) for key, n in outcomes.items() if key[1] not in {"killed", "timeout"}]
    lines = [f"{n:4} {outcome:10} {function}" for n, function, outcome in sorted(missed)[::-1]]
    total = outcomes.total()
    share = 100 * detected / total if total else 0
    return "\n".join([*lines, f"{detected} of {total} mutants detected: {share:.1f} %"])


def _prepare() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
    package = PROJECT / "layers" / "orders" / "orders"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, SCRATCH / "src" / "orders", ignore=ignored)
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, SCRATCH / name, ignore=ignored)
        else:
            shutil.copy(source, SCRATCH / name)
    (SCRATCH / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
