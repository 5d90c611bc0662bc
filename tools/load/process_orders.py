"""The vendor's `process()` reads all orders of a project while other clients change them."""

import json
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, count
from threading import Event
from typing import Any

import urllib3

from orders.domain.identifiers import order_id_of, uuid_of
from tools.load.audit import Difference
from tools.load.lists import Shop
from tools.load.world import shop_of
from tools.local_stack.accounts import create_local_account
from tools.local_stack.settings import PROJECT
from tools.local_stack.stack import LocalStack

SCRIPT = PROJECT / "tests" / "e2e" / "sdk" / "process.mjs"
LIMIT = 500
# One in so many of the committed orders is renamed meanwhile, or deleted, or gets another status.
CHANGED_SHARE = 10
_BATCH = 1000
# The embedded AWS is one process, which the writers share with the reader.
_PAUSE_SECONDS = 0.1
_PATIENCE_SECONDS = 1800
_OK = 200

type Tree = dict[str, Any]
type Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Read:
    """The orders that the client got, by id, and the size of each page in characters of JSON."""

    orders: Sequence[int]
    page_counts: Sequence[int]
    page_sizes: Sequence[int]
    seconds: float = 0.0


@dataclass(slots=True)
class Meanwhile:
    """What other clients did while the orders were read. Deletions are noted before they begin."""

    imported: int = 0
    renamed: int = 0
    moved: int = 0
    deleted: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading of `committed` orders, and what happened meanwhile."""

    committed: int
    read: Read
    meanwhile: Meanwhile
    differences: Sequence[Difference]


def reading_differences(
    account: str, committed: Collection[int], deleted: Collection[int], read: Read
) -> Iterator[Difference]:
    """Return the committed orders that the client did not get, and those that it got twice.

    Deleted orders may be missing.
    """
    counts = Counter(read.orders)
    for number in sorted(set(committed) - set(deleted) - counts.keys()):
        yield Difference("not read", account, f"order id {number}", "it was committed before")
    for number, times in counts.items():
        if times > 1:
            yield Difference("read twice", account, f"order id {number}", f"{times} times")


def process_run(stack: LocalStack, account: str) -> "ProcessRun":
    """Return a run in a new account of a running stack."""
    created = create_local_account(stack, account)
    http = urllib3.PoolManager(maxsize=8, timeout=urllib3.Timeout(total=60), retries=False)
    return ProcessRun(stack.endpoint.base_url, shop_of(created), created.client_id, http)


@dataclass(frozen=True, slots=True)
class ProcessRun:
    """Imports orders into an account, and reads all of them while others change them."""

    base_url: str
    shop: Shop
    client_id: str
    http: urllib3.PoolManager

    def __call__(self, size: int) -> Measured:
        """Import `size` orders, then read them with `process()`."""
        return self.measured(size, self.read)

    def measured(self, size: int, read_all: Callable[[], Read]) -> Measured:
        """Import `size` orders, then read them while others change them."""
        committed = self.import_orders(size)
        meanwhile = Meanwhile()
        with self._changing(committed, meanwhile):
            read = read_all()
        found = reading_differences(self.shop.account, committed, meanwhile.deleted, read)
        return Measured(len(committed), read, meanwhile, list(found))

    def import_orders(self, size: int) -> list[int]:
        """Import orders; return their ids."""
        numbers: list[int] = []
        for batch in batched(range(size), _BATCH, strict=False):
            numbers += self._import([f"committed {number}" for number in batch])
        return numbers

    def read(self) -> Read:
        """Read all orders with the vendor's unmodified SDK."""
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError("node is missing: install Node.js 18 or later")
        began = time.monotonic()
        ended = subprocess.run(  # noqa: S603 - the script is part of the project
            [
                node,
                str(SCRIPT),
                self.base_url,
                self.shop.account,
                self.client_id,
                self.shop.token,
                str(LIMIT),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
        if ended.returncode:
            raise RuntimeError(f"process() failed: {ended.stderr[-2000:]}")
        tree = json.loads(ended.stdout)
        return Read(
            [order_id_of(self.shop.account, each["id"]) or 0 for each in tree["orders"]],
            [page["count"] for page in tree["pages"]],
            [page["size"] for page in tree["pages"]],
            time.monotonic() - began,
        )

    @contextmanager
    def _changing(self, committed: Sequence[int], meanwhile: Meanwhile) -> Iterator[None]:
        """Import, rename, delete and move orders until the context ends."""
        chosen = random.Random(len(committed)).sample(  # noqa: S311 - no secret
            committed, 3 * (len(committed) // CHANGED_SHARE)
        )
        renamed, deleted, moved = (iter(chosen[start::3]) for start in range(3))
        names = (f"meanwhile {number}" for number in count())

        def add() -> None:
            meanwhile.imported += len(self._import([next(names) for _ in range(3)]))

        def rename() -> None:
            number = next(renamed)
            path = f"{self._order_path(number)}/external-id"
            self._send("POST", path, {"externalOrderId": f"renamed {number}"})
            meanwhile.renamed += 1

        def delete() -> None:
            number = next(deleted)
            meanwhile.deleted.add(number)
            identity = uuid_of(self.shop.account, number)
            self._send("DELETE", f"/{self.shop.account}/orders/{identity}?version=1")

        def move() -> None:
            body = {"order": {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}}
            self._send("PUT", f"{self._order_path(next(moved))}/status", body)
            meanwhile.moved += 1

        is_over = Event()
        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(_repeat, step, is_over) for step in (add, rename, delete, move)]
            try:
                yield
            finally:
                is_over.set()
        for each in running:
            each.result()

    def _order_path(self, number: int) -> str:
        return f"/campaigns/{self.shop.campaign_id}/orders/{number}"

    def _import(self, names: Sequence[str]) -> list[int]:
        tree = {"result_details": True, "data": [_order(name) for name in names]}
        answer = self._send("POST", "/api/v1.1/market/orders/import", tree)
        return [each["order_id"] for each in answer["result"]]

    def _send(self, method: str, path: str, body: Tree | None = None) -> Tree:
        """Send a request of one of the three protocols, which has to succeed."""
        headers = {"Authorization": f"Bearer {self.shop.token}"}
        sent = None if body is None else json.dumps(body).encode()
        headers |= {} if sent is None else {"Content-Type": "application/json"}
        answer = self.http.request(method, self.base_url + path, body=sent, headers=headers)
        if answer.status != _OK:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:300]!r}")
        tree: Tree = json.loads(answer.data)
        return tree


def _repeat(step: Step, is_over: Event) -> None:
    while not is_over.wait(_PAUSE_SECONDS):
        try:
            step()
        except StopIteration:
            return


def _order(external_id: str) -> Tree:
    return {
        "external_id": external_id,
        "email": "shop@example.com",
        "endpoint": "website",
        "status": "new",
        "total_price": "20",
        "currency": "USD",
        "lines": [
            {"external_id": "1", "sku": "mug", "final_price_per_item": "10", "count": 2},
        ],
    }
