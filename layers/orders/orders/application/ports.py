"""The ports of the use cases. The adapters and the fakes of the tests implement them."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from orders.domain.catalogue_entries import CatalogueEntry, EntryWrite, ListedSku
from orders.domain.changes import OrderChange, StoredOrder
from orders.domain.clients import Client, ClientRecord, Token
from orders.domain.deletions import Deletion
from orders.domain.history import OrderKey, ReplacedVersion, VersionMark
from orders.domain.importing import Write
from orders.domain.known_products import EntryKind, EntryName, KnownEntry
from orders.domain.order import Order
from orders.domain.problems import Reported
from orders.domain.ranges import Range
from orders.domain.repeats import IdempotencyKey, KeptAnswer, RequestRecord
from orders.domain.settings import Rulebook, Settings, StoredSettings
from orders.domain.submissions import Rejection, Submission
from orders.domain.triggers import Trigger


class Deadline(Protocol):
    """The time by which a request must be answered."""

    def remaining(self) -> float:
        """Return the seconds left, 0 or less if the deadline has passed."""


class Clock(Protocol):
    """The time of day."""

    def __call__(self) -> datetime:
        """Return the current time, aware, in UTC."""


class Pause(Protocol):
    """Waits between two attempts."""

    def __call__(self, attempt: int, deadline: Deadline) -> bool:
        """Wait after attempt number `attempt` (from 1). Return False if there is no time left."""


class Together(Protocol):
    """Makes several calls that do not need each other's results."""

    def __call__(self, calls: Sequence[Callable[[], object]]) -> None:
        """Make the calls. All end before this one. Raises the error of the first that failed."""


class SentOrder(Protocol):
    """One order of a request, sent in any protocol."""

    @property
    def position(self) -> int:
        """Return the index of the order in the request, from 0."""

    @property
    def external_id(self) -> str | None:
        """Return the external id as sent, None if it cannot be read."""

    @property
    def skip_trigger(self) -> bool:
        """Return whether the caller skips the trigger of this order."""

    @property
    def product_names(self) -> Iterable[EntryName]:
        """Return the names of the products and SKUs of the order, as far as it can be read."""

    def submit(self, rules: Rulebook, before: Reported) -> Submission | Rejection:
        """Check the order against the settings.

        `before` is what the orders before it report: that of one request is limited.
        """


@dataclass(frozen=True, slots=True)
class Lookup:
    """The found orders by the requested id. `unread` ids could not be read in time.

    `hidden` are softly deleted orders, of which only imports and their revival may know.
    """

    orders: Mapping[str, Order]
    unread: frozenset[str] = field(default_factory=frozenset)
    hidden: Mapping[str, StoredOrder] = field(default_factory=dict)


class WriteOutcome(Enum):
    """The outcome of one conditional write."""

    COMMITTED = "committed"
    CONFLICT = "conflict"  # another request changed the order: read it again
    UNTRIED = "untried"  # nothing was written; a retry may succeed
    UNKNOWN = "unknown"  # the answer was lost; it may or may not be committed
    REFUSED = "refused"  # permanently rejected; a retry cannot succeed
    TAKEN = "taken"  # another order has the new external id


