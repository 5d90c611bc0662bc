"""A line of the log is written once, as JSON."""

import logging
from dataclasses import fields

import pytest

from orders.protocols.http import EndpointResult
from orders.runtime.observability import RECORDERS, logger


@pytest.mark.parametrize("name", ["orders", "orders.adapters.batches"])
def test_a_line_of_an_adapter_is_written_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runtime of Lambda has a handler of its own at the root, which would repeat it as text."""
    as_json: list[logging.LogRecord] = []
    as_text: list[logging.LogRecord] = []
    monkeypatch.setattr(logger.registered_handler, "emit", as_json.append)
    lambdas = logging.Handler()
    monkeypatch.setattr(lambdas, "emit", as_text.append)
    logging.getLogger().addHandler(lambdas)
    try:
        logging.getLogger(name).warning("reading items failed")
    finally:
        logging.getLogger().removeHandler(lambdas)
    assert ([each.getMessage() for each in as_json], as_text) == (["reading items failed"], [])


def test_every_report_of_an_answer_has_a_recorder() -> None:
    """The classes are found by name, so that the module need not import them."""
    [hint] = [each.type for each in fields(EndpointResult) if each.name == "report"]
    names = {each.strip().partition("[")[0] for each in str(hint).split("|")}
    assert names - {"None"} == set(RECORDERS)
