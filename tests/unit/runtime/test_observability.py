"""A line of the log is written once, as JSON."""

import logging

import pytest

from orders.runtime.observability import logger


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
