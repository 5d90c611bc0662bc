"""HTTP as the protocols see it, whatever carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; header names are in lower case, the body is as the client meant it (inflated)."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def bearer_token(self) -> str | None:
        """Return the token of an `Authorization: Bearer` header, None without one."""
        scheme, _, token = self.headers.get("authorization", "").strip().partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; the body is UTF-8."""

    status: int
    body: bytes
    headers: Mapping[str, str]
