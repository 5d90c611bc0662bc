"""Problems name a place and what is allowed there, in bounded text."""

from dataclasses import dataclass, replace

from orders.domain.problems import Code, Problem, below, listed, pointer, shown


@dataclass(frozen=True, slots=True)
class _Detailed(Problem):
    detail: str


def test_a_pointer_escapes_its_steps() -> None:
    assert pointer() == ""
    assert pointer("data", 3, "a/b~c") == "/data/3/a~1b~0c"


def test_a_problem_moves_below_a_prefix() -> None:
    moved = below(("data", 1), Problem(Code.REQUIRED, ("status",), "status is required"))
    assert moved == Problem(Code.REQUIRED, ("data", 1, "status"), "status is required")
    assert moved.pointer == "/data/1/status"


def test_a_moved_problem_stays_of_its_kind() -> None:
    problem = _Detailed(Code.REQUIRED, ("status",), "status is required", "more")
    assert below(("data",), problem) == replace(problem, path=("data", "status"))


def test_a_sent_value_is_shortened() -> None:
    assert shown("abc") == "'abc'"
    assert shown("a" * 60) == repr("a" * 60)
    assert shown("a" * 61) == repr("a" * 60 + "…")


def test_allowed_values_are_listed_up_to_a_limit() -> None:
    assert listed(["USD", "EUR"]) == "USD, EUR"
    assert listed([]) == "none is configured"
    assert listed([str(n) for n in range(25)]).endswith("18, 19 and 5 more")
