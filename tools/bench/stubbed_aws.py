"""A stub of AWS below botocore's HTTP layer, which measures calls without the network.

Reads return the items that were copied from DynamoDB Local. Writes always succeed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

type Tree = dict[str, Any]
_KEY = re.compile(r'"pk": ?\{"S": ?"([^"]*)"\}, ?"sk": ?\{"S": ?"([^"]*)"\}')
_EVENT_ID = "11710aed-b79e-4468-a20b-bb3c0c3b4860"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self._content


class StubbedAws:
    """Answers the calls of the given clients; `items` are the stored items as JSON, by key."""

    def __init__(self, table: str, *clients: Any) -> None:  # noqa: ANN401 - clients of any service
        self.items: dict[tuple[str, str], str] = {}
        self._table = table
        self._clients = clients
        self._lanes = 0

    @contextmanager
    def answering(self) -> Iterator[Counter[str]]:
        """Answer every call inside the context, which yields the number of calls by operation."""
        calls: Counter[str] = Counter()

        def answer(request: Any, **_rest: object) -> AWSResponse:  # noqa: ANN401 - botocore's
            operation = _operation(request)
            calls[operation] += 1
            text = request.body.decode() if isinstance(request.body, bytes) else request.body
            return _response(self.answer(operation, text))

        for client in self._clients:
            client.meta.events.register("before-send", answer)
        try:
            yield calls
        finally:
            for client in self._clients:
                client.meta.events.unregister("before-send", answer)

    def answer(self, operation: str, text: str) -> str:
        """Return the answer of AWS to a call."""
        return self._answers[operation](self, text)

    def watched(self, see: Callable[..., None]) -> AbstractContextManager[None]:
        """Pass every call to `see` before it is made."""
        return self._registered("before-call", see)

    def asked(self, see: Callable[..., None]) -> AbstractContextManager[None]:
        """Pass the parameters of every call to `see`."""
        return self._registered("provide-client-params", see)

    @contextmanager
    def _registered(self, stage: str, see: Callable[..., None]) -> Iterator[None]:
        for client in self._clients:
            client.meta.events.register(stage, see)
        try:
            yield
        finally:
            for client in self._clients:
                client.meta.events.unregister(stage, see)

    @contextmanager
    def without_bus(self) -> Iterator[None]:
        """Answer only the calls of EventBridge; DynamoDB receives its calls."""

        def answer(request: Any, **_rest: object) -> AWSResponse:  # noqa: ANN401 - botocore's
            return _response(_events(request.body))

        for client in self._clients:
            client.meta.events.register("before-send.events", answer)
        try:
            yield
        finally:
            for client in self._clients:
                client.meta.events.unregister("before-send.events", answer)

    def _found(self, text: str) -> list[str]:
        keys = ((match[1], match[2]) for match in _KEY.finditer(text))
        return [self.items[key] for key in keys if key in self.items]

    def _get(self, text: str) -> str:
        [item] = self._found(text) or [""]
        return f'{{"Item":{item}}}' if item else "{}"

    def _batch_get(self, text: str) -> str:
        found = ",".join(self._found(text))
        return f'{{"Responses":{{"{self._table}":[{found}]}},"UnprocessedKeys":{{}}}}'

    def _open_lane(self, _text: str) -> str:
        self._lanes += 1
        return f'{{"Attributes":{{"lanes":{{"N":"{self._lanes}"}}}}}}'

    _answers: Mapping[str, Callable[["StubbedAws", str], str]] = {
        "GetItem": _get,
        "BatchGetItem": _batch_get,
        "UpdateItem": _open_lane,
        "PutItem": lambda _self, _text: "{}",
        "BatchExecuteStatement": lambda _self, text: _statements(text),
        "PutEvents": lambda _self, text: _events(text),
    }


def _statements(text: str) -> str:
    answers = ",".join(["{}"] * text.count('"Statement":'))
    return f'{{"Responses":[{answers}]}}'


def _events(text: str | bytes) -> str:
    body = text.decode() if isinstance(text, bytes) else text
    entries = ",".join([f'{{"EventId":"{_EVENT_ID}"}}'] * body.count('"DetailType":'))
    return f'{{"FailedEntryCount":0,"Entries":[{entries}]}}'


def _operation(request: Any) -> str:  # noqa: ANN401 - botocore's
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else str(target)).rpartition(".")[2]


def _response(text: str) -> AWSResponse:
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    return AWSResponse("http://stubbed", 200, headers, _Body(text.encode()))
