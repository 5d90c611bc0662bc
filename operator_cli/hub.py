"""The port through which commands use a hub, with a token over HTTPS or with AWS credentials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

# The resources of the hub's API that commands use.
ORDERS = "/hub/v1/orders"
ORDER = "/hub/v1/orders/{order_id}"
HISTORY = "/hub/v1/orders/{order_id}/history"
REVIVAL = "/hub/v1/orders/{order_id}/revive"
LINE_STATUS = "/hub/v1/orders/{order_id}/lines/{line_id}/status"
CHANGES = "/hub/v1/changes"
RECONCILE = "/hub/v1/reconcile"
# The calls of Altcraft.
MARKET = "/api/v1.1/market"
IMPORT = f"{MARKET}/orders/import"
RESTORATION = "/hub/v1/orders/{order_id}/restore"
UNDO = "/hub/v1/undo"
JOBS = "/hub/v1/import_jobs"
JOB = "/hub/v1/import_jobs/{job_id}"
JOB_START = "/hub/v1/import_jobs/{job_id}/start"
JOB_FILES = "/hub/v1/import_jobs/{job_id}/files"
JOB_UNDO = "/hub/v1/import_jobs/{job_id}/undo"


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A request to the hub's API. `path` has the variables of the resource.

    With a `key`, an Idempotency-Key, its repetitions are answered as the first one.
    """

    method: str
    resource: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: bytes = b""
    key: str | None = None


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """An answer in JSON. `request_id` is the id under which its changes are found, if known."""

    status: int
    body: bytes
    request_id: str | None = None


class Hub(Protocol):
    """A hub and one account of it."""

    @property
    def name(self) -> str:
        """Return what tells this hub and account apart from others, without secrets."""

    @property
    def account(self) -> str | None:
        """Return the account, None if only the hub knows it."""

    def ask(self, request: HubRequest) -> HubAnswer:
        """Return the answer to a request, also if it is an error that the hub explains.

        Raises UnavailableError if the hub does not answer.
        """

    def ids_of_orders(
        self, created: Mapping[str, tuple[str, ...]]
    ) -> Iterator[tuple[int, str]] | None:
        """Yield the order ids and external ids of the orders created in these times.

        The times are those of the query of ORDERS. An order may not exist any more. The result is
        None if the hub returns only whole orders. Raises UnavailableError.
        """
