"""Carries a write with an Idempotency-Key out once.

The door wraps every endpoint that writes, so that none of them needs code for keys.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

from orders.application.errors import IdempotencyError
from orders.application.import_orders import ImportReport
from orders.application.ports import Deadline
from orders.application.repeat_requests import RepeatRequests, Run
from orders.domain.repeats import IdempotencyKey, KeptAnswer
from orders.protocols.http import EndpointResult, HttpAnswer, HttpRequest
from orders.protocols.idempotency import (
    Caller,
    Identify,
    fingerprint_of,
    read_key,
    refusal_of,
)

# Makes a call, and returns the answer to any error that it raises.
type AnswerErrors = Callable[[HttpRequest, Callable[[], EndpointResult]], EndpointResult]


@runtime_checkable
class WritingEndpoint(Protocol):
    """An endpoint that writes: it gives each request an id, with which the orders are stored."""

    new_request_id: Callable[[], str]

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the answer to a request, or raise an error."""

    def __replace__(self, /, **changes: Any) -> Self:  # noqa: ANN401 - as dataclasses declare it
        """Return a copy with other values of these fields."""


@dataclass(frozen=True, slots=True)
class RepeatableEndpoint:
    """An endpoint for requests with a key."""

    endpoint: WritingEndpoint
    identify: Identify
    repeats: RepeatRequests
    answer_errors: AnswerErrors

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the answer of the endpoint, or the one that the request has had.

        Raises what the authentication raises, KeyRefusedError, BodyRefusedError and StorageError.
        """
        caller = self.identify(request, deadline)
        try:
            begun = self._begin(request, caller, deadline)
        except Exception as error:
            raise caller.error_for(error) from error
        if isinstance(begun, KeptAnswer):
            return EndpointResult(HttpAnswer(begun.status, begun.body, begun.headers))
        answered = self.answer_errors(request, lambda: self._run(begun, request, deadline))
        answer = answered.answer
        kept = KeptAnswer(answer.status, answer.body, answer.headers)
        self.repeats.end(begun, kept, deadline, retryable=_is_retryable(answered))
        return answered

    def _begin(self, request: HttpRequest, caller: Caller, deadline: Deadline) -> Run | KeptAnswer:
        key = IdempotencyKey(
            caller.account, caller.client, read_key(request), fingerprint_of(request, caller)
        )
        try:
            return self.repeats.begin(key, deadline)
        except IdempotencyError as error:
            raise refusal_of(error) from error

    def _run(self, run: Run, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        endpoint = copy.replace(self.endpoint, new_request_id=lambda: run.request_id)
        body = request.body
        return endpoint(replace(request, run=run, read_body=lambda: body), deadline)


def _is_retryable(answered: EndpointResult) -> bool:
    """Return whether orders failed that a repetition may store."""
    report = answered.report
    return isinstance(report, ImportReport) and any(each.retryable for each in report.results)
