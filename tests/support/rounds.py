"""Counts the rounds of AWS calls of a request: the calls of one round are in flight together.

Time is simulated in one thread. Each call takes one round, and calls that are made in parallel
begin together, at most as many as there are threads. So the count depends on what waits for what,
and not on the machine.
"""

import heapq
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from orders.adapters.dynamodb_tokens import hash_of
from orders.adapters.parallel_calls import ParallelCalls
from orders.adapters.settings_items import write_settings
from orders.adapters.table_keys import account_key, token_key
from orders.domain.settings import Settings
from tools.bench.stubbed_aws import StubbedAws

ACCOUNT = "demo"
TOKEN = "valid-token"
ACCESS_TOKEN = "valid-access-token"
_AFTER_EXPIRY = 60.0


type Tree = dict[str, Any]


@dataclass
class Rounds:
    """The rounds of a request. `calls` are its calls: the round of each, from 1, and its name."""

    now: int = 0
    calls: list[tuple[int, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return the number of rounds."""
        return len(self.names)

    @property
    def names(self) -> list[set[str]]:
        """Return the names of the calls of each round."""
        last = max((number for number, _ in self.calls), default=0)
        return [{name for at, name in self.calls if at == number} for number in range(1, last + 1)]

    def call(self, name: str) -> None:
        """Make a call."""
        self.now += 1
        self.calls.append((self.now, name))

    def in_parallel[A, B](
        self, threads: int, call: Callable[[A], B], arguments: Iterable[A]
    ) -> list[B]:
        """Make calls one after the other, as if `threads` threads made them together."""
        free = [self.now] * threads
        results = []
        for argument in arguments:
            self.now = heapq.heappop(free)
            try:
                results.append(call(argument))
            finally:
                heapq.heappush(free, self.now)
                self.now = max(free)
        return results


class CountedAws(StubbedAws):
    """Answers the calls of clients from its items, and counts the rounds."""

    def __init__(self, table: str, *clients: Any) -> None:  # noqa: ANN401 - clients of any service
        super().__init__(table, *clients)
        self._rounds = Rounds()

    def answer(self, operation: str, text: str) -> str:
        self._rounds.call(operation)
        return super().answer(operation, text)

    def put(self, item: Mapping[str, Any]) -> None:
        """Store an item."""
        self.items[item["pk"]["S"], item["sk"]["S"]] = json.dumps(item)

    def put_account(self, settings: Settings) -> None:
        """Store the settings of ACCOUNT, and TOKEN with the roles of an administrator."""
        self.put(
            {
                **account_key(ACCOUNT, "SETTINGS"),
                "version": {"N": "1"},
                "document": {"S": write_settings(settings)},
            }
        )
        self.put(_token_item(TOKEN))

    def put_access_token(self) -> None:
        """Store ACCESS_TOKEN, which was issued for TOKEN."""
        expiry = {"N": str(int(time.time()) + 3600)}
        self.put(
            {**_token_item(ACCESS_TOKEN), "secret": {"S": hash_of(TOKEN)}, "expires_at": expiry}
        )

    def revoke_token(self) -> None:
        """Revoke TOKEN."""
        del self.items[f"T#{hash_of(TOKEN)}", "T"]

    @contextmanager
    def counting(self) -> Iterator[Rounds]:
        """Count the rounds inside the context."""
        self._rounds = rounds = Rounds()

        def in_parallel(
            calls: ParallelCalls, call: Callable[[Any], Any], arguments: Iterable[Any]
        ) -> list[Any]:
            return rounds.in_parallel(calls.threads, call, arguments)

        with self.answering(), patch.object(ParallelCalls, "__call__", in_parallel):
            yield rounds


def idle(*caches: Any) -> None:  # noqa: ANN401 - repositories with a cache
    """Let what the repositories have cached expire."""
    for each in caches:
        before = each.seconds
        each.seconds = lambda before=before: before() + _AFTER_EXPIRY


def _token_item(token: str) -> Tree:
    return {
        **token_key(hash_of(token)),
        "account": {"S": ACCOUNT},
        "client_id": {"S": "shop"},
        "roles": {"SS": ["admin", "orders:read", "orders:write"]},
    }
