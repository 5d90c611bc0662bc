import json
import logging
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from pydantic import TypeAdapter

from orders.runtime.fault_formatter import FaultFormatter

SECRET = "johndoe@example.com with token-123"


def logged(fault: BaseException) -> dict[str, Any]:
    try:
        raise fault
    except type(fault):
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    tree: dict[str, Any] = json.loads(FaultFormatter().format(record))
    return tree


def _pydantic_error() -> Exception:
    try:
        TypeAdapter(int).validate_python(SECRET)
    except ValueError as error:
        return error
    raise AssertionError


FAULTS = [
    KeyError(SECRET),
    ParamValidationError(report=f"Invalid type for parameter Item, value: {SECRET}"),
    ClientError({"Error": {"Code": "ValidationException", "Message": SECRET}}, "PutItem"),
    _pydantic_error(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_logged_fault_does_not_contain_the_request(fault: Exception) -> None:
    line = logged(fault)
    assert SECRET not in json.dumps(line)
    assert "token-123" not in json.dumps(line)
    assert type(fault).__name__ in line["exception"]
    assert line["message"] == "failed"


def test_the_place_and_the_aws_code_are_logged() -> None:
    line = logged(ClientError({"Error": {"Code": "AccessDenied"}}, "GetItem"))
    assert "ClientError (AccessDenied from GetItem)" in line["exception"]
    assert "test_fault_formatter.py:" in line["exception"]
    assert line["exception_name"] == "ClientError"


def test_causes_are_logged_in_the_same_way() -> None:
    outer = RuntimeError(SECRET)
    outer.__cause__ = ValueError(SECRET)
    text = logged(outer)["exception"]
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert SECRET not in text


def test_a_hidden_context_stays_hidden() -> None:
    outer = RuntimeError("x")
    outer.__context__ = ValueError("y")
    assert "ValueError" in logged(outer)["exception"]
    outer.__suppress_context__ = True
    assert "ValueError" not in logged(outer)["exception"]
