"""Logs every AWS call that fails, for all adapters: what AWS says, and no data of a request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orders.adapters.aws_faults import code_of

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_log = logging.getLogger(__name__)

FAILED_CALL = "an AWS call failed"
_FIRST_ERROR_STATUS = 300
# A condition that is not met is a lost race, and no fault.
_RACE = "ConditionalCheckFailed"
_NO_REASON = "None"
# S3's words for the same, and for an object that does not exist.
_ANSWERS = frozenset({"NoSuchKey", "PreconditionFailed"})


def log_failed_calls(client: BaseClient) -> None:
    """Log each failed call of this client: the call, and AWS's code and id of the request."""
    client.meta.events.register_last("after-call", _log_answer)
    client.meta.events.register_last("after-call-error", _log_error)


def _log_answer(
    http_response: AWSResponse, parsed: Mapping[str, Any], model: OperationModel, **_rest: object
) -> None:
    if http_response.status_code < _FIRST_ERROR_STATUS:
        return
    code = str(parsed.get("Error", {}).get("Code", ""))
    reasons = sorted({str(each.get("Code")) for each in parsed.get("CancellationReasons", ())})
    if (
        code.startswith(_RACE)
        or code in _ANSWERS
        or (reasons and set(reasons) <= {_RACE, _NO_REASON})
    ):
        return
    _log.warning(
        FAILED_CALL,
        extra={
            "call": f"{model.service_model.service_name}.{model.name}",
            "code": code,
            "reasons": [each for each in reasons if each != _NO_REASON],
            "http_status": http_response.status_code,
            "aws_request_id": parsed.get("ResponseMetadata", {}).get("RequestId"),
        },
    )


def _log_error(exception: Exception, event_name: str = "", **_rest: object) -> None:
    """Log a call without an answer. The text of the error is left out: it may repeat data."""
    _log.warning(
        FAILED_CALL,
        extra={"call": event_name.partition(".")[2], "code": code_of(exception)},
    )
