"""Carry out a request with a key once: keep its answer, and finish a run that was cut off.

A repetition runs under the request id of the first run. The orders that the first run wrote contain
this id, so that the use cases recognise them instead of writing them again.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from orders.application.errors import KeyInUseError, KeyReusedError, StorageError
from orders.application.ports import Clock, Deadline, ReceiptWithdrawal, RequestKey, RequestRecords
from orders.domain.relaying import WriterLifetime
from orders.domain.repeats import (
    KEPT,
    IdempotencyKey,
    KeptAnswer,
    RequestRecord,
    Verdict,
    is_final,
    judge,
)

_log = logging.getLogger(__name__)

# The pauses of a twin, which waits for the answer of the request that came first.
WAITS = (0.1, 0.2, 0.4, 0.8, 1.5)


@dataclass(slots=True)
class Run:
    """One run of a request with a key.

    `noted` are the order ids that earlier runs have noted. A first run has none.
    """

    key: IdempotencyKey
    request_id: str
    attempt: str
    records: RequestRecords
    is_repeated: bool = False
    noted: tuple[int, ...] = ()
    _own: tuple[int, ...] = ()

    def note(self, order_ids: Iterable[int], deadline: Deadline) -> None:
        """Note orders before they are written, so that a later run recognises them.

        Raises StorageUnavailableError, also if another run has begun, and StorageRefusedError.
        """
        self._own = (*self._own, *order_ids)
        self.records.note(self.key, self.attempt, (*self.noted, *self._own), deadline)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer that a request has had. `attempt` is the id of the repetition that asks for it."""

    request_id: str
    attempt: str
    answer: KeptAnswer


def target_of(run: Run | None, find: Callable[[], int], deadline: Deadline) -> int:
    """Return the id of the order that `find` returned in the first run of a request.

    An order that an earlier run has deleted can no longer be found by its name.
    """
    if run is None:
        return find()
    if run.noted:
        return run.noted[0]
    order_id = find()
    run.note([order_id], deadline)
    return order_id


@dataclass(frozen=True, slots=True)
class RepeatRequests:
    """Begins and ends the runs of requests with a key.

    `writer_lifetime` is the longest time that a run takes. `new_request_id` returns the id of the
    request that is being answered. Records are kept for the time `kept`.
    """

    records: RequestRecords
    receipts: ReceiptWithdrawal
    writer_lifetime: WriterLifetime
    new_request_id: Callable[[], str]
    clock: Clock
    sleep: Callable[[float], None]
    kept: timedelta = KEPT

    def begin(self, key: IdempotencyKey, deadline: Deadline) -> Run | Answered:
        """Return the run that carries the request out, or the answer that it has had.

        Raises KeyReusedError, KeyInUseError if another run has not ended after a short wait,
        StorageUnavailableError and StorageRefusedError.
        """
        attempt = self.new_request_id()
        now = self.clock()
        ends_at = self.writer_lifetime.ends_at(now)
        new = RequestRecord(key.fingerprint, attempt, attempt, ends_at)
        found = self.records.claim(key, new, now, now + self.kept, deadline)
        if found is None:
            return Run(key, attempt, attempt, self.records)
        for wait in (*WAITS, None):
            verdict = judge(found, key.fingerprint, self.clock())
            if verdict is Verdict.OTHER_REQUEST:
                raise KeyReusedError
            if found.answer is not None:
                return Answered(found.request_id, attempt, found.answer)
            if verdict is Verdict.CUT_OFF and self._take_over(key, found, attempt, deadline):
                return Run(
                    key,
                    found.request_id,
                    attempt,
                    self.records,
                    is_repeated=True,
                    noted=found.noted,
                )
            if wait is None or wait >= deadline.remaining():
                break
            self.sleep(wait)
            latest = self.records.find(key, self.clock(), deadline)
            if latest is None:
                break
            found = latest
        raise KeyInUseError

    def end(self, run: Run, answer: KeptAnswer, deadline: Deadline, *, retryable: bool) -> None:
        """Keep the answer of a run, or let the next repetition run at once. Raises nothing.

        If the answer cannot be stored, the next repetition runs when this run's time is over.
        """
        try:
            if is_final(answer.status, retryable=retryable):
                self.records.keep(run.key, run.attempt, answer, deadline)
            else:
                self.records.release(run.key, run.attempt, deadline)
        except StorageError as error:
            _log.warning("the answer of a request was not kept", extra={"code": str(error)})

    def forget(self, run: Run, deadline: Deadline) -> None:
        """End a run that was a preview: its key is free for the request itself. Raises nothing."""
        try:
            self.records.forget(run.key, run.attempt, deadline)
        except StorageError as error:
            _log.warning("the key of a preview was not freed", extra={"code": str(error)})

    def _take_over(
        self, key: IdempotencyKey, found: RequestRecord, attempt: str, deadline: Deadline
    ) -> bool:
        # A receipt speaks for all writes of a request id, but an earlier run did not know those of
        # this one. Without it, the relay publishes the triggers of both.
        self.receipts.withdraw(RequestKey(key.account, found.request_id), deadline)
        ends_at = self.writer_lifetime.ends_at(self.clock())
        return self.records.take_over(key, found.attempt, attempt, ends_at, deadline)
