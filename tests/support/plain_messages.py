"""Watches every message of the suite for Python's words, reprs of containers and banned phrases.

Clients read messages in answers, operators in a command's output and in log lines. A message may
quote what was sent, so a word that the request itself holds is not a fault.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from orders.protocols.http import HttpAnswer, HttpRequest
from orders.runtime import observability
from tests.support.plain_english import banned_phrases, python_words

MESSAGE_MEMBERS = frozenset(
    {"message", "error_text", "detailedErrorMessage", "error_description", "detail"},
)
# Members that hold orders: their content is a shop's, not the hub's.
ORDER_MEMBERS = frozenset({"order", "orders", "results"})
# Texts of the vendors' contracts that contain one of Python's words.
VENDOR_TEXTS = (
    # commercetools lists the values of inventoryMode.
    "'None','TrackOnly','ReserveOnOrder','ReserveOnCart'",
)

_DOUBLE_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONTAINERS = ("{'", "['", "('")
_XML_MESSAGE = re.compile(r"<(?:message|error_text)>(.*?)</", re.DOTALL)


def message_faults(message: str, sent: str = "") -> Iterator[str]:
    """Yield the faults of a message. `sent` is the text of the request that it answers.

    Text in double quotes is a sent value, so only the repr of a container is a fault there.
    """
    for vendor_text in VENDOR_TEXTS:
        message = message.replace(vendor_text, "")
    quoted = " ".join(_DOUBLE_QUOTED.findall(message))
    own = _DOUBLE_QUOTED.sub('""', message)
    found = [
        *python_words(own),
        *(word for word in python_words(quoted) if word in _CONTAINERS),
        *banned_phrases(own),
    ]
    for word in found:
        if word not in sent:
            yield f'"{word}" in the message: {message}'


def messages_of(body: str) -> Iterator[str]:
    """Yield the messages of an answer in JSON or XML."""
    try:
        tree = json.loads(body)
    except ValueError:
        yield from map(unescape, _XML_MESSAGE.findall(body))
    else:
        yield from _messages(tree)


def _messages(node: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(node, list):
        for each in node:
            yield from _messages(each)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if name in MESSAGE_MEMBERS and isinstance(value, str):
                yield value
            elif name not in ORDER_MEMBERS:
                yield from _messages(value)


def faults_of_event(event: Mapping[str, Any], answer: Mapping[str, Any]) -> list[str]:
    """Return the faults in the messages of a function's answer to an event."""
    parts = ("headers", "pathParameters", "queryStringParameters", "body")
    sent = "\n".join(_text(event.get(part)) for part in parts)
    body = answer.get("body") or ""
    return [] if answer.get("isBase64Encoded") else _faults(body, sent)


def faults_of_answer(request: HttpRequest, answer: HttpAnswer) -> list[str]:
    """Return the faults in the messages of an endpoint's answer to a request."""
    parts = (request.headers, request.path, request.query, request.queries)
    body = request.body_if_read.decode(errors="replace")
    sent = "\n".join((*(_text(part) for part in parts), body))
    is_compressed = "Content-Encoding" in answer.headers
    return [] if is_compressed else _faults(answer.body.decode(), sent)


def faults_of_output(output: str, sent: str) -> list[str]:
    """Return the faults in the output of a command. `sent` is its arguments and its files."""
    return list(message_faults(output, sent))


def _faults(body: str, sent: str) -> list[str]:
    return [fault for message in messages_of(body) for fault in message_faults(message, sent)]


def _text(part: object) -> str:
    """Return part of a request as text: as it was sent, and with its characters unescaped."""
    if isinstance(part, str):
        return part
    return json.dumps(dict(part), ensure_ascii=False) if isinstance(part, Mapping) else ""


@dataclass
class MessageWatch(logging.Handler):
    """Collects the faults in the messages of log lines."""

    faults: list[str] = field(default_factory=list)
    lines: int = 0

    def __post_init__(self) -> None:
        """Initialise the handler."""
        super().__init__()

    __hash__ = object.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """Check the message of one line."""
        self.lines += 1
        self.faults += message_faults(record.getMessage())


WATCH = MessageWatch()


def watch_messages() -> None:
    """Attach the watch to every logger of the hub."""
    logging.getLogger("orders").addHandler(WATCH)
    observability.logger.addHandler(WATCH)