class OrderRepository(Protocol):
    """The order store, by external id. Each call sees only the orders of its account."""

    def find_by_external_ids(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Lookup:
        """Read orders consistently, by external id or alias. Unknown ids are left out.

        Raises StorageRefusedError.
        """

    def save(
        self, account: str, writes: Sequence[Write], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Try each write on its own. Return the outcomes in the order of the writes.

        The writes must be for different orders. A failed write never prevents another. If
        StorageRefusedError is raised, no order was written. The order id of a new order may be used
        for another write only if the outcome was UNTRIED.
        """

    def find_deleted(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> frozenset[int]:
        """Return the ids of orders that existed and were permanently deleted in the last two days.

        Raises StorageUnavailableError and StorageRefusedError.
        """


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """Settings to store if the stored version is still `base_version`."""

    settings: Settings
    base_version: int


@dataclass(frozen=True, slots=True)
class JointWrite:
    """What is written together. `unchanged` are orders that must still be as they were read."""

    writes: Sequence[Write]
    unchanged: Sequence[Order] = ()
    settings: SettingsChange | None = None


class OrderTransactions(Protocol):
    """The order store, for orders that are written together."""

    def save_together(self, account: str, joint: JointWrite, deadline: Deadline) -> WriteOutcome:
        """Write all orders and the settings, or nothing. Return the outcome of all.

        The orders must be different. The outcome is CONFLICT if another request changed one of them
        or the settings, and UNTRIED or UNKNOWN only if the time is over. Raises
        TransactionTooLargeError, SettingsTooLargeError and StorageRefusedError: then nothing was
        written. The order id of a new order must not be used again.
        """

    def expect_room(self, account: str, joint: JointWrite) -> None:
        """Raise TransactionTooLargeError or SettingsTooLargeError as a write does."""


ALL_IDS: Range[int] = Range()


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders with falling ids. `next_before` gets the next page; it is None on the last page."""

    orders: Sequence[StoredOrder]
    next_before: int | None = None


@dataclass(frozen=True, slots=True)
class OrderSlice:
    """A request for `limit` orders after the first `offset` orders, by order id.

    Only orders with an id in `ids` count, and none with an id in `but_for`.
    """

    offset: int
    limit: int
    newest_first: bool = False
    ids: Range[int] = ALL_IDS
    but_for: Container[int] = ()


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """The entry of an order in the index by id.

    `moved_in` is the version in which the external id last changed, if it ever did.
    """

    order_id: int
    external_id: str
    aliases: tuple[str, ...] = ()
    moved_in: int | None = None


class OrderIndex(Protocol):
    """The order store, by order id. Each call sees only the orders of its account.

    Only `find_hidden` and `find_hidden_among` see softly deleted orders. Every call may raise
    StorageUnavailableError and StorageRefusedError.
    """

    def find_by_order_id(
        self, account: str, order_id: int, deadline: Deadline
    ) -> StoredOrder | None:
        """Read an order consistently, with its aliases. Return None if it does not exist."""

    def find_hidden(self, account: str, order_id: int, deadline: Deadline) -> StoredOrder | None:
        """Read a softly deleted order consistently, with its aliases. Else return None."""

    def find_hidden_among(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read softly deleted orders consistently, with their aliases. Others are left out."""

    def find_by_order_ids(
        self, account: str, order_ids: Collection[int], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read orders consistently, with their aliases. Unknown ids are left out."""

    def list_orders(
        self, account: str, before: int | None, limit: int, deadline: Deadline
    ) -> OrderPage:
        """Return the `limit` newest orders with an id below `before`, or of all if it is None.

        Every page but the last has `limit` orders.
        """

    def slice(self, account: str, wanted: OrderSlice, deadline: Deadline) -> Iterator[StoredOrder]:
        """Yield the wanted part of the account's orders, sorted by order id.

        It has fewer orders only at the end of the range. The offset also counts index entries
        without an order: those of writes that are not finished, or that were interrupted less than
        two minutes ago. Orders are read some at a time, so a caller that drops each of them holds
        only a few.
        """

    def entries(
        self, account: str, ids: Range[int], deadline: Deadline, *, newest_first: bool
    ) -> Iterator[IndexEntry]:
        """Yield the entries of these ids, sorted by order id. They are read some at a time.

        The order of an entry may not exist, if its write is not finished or was interrupted.
        """

    def read(
        self, account: str, entries: Sequence[IndexEntry], deadline: Deadline
    ) -> Sequence[StoredOrder]:
        """Read the orders of entries consistently. Those that do not exist are left out."""

    def count(
        self,
        account: str,
        limit: int,
        deadline: Deadline,
        ids: Range[int] = ALL_IDS,
        *,
        consistent: bool = True,
    ) -> int | None:
        """Return the number of the account's index entries, None if it is more than `limit`.

        Softly deleted orders have none. It is that of the orders, unless writes are not finished or
        were interrupted. A count that is not consistent may lack the writes of the last seconds, at
        half the read units.
        """


@dataclass(frozen=True, slots=True, order=True)
class ChangePosition:
    """The position of an order among changes: by the time of its last change, then by its id."""

    changed_at: datetime
    order_id: int


@dataclass(frozen=True, slots=True)
class ChangeRange:
    """The changes from `start` to `end`, both inclusive. None is no bound.

    `after` is the position of the last change that was read; a page begins behind it, in the
    direction of reading.
    """

    start: datetime | None = None
    end: datetime | None = None
    newest_first: bool = False
    after: ChangePosition | None = None


@dataclass(frozen=True, slots=True)
class CountedChanges:
    """The changes in a range, of orders with an id in `ids`, counted up to `limit`."""

    wanted: ChangeRange
    limit: int
    ids: Range[int] = ALL_IDS


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of an order that exists in its second version or a later one, or was deleted.

    `stored` is the present version, read consistently; None if the order was deleted, also softly.
    """

    at: ChangePosition
    version: int
    external_id: str
    stored: StoredOrder | None


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """The entry of an order, or of a deleted one, in the index by change."""

    at: ChangePosition
    external_id: str | None


class ChangeIndex(Protocol):
    """The order store, by time of change. Each call sees only the orders of its account.

    An order in its first version has no entry. Each order is listed once, at its last change.
    Every call may raise StorageUnavailableError and StorageRefusedError.
    """

    def entries(
        self, account: str, wanted: ChangeRange, deadline: Deadline
    ) -> Iterator[ChangeEntry]:
        """Yield the entries of the range. They are read some at a time."""

    def read(
        self, account: str, entries: Sequence[ChangeEntry], deadline: Deadline
    ) -> Sequence[Change]:
        """Read the changes of entries consistently.

        Those of orders that changed after the entry was read are left out.
        """

    def count(self, account: str, counted: CountedChanges, deadline: Deadline) -> int | None:
        """Return the number of orders, without deleted ones. Return None if it is above the limit.

        It is None too if more than twice as many entries as the limit had to be read for it,
        because of deleted orders or of other ids. It may differ from the number of listed changes
        by orders that change at the same time.
        """


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells one content of an order from another, without the document.

    `update_time` is the newest one that the shop ever sent.
    """

    external_id: str
    order_id: int
    version: int
    digest: str
    update_time: datetime | None = None


class Fingerprints(Protocol):
    """The order store, for comparisons. Each call sees only the orders of its account."""

    def find(
        self, account: str, external_ids: Collection[str], deadline: Deadline
    ) -> Mapping[str, Fingerprint]:
        """Read consistently, by external id or alias. Unknown ids are left out.

        Raises StorageUnavailableError and StorageRefusedError.
        """


class OrderChanges(Protocol):
    """The order store for a change of one order: a new external id or state, or a deletion."""

    def save(self, change: OrderChange, deadline: Deadline) -> WriteOutcome:
        """Write a change completely or not at all. Return the outcome.

        The outcome is TAKEN if the new external id is the id or an alias of another order.
        """

    def save_all(
        self, changes: Sequence[OrderChange], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Write changes of different orders, each on its own. Return the outcomes in this order."""

    def is_taken(self, change: OrderChange, deadline: Deadline) -> bool:
        """Return whether another order has the new external id of a change, without a write.

        Raises StorageUnavailableError and StorageRefusedError.
        """

    def find_removed(self, account: str, order_id: int, deadline: Deadline) -> Order | None:
        """Return the version that a permanent deletion of the last two days counts as.

        Raises StorageUnavailableError and StorageRefusedError.
        """


class RequestCounter(Protocol):
    """Counts requests. A failure must never reject a request."""

    def count(
        self, account: str, campaign_id: int, window: datetime, deadline: Deadline
    ) -> int | None:
        """Count one more request in a window. Return the new number, None if it is unknown."""


class OrderIds(Protocol):
    """Ids for new orders: unique in the account, below 2^53, rising with the time of creation."""

    def take(self, account: str, count: int, deadline: Deadline) -> Sequence[int]:
        """Return `count` order ids that were never returned before.

        They are for this request alone. Raises StorageUnavailableError and StorageRefusedError.
        """

    def is_ready(self, account: str) -> bool:
        """Return whether some ids can be taken without a call to the store."""

    def prepare(self, account: str, deadline: Deadline) -> None:
        """Make the ids of the account ready, without taking any. Raises what `take` raises."""


class OrderLanes(Protocol):
    """The lanes of each account and window (see orders.domain.order_numbers).

    Every call may raise StorageUnavailableError and StorageRefusedError. A call whose answer is
    lost uses up what it would have returned.
    """

    def open(self, account: str, window: int, deadline: Deadline) -> int:
        """Return the number of the window's next lane, from 0. No other call returns it."""

    def share(
        self, account: str, window: int, room: range, count: int, deadline: Deadline
    ) -> range | None:
        """Return the next `count` places of the window's shared lane that lie in `room`.

        No other call returns them. Return None if `room` has fewer places left.
        """


class SettingsRepository(Protocol):
    """The accounts' settings."""

    def load(self, account: str, deadline: Deadline, *, fresh: bool = False) -> StoredSettings:
        """Return the settings. Unless `fresh` is true, they may be up to 30 seconds old.

        Raises StorageUnavailableError, and NotFoundError for an unknown account.
        """

    def knows(self, account: str) -> bool:
        """Return whether `load` returns the settings without reading them."""

    def created_at(self, account: str, deadline: Deadline) -> datetime:
        """Return the time at which the account was created.

        Raises StorageUnavailableError, and NotFoundError for an unknown account.
        """

    def save(self, account: str, settings: Settings, base_version: int, deadline: Deadline) -> bool:
        """Store the settings. Return False if the stored version is not `base_version`.

        Raises SettingsTooLargeError and StorageUnavailableError. After the latter, the settings may
        or may not be stored.
        """

    def expect_room(self, settings: Settings) -> None:
        """Raise SettingsTooLargeError if `save` would, without a write."""


class KnownEntries(Protocol):
    """What is known of the entries of the catalogue."""

    def find(
        self, account: str, names: Collection[EntryName], deadline: Deadline
    ) -> Mapping[EntryName, KnownEntry]:
        """Read consistently what is known of entries. Names without an entry are left out.

        An entry under another name is one whose number is that of the wanted name. Raises
        StorageUnavailableError and StorageRefusedError.
        """


class CatalogueRepository(KnownEntries, Protocol):
    """The catalogue of products, SKUs and categories. Each call sees those of its account only.

    Every call may raise StorageUnavailableError and StorageRefusedError.
    """

    def find_numbers(
        self, account: str, kind: EntryKind, numbers: Collection[int], deadline: Deadline
    ) -> Sequence[KnownEntry]:
        """Read consistently what is known of entries with these numbers."""

    def save(
        self, account: str, writes: Sequence[EntryWrite], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Try each write on its own. Return the outcomes in the order of the writes.

        The writes must be for different entries. If StorageRefusedError is raised, no entry was
        written.
        """

    def remove(
        self, account: str, entries: Sequence[KnownEntry], deadline: Deadline
    ) -> Sequence[WriteOutcome]:
        """Try to remove entries. The outcome is CONFLICT for one that does not exist.

        Others beside such a one may be UNTRIED. If StorageRefusedError is raised, no entry was
        removed.
        """

    def page(
        self, account: str, kind: EntryKind, after: int, limit: int, deadline: Deadline
    ) -> Sequence[CatalogueEntry]:
        """Read the first entries with a number above `after`, sorted by number, at most `limit`.

        They may also be fewer if they are large, but are none at the end of the list only.
        """

    def skus_of(
        self, account: str, products: Sequence[CatalogueEntry], limit: int, deadline: Deadline
    ) -> Mapping[EntryName, Sequence[ListedSku]]:
        """Read the SKUs of products, which must be those of a page, by the names of the products.

        If they have more than `limit` SKUs, the last products are left out, but never the first
        one: of that one, at most `limit` SKUs are returned.
        """


class TokenRepository(Protocol):
    """API tokens. Only their SHA-256 hashes are stored."""

    def client_of(self, token: str, deadline: Deadline) -> Client | None:
        """Return the client that owns the token, None if it is unknown, expired or revoked.

        Raises StorageUnavailableError.
        """

    def presumed(self, token: str) -> Client | None:
        """Return the client that owned the token when it was last read, if that is too long ago.

        `client_of` must be asked again before anything is written or answered for this client.
        Return None if `client_of` answers without reading, or if the token is not remembered.
        """


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """The rights of an access token, its expiry time, and the secret that it was issued for."""

    client: Client
    secret: str
    expires_at: datetime


class AccessTokenRepository(Protocol):
    """Access tokens. Only their hashes are stored. Revoking a secret revokes its access tokens."""

    def reserve(self, client: Client, window: datetime, limit: int, deadline: Deadline) -> bool:
        """Count one more access token of a client in a window. Return False at the limit.

        Never more than `limit` calls of a client and a window return True. Raises
        StorageUnavailableError and StorageRefusedError.
        """

    def add(self, token: str, grant: AccessGrant, deadline: Deadline) -> None:
        """Store a new access token. Raises StorageUnavailableError and StorageRefusedError."""


class AccountRepository(Protocol):
    """Accounts and their API clients, for the operator.

    Every call may raise StorageUnavailableError.
    """

    def create_account(self, account: str, settings: Settings, now: datetime) -> bool:
        """Create an account with its settings. Return False if it already exists."""

    def accounts(self) -> Sequence[str]:
        """Return the names of all accounts, sorted."""

    def create_client(self, client: Client, now: datetime) -> bool:
        """Create a client of an account. Return False if it already exists or existed.

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
        """Revoke a token. Return False if it does not exist or is already revoked."""

    def revoke_client(self, client: Client, now: datetime) -> bool:
        """Revoke a client and all of its tokens. Return False if it is already revoked."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A trigger that was not sent, with the error code of AWS.

    If `is_poison` is true, the bus will never accept the trigger.
    """

    trigger: Trigger
    code: str
    is_poison: bool = False


class TriggerPublisher(Protocol):
    """The event bus."""

    def publish(self, triggers: Sequence[Trigger], deadline: Deadline) -> Sequence[Unsent]:
        """Publish each trigger at least once. Return those that could not be sent."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of a request in the receipts."""

    account: str
    request_id: str


class ReceiptRepository(Protocol):
    """Receipts: each names the triggers of a request that were not sent. All others were sent."""

    def leave(self, request: RequestKey, unsent: Collection[str], deadline: Deadline) -> None:
        """Store the receipt of a request, with the ids of the triggers that were not sent.

        Raises StorageUnavailableError and StorageRefusedError.
        """

    def find(
        self, requests: Collection[RequestKey], deadline: Deadline
    ) -> Mapping[RequestKey, frozenset[str]]:
        """Return the trigger ids in the receipts. Requests without a receipt are left out.

        Raises StorageUnavailableError and StorageRefusedError.
        """


class ReceiptWithdrawal(Protocol):
    """The receipts, for a request that is carried out again."""

    def withdraw(self, request: RequestKey, deadline: Deadline) -> None:
        """Remove the receipt of a request, and let it never have one again.

        Raises StorageUnavailableError and StorageRefusedError.
        """


class RequestRecords(Protocol):
    """The records of requests with a key.

    Every call may raise StorageUnavailableError and StorageRefusedError. `attempt` must be the last
    one of the record: otherwise nothing is written, and StorageUnavailableError is raised.
    """

    def claim(
        self,
        key: IdempotencyKey,
        new: RequestRecord,
        now: datetime,
        expires_at: datetime,
        deadline: Deadline,
    ) -> RequestRecord | None:
        """Store a new record if the key has none. Else return the record that it has.

        An expired record counts as none.
        """

    def find(self, key: IdempotencyKey, now: datetime, deadline: Deadline) -> RequestRecord | None:
        """Read a record consistently. Return None if there is none, or if it has expired."""

    def take_over(
        self,
        key: IdempotencyKey,
        before: str,
        attempt: str,
        ends_at: datetime,
        deadline: Deadline,
    ) -> bool:
        """Begin a new attempt. Return False if the last one is not `before`, or has an answer."""

    def note(
        self, key: IdempotencyKey, attempt: str, order_ids: Sequence[int], deadline: Deadline
    ) -> None:
        """Store the noted order ids of all runs."""

    def keep(
        self, key: IdempotencyKey, attempt: str, answer: KeptAnswer, deadline: Deadline
    ) -> None:
        """Store the answer."""

    def release(self, key: IdempotencyKey, attempt: str, deadline: Deadline) -> None:
        """Store that the attempt has ended."""

    def forget(self, key: IdempotencyKey, attempt: str, deadline: Deadline) -> None:
        """Let the record expire at once, so that any request may use the key."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that cannot be processed, kept for the operator. `what` identifies it."""

    reason: str
    what: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stream record that cannot be read."""

    sequence_number: str
    parked: Parked


class Parking(Protocol):
    """A queue for what cannot be processed, so that it does not block other records."""

    def park(self, parked: Sequence[Parked], deadline: Deadline) -> None:
        """Store them all. Raises StorageUnavailableError and StorageRefusedError."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Replaced versions, the newest first. `next_before` gets the next page, None on the last."""

    versions: Sequence[ReplacedVersion]
    next_before: int | None = None


# A version of an order.
type VersionKey = tuple[OrderKey, int]


class HistoryRepository(Protocol):
    """The replaced versions of orders.

    Every call may raise StorageUnavailableError and StorageRefusedError.
    """

    def keep(self, versions: Sequence[tuple[ReplacedVersion, int]], deadline: Deadline) -> None:
        """Store versions, each for a number of days. It is safe to repeat the call."""

    def find(
        self, order: OrderKey, before: int | None, limit: int, deadline: Deadline
    ) -> HistoryPage:
        """Return the newest versions, at most `limit`, below the version `before` if it is given.

        A page may have fewer versions, because large versions are read in smaller pages.
        """

    def find_below(
        self, versions: Sequence[VersionKey], limit: int, deadline: Deadline
    ) -> Sequence[HistoryPage]:
        """Return for each version the page that `find` returns below it, all read together."""

    def deletion_of(self, order: OrderKey, deadline: Deadline) -> Deletion | None:
        """Return the deletion of an order that was deleted permanently in the last 90 days."""

    def deleted_among(self, orders: Collection[OrderKey], deadline: Deadline) -> set[OrderKey]:
        """Return those of the orders that were deleted permanently in the last 90 days."""

    def deletions_among(
        self, orders: Collection[OrderKey], deadline: Deadline
    ) -> Mapping[OrderKey, Deletion]:
        """Return the deletions of those that were deleted permanently in the last 90 days."""

    def marks_of(
        self, orders: Collection[OrderKey], deadline: Deadline
    ) -> Mapping[OrderKey, Sequence[VersionMark]]:
        """Return the marks of all kept versions of the orders, sorted by version.

        An order without kept versions has none.
        """

    def find_versions(
        self, versions: Collection[VersionKey], deadline: Deadline
    ) -> Mapping[VersionKey, ReplacedVersion]:
        """Return these versions. Those that are not kept are left out."""

    def erase(self, orders: Collection[OrderKey], deadline: Deadline) -> None:
        """Remove all versions of the orders. It is safe to repeat the call."""
