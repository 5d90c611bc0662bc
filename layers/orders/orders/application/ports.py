"""What the use cases need from the outside. Adapters and the tests' fakes keep these contracts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.clients import Client, ClientRecord, Token
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.settings import Rulebook, Settings, StoredSettings
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import Trigger


class Deadline(Protocol):
    """The time by which a request must be answered."""

    def remaining(self) -> float:
        """Return the seconds left, 0 or less when there is none."""


class Clock(Protocol):
    """The time of day."""

    def __call__(self) -> datetime:
        """Return the current time, aware, in UTC."""


class Pause(Protocol):
    """Waiting between attempts."""

    def __call__(self, attempt: int, deadline: Deadline) -> bool:
        """Wait after attempt number `attempt` (from 1); return False at once if time is up."""


class SentOrder(Protocol):
    """One order of a request, in whatever protocol it came."""

    @property
    def position(self) -> int:
        """Return its place in the request, from 0."""

    @property
    def external_id(self) -> str | None:
        """Return the id as sent, None if the order has no readable one."""

    @property
    def skip_trigger(self) -> bool:
        """Tell whether this order's change is to be kept from the consumers."""

    def submit(self, rules: Rulebook) -> Submission | Rejection:
        """Hold the order against the settings."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Orders by the id that was asked for; `unread` ids could not be read in time."""

    orders: Mapping[str, Order]
    unread: frozenset[str] = field(default_factory=frozenset)


class WriteOutcome(Enum):
    """What became of one conditional write."""

    COMMITTED = "committed"
    CONFLICT = "conflict"  # the stored version is not the one read: read again, decide again
    UNTRIED = "untried"  # nothing was written, but another try may succeed
    UNKNOWN = "unknown"  # a fault: it may or may not have been committed
    REFUSED = "refused"  # the store will not take it, however often it is tried
    TAKEN = "taken"  # the new external id belongs to another order


class OrderRepository(Protocol):
    """The order store. Every call is made for one account and sees no other's orders."""

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders consistently; an alias leads to its order. Missing ones are left out.

        Raises StorageRefusedError.
        """

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Try every write on its own; return what became of each, in their order.

        The writes must name different orders. One that fails never stops another. Raises
        StorageRefusedError before any order is written.
        """


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders by falling order id. `next_before` continues the list, None at its end."""

    orders: Sequence[StoredOrder]
    next_before: int | None = None


@dataclass(frozen=True, slots=True)
class OrderSlice:
    """`limit` orders after the first `offset` of them."""

    offset: int
    limit: int
    newest_first: bool = False


class OrderIndex(Protocol):
    """The order store by our own order ids. Every call sees one account's orders only.

    Every call may raise StorageUnavailableError and StorageRefusedError.
    """

    def find_by_order_id(
        self, account: str, order_id: int, deadline: Deadline
    ) -> StoredOrder | None:
        """Read an order consistently, with its aliases; None if there is none."""

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        """Return the `limit` newest orders with an id below `before` (None: the newest of all).

        Fewer may come back before the end, since ids can be without an order.
        """

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Sequence[StoredOrder]:
        """Return a part of the account's orders, by their ids.

        Fewer may come back, since ids can be without an order.
        """

    def count(self, account: str, limit: int, deadline: Deadline) -> int | None:
        """Return how many orders the account has, by their ids; None if more than `limit`."""


class OrderChanges(Protocol):
    """The order store for one change at a time: another external id, another state, deletion."""

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        """Write a change, all or nothing; say what became of it.

        TAKEN if the order's new external id belongs to another one, as its own or as an alias.
        """


class RequestCounter(Protocol):
    """Counts requests; its faults must never refuse one."""

    def count(
        self, account: str, campaign_id: int, window: datetime, deadline: Deadline
    ) -> int | None:
        """Count one more request of a window; return how many there were, None if unknown."""


class OrderIds(Protocol):
    """Numbers for new orders: unique in the account, from 1 to 2^53."""

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return `count` numbers never handed out before.

        Raises StorageUnavailableError and StorageRefusedError.
        """


class SettingsRepository(Protocol):
    """The accounts' settings."""

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        """Return the settings, up to 30 s old unless `fresh`.

        Raises StorageUnavailableError, and NotFoundError for an unknown account.
        """

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        """Store the settings if the stored version is `base_version`; tell whether it was.

        Raises SettingsTooLargeError, and StorageUnavailableError, after which they may be stored.
        """


class TokenRepository(Protocol):
    """API tokens, known only by their SHA-256 hash."""

    def client_of(self, token: str, deadline: Deadline) -> Client | None:
        """Return whose token it is, None if it is unknown, expired or revoked.

        Raises StorageUnavailableError.
        """


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What an access token lets its client do, until when, and the secret that it was got with."""

    client: Client
    secret: str
    expires_at: datetime


class AccessTokenRepository(Protocol):
    """Access tokens: short-lived, known only by their SHA-256 hash, worthless with their secret."""

    def add(self, token: str, grant: AccessGrant, deadline: Deadline) -> None:
        """Store a new access token. Raises StorageUnavailableError and StorageRefusedError."""


class AccountRepository(Protocol):
    """Accounts and their API clients, for the operator.

    Every call may raise StorageUnavailableError.
    """

    def create_account(self, account: str, settings: Settings, now: datetime) -> bool:
        """Create an account with its first settings; tell whether it was new."""

    def accounts(self) -> Sequence[str]:
        """Return the names of all accounts, sorted."""

    def create_client(self, client: Client, now: datetime) -> bool:
        """Create a client of an account; tell whether it was new.

        Raises NotFoundError for an unknown account.
        """

    def clients(self, account: str) -> Sequence[ClientRecord]:
        """Return the clients of an account, sorted.

        Raises NotFoundError for an unknown account.
        """

    def add_token(self, client: Client, token: str, now: datetime) -> Token:
        """Store a token's hash.

        Raises NotFoundError if the client does not exist or is revoked, and InvalidRequestError if
        it has too many tokens.
        """

    def revoke_token(self, client: Client, token_id: str, now: datetime) -> bool:
        """Make a token worthless; tell whether it was there and not revoked before."""

    def revoke_client(self, client: Client, now: datetime) -> bool:
        """Make a client and all of its tokens worthless; tell whether it was not so before."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A trigger that was not sent, with AWS's code of the reason.

    `is_poison` says that the bus will never take it, whoever sends it and when.
    """

    trigger: Trigger
    code: str
    is_poison: bool = False


class TriggerPublisher(Protocol):
    """The event bus."""

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        """Publish the triggers, each at least once; return those that could not be sent."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """One request of an account, as the receipts name it."""

    account: str
    request_id: str


class ReceiptRepository(Protocol):
    """What the requests say of the triggers that they committed: all were sent, but for these."""

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        """Leave a request's receipt, which names the ids of the triggers that it could not send.

        Raises StorageUnavailableError and StorageRefusedError.
        """

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        """Return the ids that the requests' receipts name; a request without one is left out.

        Raises StorageUnavailableError and StorageRefusedError.
        """


@dataclass(frozen=True, slots=True)
class Parked:
    """A trigger that cannot be published, put aside for the operator. `what` identifies it."""

    reason: str
    what: Mapping[str, object]


class TriggerParking(Protocol):
    """Where poison is put aside, so that it blocks nothing."""

    def park(self, parked: Sequence[Parked], deadline: Deadline) -> None:
        """Put them aside, all of them. Raises StorageUnavailableError and StorageRefusedError."""
