from tools.bench.mutants import read_outcomes, summary

LISTED = """\
    orders.domain.money.x_parse_amount__mutmut_1: killed
    orders.domain.money.x_parse_amount__mutmut_2: survived
    orders.domain.money.x_parse_amount__mutmut_13: survived
    orders.application.import_orders.xǁImportOrdersǁ_plan__mutmut_7: timeout
    orders.application.ports.xǁSettingsRepositoryǁload__mutmut_1: no tests
something else
"""


def test_outcomes_are_counted_by_function() -> None:
    outcomes = read_outcomes(LISTED)
    assert outcomes["orders.domain.money.x_parse_amount", "survived"] == 2
    assert outcomes.total() == 5


def test_the_score_counts_the_detected_mutants() -> None:
    lines = summary(read_outcomes(LISTED)).splitlines()
    assert lines[0] == "   2 survived   orders.domain.money.x_parse_amount"
    assert lines[-1] == "2 of 5 mutants detected: 40.0 %"


def test_the_score_without_mutants_is_zero() -> None:
    assert summary(read_outcomes("")) == "0 of 0 mutants detected: 0.0 %"
