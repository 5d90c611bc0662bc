"""Watches every log line of the suite for secrets and customers' data."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orders.runtime import observability

# Patterns that no log line may contain.
PATTERNS = {
    "an email address": re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}"),
    "an authorization header": re.compile(r"(?i)\b(bearer|basic) [\w+/=.-]{8,}"),
    # The addresses of the samples contain these words.
    "an address": re.compile(r"of the address"),
    "a phone number": re.compile(r"\+\d{10,}"),
}
# Members of requests that hold a secret or personal data.
PRIVATE_MEMBERS = frozenset(
    {
        *("token", "access_token", "email", "phone", "profile_id", "subscription_id"),
        *("field_value", "customerEmail", "firstName", "lastName", "streetName", "mobile"),
    }
)
# The expressions are too slow for lines with whole requests.
MAX_LINE = 50_000
# Shorter values would also be found in unrelated words.
MIN_LENGTH = 8


@dataclass
class LogWatch(logging.Handler):
    """Checks every log line of the hub for secrets and personal data."""

    secrets: set[str] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    lines: int = 0

    def __post_init__(self) -> None:
        """Initialise the handler."""
        super().__init__()

    __hash__ = object.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """Check a line when it is written."""
        line = str(observability.logger.registered_handler.format(record))
        self.lines += 1
        self.leaks += [f"{leak} in {line[:500]}" for leak in self.leaks_of(line)]

    def leaks_of(self, line: str) -> Iterator[str]:
        """Yield the leaks of a line."""
        for name, pattern in PATTERNS.items():
            if pattern.search(line[:MAX_LINE]):
                yield name
        for secret in self.secrets:
            if secret in line:
                yield f"the secret {secret[:3]}…"

    def know(self, secret: str) -> None:
        """Treat a text as a secret from now on."""
        if len(secret) >= MIN_LENGTH:
            self.secrets.add(secret)

    def know_request(self, event: Mapping[str, Any]) -> None:
        """Treat the secrets and the personal data of a request as secrets from now on."""
        for name, value in (event.get("headers") or {}).items():
            if name.lower() == "authorization":
                self.know(str(value).partition(" ")[2])
            if name.lower() == "api-key":
                self.know(str(value))
        try:
            tree = json.loads(event.get("body") or "")
        except (TypeError, ValueError):
            return
        for secret in _private(tree):
            self.know(secret)


def _private(node: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(node, list):
        for each in node:
            yield from _private(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in PRIVATE_MEMBERS and isinstance(value, str):
                yield value
            yield from _private(value)


WATCH = LogWatch()


def watch_logs() -> None:
    """Attach the watch to every logger of the hub."""
    logging.getLogger("orders").addHandler(WATCH)
    observability.logger.addHandler(WATCH)
