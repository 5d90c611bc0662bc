"""HTTP as the protocols see it, whatever carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from orders.application.change_order import ChangeReport
    from orders.application.import_orders import ImportReport


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; header names are in lower case, the body is as the client meant it (inflated).

    `path` holds the variable parts of the path by their names, percent-decoded; `queries` every
    value of a query parameter, `query` the last one of each.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def bearer_token(self) -> str | None:
        """Return the token of an `Authorization: Bearer` header, None without one."""
        scheme, _, token = self.headers.get("authorization", "").strip().partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @property
    def media_type(self) -> str:
        """Return the media type that the Content-Type names, in lower case; "" without one."""
        return media_type_of(self.headers.get("content-type", ""))

    @property
    def charset(self) -> str | None:
        """Return the charset that the Content-Type names, in lower case; None without one."""
        message = Message()
        # A header is ASCII; half a surrogate pair would be no text to the parser any more.
        sent = self.headers.get("content-type", "").encode("ascii", "replace").decode()
        message["content-type"] = sent
        charset = message.get_param("charset")
        return charset.lower() if isinstance(charset, str) and charset else None


def media_type_of(value: str) -> str:
    """Return the media type of a Content-Type or of a range of an Accept header."""
    return value.partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; the body is UTF-8."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and what is to be logged: the report of a write, or the fault behind a 500."""

    answer: HttpAnswer
    report: ChangeReport[Any] | ImportReport | None = None
    fault: Exception | None = None

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same with more headers."""
        answer = replace(self.answer, headers={**self.answer.headers, **headers})
        return replace(self, answer=answer)


class BodyRefusedError(Exception):
    """The body cannot be read; `status` is the HTTP status that says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


# Completes a request that has come without its body. Raises BodyRefusedError.
type ReadBody = Callable[[HttpRequest], HttpRequest]
