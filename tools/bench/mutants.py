"""Mutation testing of the domain and the use cases: `python -m tools.bench.mutants`.

mutmut wants the package under `src`, so it works on a copy. Survivors are listed by function;
`.local/mutants` keeps them for `mutmut show`.
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
# What the unit tests read besides the package.
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
# `module.x_function__mutmut_3: survived`; a method is written `module.xǁClassǁmethod`.
_RESULT = re.compile(r"\s*(?P<function>\S+?)__mutmut_\d+: (?P<outcome>.+)")


def main() -> int:
    """Run the command; return its exit code, 1 if nothing was mutated."""
    _prepare()
    subprocess.run([str(MUTMUT), "run"], cwd=SCRATCH, check=False)  # noqa: S603 - of the environment
    listed = subprocess.run(  # noqa: S603 - a program of the environment
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
    """Return how many mutants of a function had an outcome, from what mutmut lists."""
    return Counter(
        (found["function"], found["outcome"])
        for found in map(_RESULT.fullmatch, text.splitlines())
        if found
    )


def summary(outcomes: Counter[tuple[str, str]]) -> str:
    """Tell the score, and which functions have mutants that no test noticed."""
    noticed = sum(n for (_, outcome), n in outcomes.items() if outcome in {"killed", "timeout"})
    missed = [(n, *key) for key, n in outcomes.items() if key[1] not in {"killed", "timeout"}]
    lines = [f"{n:4} {outcome:10} {function}" for n, function, outcome in sorted(missed)[::-1]]
    total = outcomes.total()
    share = 100 * noticed / total if total else 0
    return "\n".join([*lines, f"{noticed} of {total} mutants noticed: {share:.1f} %"])


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
