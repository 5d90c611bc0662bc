"""Carries a write with an Idempotency-Key out once.

The door wraps every endpoint that writes, so that none of them needs code for keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orders.application.errors import IdempotencyError
from orders.application.ports import Deadline
from orders.application.repeat_requests import Answered, RepeatRequests, Run
from orders.domain.repeats import IdempotencyKey, KeptAnswer
from orders.protocols.http import Endpoint, EndpointResult, HttpAnswer, HttpRequest
from orders.protocols.idempotency import (
    Caller,
    Identify,
    fingerprint_of,
    read_key,
    refusal_of,
)
from orders.runtime.observability import logger
from orders.runtime.request_ids import repeat_request

# Makes a call, and returns the answer to any error that it raises.
type AnswerErrors = Callable[[HttpRequest, Callable[[], EndpointResult]], EndpointResult]


@dataclass(frozen=True, slots=True)
class RepeatableEndpoint:
    """An endpoint for requests with a key."""

    endpoint: Endpoint
    identify: Identify
    repeats: RepeatRequests
    answer_errors: AnswerErrors

    def __call__(self, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        """Return the answer of the endpoint, or the one that the request has had.

        All runs of a request, and all its answers, have the id of the first run. Raises what the
        authentication raises, KeyRefusedError, BodyRefusedError and StorageError.
        """
        caller = self.identify(request, deadline)
        try:
            begun = self._begin(request, caller, deadline)
        except Exception as error:
            raise caller.error_for(error) from error
        _take_id(begun)
        if isinstance(begun, Answered):
            kept = begun.answer
            return EndpointResult(HttpAnswer(kept.status, kept.body, kept.headers))
        answered = self.answer_errors(request, lambda: self._run(begun, request, deadline))
        if answered.is_preview:
            self.repeats.forget(begun, deadline)
            return answered
        answer = answered.answer
        kept = KeptAnswer(answer.status, answer.body, answer.headers)
        self.repeats.end(begun, kept, deadline, retryable=answered.is_retryable)
        return answered

    def _begin(self, request: HttpRequest, caller: Caller, deadline: Deadline) -> Run | Answered:
        key = IdempotencyKey(
            caller.account, caller.client, read_key(request), fingerprint_of(request, caller)
        )
        try:
            return self.repeats.begin(key, deadline)
        except IdempotencyError as error:
            raise refusal_of(error) from error

    def _run(self, run: Run, request: HttpRequest, deadline: Deadline) -> EndpointResult:
        body = request.body
        return self.endpoint(replace(request, run=run, read_body=lambda: body), deadline)


def _take_id(begun: Run | Answered) -> None:
    """Give the request the id of its first run. Its own id remains in its log lines."""
    if begun.request_id != begun.attempt:
        logger.append_keys(request_id=begun.request_id, attempt=begun.attempt)
        repeat_request(begun.request_id)
