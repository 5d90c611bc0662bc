"""Requests that import orders. One whose answer is lost is asked for again, by its key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import sleep
from uuid import uuid4

from operator_cli.errors import UnavailableError
from operator_cli.hub import IMPORT, Hub, HubAnswer, HubRequest
from operator_cli.hub_reads import Tree, accepted, detail_of, tree_of
from orders.protocols.json_text import write_json

# A repeated request is answered when the first one has ended, after 33 seconds at most.
BUSY_PAUSES = (2.0, 4.0, 8.0, 8.0, 8.0, 8.0)
# The adapter has repeated a request without an answer several times already.
LOST_PAUSES = (4.0, 15.0)


@dataclass(slots=True)
class ImportRequest:
    """A request that imports orders, or previews that. `asked` counts how often it was sent.

    `is_settled` says whether it is known what the hub has done.
    """

    hub: Hub
    body: Mapping[str, object]
    key: str | None = field(default_factory=lambda: str(uuid4()))
    asked: int = 0
    is_settled: bool = False

    @property
    def may_be_done(self) -> bool:
        """Return whether the hub may have imported the orders, and has not said so."""
        return self.asked > 0 and not self.is_settled

    def answer(self) -> tuple[Tree, str | None]:
        """Return the answer, and the id of the request. A repetition imports nothing again.

        Raises UnavailableError, and UsageError for what the hub rejects as invalid.
        """
        request = HubRequest("POST", IMPORT, body=write_json(self.body), key=self.key)
        answer = self._asked(request)
        for seconds in BUSY_PAUSES:
            if answer.status != HTTPStatus.CONFLICT:
                break
            sleep(seconds)
            answer = self._asked(request)
        if answer.status == HTTPStatus.CONFLICT:
            raise UnavailableError(f"The hub answers 409: {detail_of(answer)}.", may_pass=True)
        # A refusal of a repetition says nothing about the first request.
        self.is_settled = answer.status == HTTPStatus.OK or self.asked == 1
        return _expect_result(answer), answer.request_id

    def _asked(self, request: HubRequest) -> HubAnswer:
        for seconds in LOST_PAUSES:
            self.asked += 1
            try:
                return self.hub.ask(request)
            except UnavailableError as error:
                if self.key is None or not error.may_pass:
                    raise
            sleep(seconds)
        self.asked += 1
        return self.hub.ask(request)


def _expect_result(answer: HubAnswer) -> Tree:
    if answer.status == HTTPStatus.OK:
        return tree_of(answer)
    text = str(tree_of(answer).get("error_text") or detail_of(answer)).rstrip(".")
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
        return accepted(HubAnswer(answer.status, write_json({"detail": text})))
    raise UnavailableError(f"The hub answers {answer.status}: {text}.")
