"""The key layout of the single table. It cannot change once orders are stored.

| item | pk | sk |
|---|---|---|
| order, or alias of one | `A#{account}#O#{external_id}` | `O` |
| tombstone of a deleted order | `A#{account}#D#{order id}` | `D` |
| index of an order | `A#{account}#I#{shard}` | order id, 16 digits |
| entry of a softly deleted order | `A#{account}#S#{order id}` | `S` |
| marker of a deleted order | `A#{account}#X#{order id}` | `X` |
| replaced version of an order | `A#{account}#H#{order id}` | version, 16 digits |
| account, settings | `A#{account}` | `ACCOUNT`, `SETTINGS` |
| lanes of order ids in ten minutes | `A#{account}#L#{window}` | `L` |
| requests of a campaign in an hour | `A#{account}#R#{campaign}` | the hour |
| product, SKU or category | `A#{account}#P#{kind}#{shard}` | its number, 16 digits |
| link from a product to its SKU | `A#{account}#P#link#{shard}` | the number of each, 16 digits |
| receipt of a request | `A#{account}#Q#{request}` | `Q` |
| request with an idempotency key | `A#{account}#K#{client}#{sha256 of the key}` | `K` |
| part of its answer | `A#{account}#K#{client}#{sha256 of the key}#{attempt}` | part, 4 digits |
| import job | `A#{account}#J` | job id |
| summary of a chunk of its file | `A#{account}#J#{job id}` | run, 4 digits, `#`, chunk, 7 digits |
| client, token of a client | `C#{account}` | `CLIENT#{client}`, `TOKEN#{client}#{token}` |
| token by its hash | `T#{sha256}` | `T` |
| access tokens issued to a client in an hour | `N#{account}#{client}` | the hour |
| list of accounts | `ACCOUNTS` | account |

Account names and client ids contain no `#`, and an external id is the last part of its key. So all
keys are unique.

The secondary index `changes` contains only changed orders and the markers of deleted ones:

| index | partition key | sort key |
|---|---|---|
| `changes` | `changed_shard`: `A#{account}#C#{shard}` | `changed_at`: time and order id |

The roles of the functions are limited by the beginning of the partition key: a function that writes
orders (`A`) can write neither clients (`C`) nor tokens (`T`).
"""

from datetime import UTC, datetime
from hashlib import blake2b
from zlib import crc32

from orders.domain.known_products import NUMBER_BITS

type AttributeValue = dict[str, str]
type Key = dict[str, AttributeValue]

# The index writes of an account are spread over the shards (1,000 write units/s for each shard).
# Listing orders reads all shards.
INDEX_SHARDS = 16
_HIGHEST_ID = 2**53
# The shards of the catalogue are parts of its numbers: a list reads one after the other.
CATALOGUE_SHARDS = 16
# The shards of the index `changes`. A secondary index has the same limit for each partition key.
CHANGE_SHARDS = 16
CHANGE_INDEX = "changes"


def key(pk: str, sk: str) -> Key:
    """Return a primary key in the format of DynamoDB."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def order_key(account: str, external_id: str) -> Key:
    """Return the key of the order, or of the alias, with this external id."""
    return key(f"A#{account}#O#{external_id}", "O")


def tombstone_key(account: str, order_id: int) -> Key:
    """Return the key of the tombstone of a deleted order."""
    return key(f"A#{account}#D#{order_id}", "D")


def external_id_of(pk: str) -> str:
    """Return the external id from the partition key of an order."""
    return pk.split("#", 3)[3]


def account_of_order(pk: str) -> str:
    """Return the account from the partition key of an order or of a tombstone.

    Raises ValueError for another key.
    """
    kind, account, part, _ = pk.split("#", 3)
    if kind != "A" or part not in {"O", "D"}:
        raise ValueError("the key is not the key of an order")
    return account


def receipt_key(account: str, request_id: str) -> Key:
    """Return the key of the receipt of a request."""
    return key(f"A#{account}#Q#{request_id}", "Q")


def repeat_key(account: str, client_id: str, key_hash: str) -> Key:
    """Return the key of a request's record by the hash of its idempotency key."""
    return key(f"A#{account}#K#{client_id}#{key_hash}", "K")


def answer_part_key(record: Key, attempt: str, part: int) -> Key:
    """Return the key of a part of the answer in a request's record."""
    return key(f"{record['pk']['S']}#{attempt}", f"{part:04}")


def jobs_partition(account: str) -> str:
    """Return the partition key of the import jobs of an account."""
    return f"A#{account}#J"


def job_key(account: str, job_id: str) -> Key:
    """Return the key of an import job. The keys sort like the times of the jobs' creation."""
    return key(jobs_partition(account), job_id)


def summaries_partition(account: str, job_id: str) -> str:
    """Return the partition key of the summaries of an import job's chunks."""
    return f"{jobs_partition(account)}#{job_id}"


def run_prefix(run: int) -> str:
    """Return the beginning of the sort keys of all summaries of a run."""
    return f"{run:04}#"


def summary_key(account: str, job_id: str, run: int, chunk: int) -> Key:
    """Return the key of the summary of a chunk. The keys sort like the chunks of a run."""
    return key(summaries_partition(account, job_id), f"{run_prefix(run)}{chunk:07}")


def index_key(account: str, order_id: int) -> Key:
    """Return the key of the index item, which maps an order id to the external id."""
    sort_key = index_sort_key(order_id)
    # A hash of all digits, because many ids have the same remainder: each lane starts every second
    # with the same last bits.
    shard = blake2b(sort_key.encode(), digest_size=1).digest()[0] % INDEX_SHARDS
    return key(_index_shard(account, shard), sort_key)


def index_shards(account: str) -> list[str]:
    """Return the partition keys of all index items of an account."""
    return [_index_shard(account, shard) for shard in range(INDEX_SHARDS)]


def _index_shard(account: str, shard: int) -> str:
    return f"A#{account}#I#{shard}"


def index_sort_key(order_id: int) -> str:
    """Return the sort key of an index item. The keys sort like the order ids."""
    return f"{order_id:016}"


def hidden_key(account: str, order_id: int) -> Key:
    """Return the key of the entry that a softly deleted order has instead of its index item."""
    return key(f"A#{account}#S#{order_id}", "S")


def lanes_key(account: str, window: int) -> Key:
    """Return the key of the lanes of order ids of one window."""
    return key(f"A#{account}#L#{window}", "L")


def requests_key(account: str, campaign_id: int, window: datetime) -> Key:
    """Return the key of the request counter of a campaign in one window."""
    return key(f"A#{account}#R#{campaign_id}", window.isoformat())


def account_key(account: str, part: str) -> Key:
    """Return the key of an item of the account itself, such as its settings."""
    return key(f"A#{account}", part)


def clients_partition(account: str) -> str:
    """Return the partition key of an account's API clients and their listed tokens."""
    return f"C#{account}"


def client_key(account: str, client_id: str) -> Key:
    """Return the key of an API client."""
    return key(clients_partition(account), f"CLIENT#{client_id}")


def token_key(token_hash: str) -> Key:
    """Return the key of a token by its SHA-256 hash."""
    return key(f"T#{token_hash}", "T")


def listed_token_key(account: str, client_id: str, token_id: str) -> Key:
    """Return the key under which a client's token can be listed."""
    return key(clients_partition(account), f"TOKEN#{client_id}#{token_id}")


def issued_tokens_key(account: str, client_id: str, window: datetime) -> Key:
    """Return the key of the counter of a client's access tokens in one window."""
    return key(f"N#{account}#{client_id}", window.isoformat())


def marker_key(account: str, order_id: int) -> Key:
    """Return the key of the marker that a deleted order leaves."""
    return key(f"A#{account}#X#{order_id}", "X")


def history_partition(account: str, order_id: int) -> str:
    """Return the partition key of the replaced versions of an order."""
    return f"A#{account}#H#{order_id}"


def history_key(account: str, order_id: int, version: int) -> Key:
    """Return the key of a replaced version of an order. The keys sort like the versions."""
    return key(history_partition(account, order_id), f"{version:016}")


def entry_key(account: str, kind: str, number: int) -> Key:
    """Return the key of an entry of the catalogue."""
    shard = catalogue_shard(number)
    return key(catalogue_partition(account, kind, shard), catalogue_sort_key(number))


def link_key(account: str, product: int, sku: int) -> Key:
    """Return the key of the link from a product to its SKU. The keys sort like the products."""
    partition = catalogue_partition(account, "link", catalogue_shard(product))
    return key(partition, f"{catalogue_sort_key(product)}#{catalogue_sort_key(sku)}")


def catalogue_partition(account: str, kind: str, shard: int) -> str:
    """Return the partition key of a shard of the catalogue."""
    return f"A#{account}#P#{kind}#{shard:02}"


def catalogue_shard(number: int) -> int:
    """Return the shard of an entry. The shards sort like the numbers."""
    return number * CATALOGUE_SHARDS >> NUMBER_BITS


def catalogue_sort_key(number: int) -> str:
    """Return the sort key of an entry. The keys sort like the numbers."""
    return f"{number:016}"


def change_key(account: str, order_id: int, changed_at: datetime) -> Key:
    """Return the key of a changed or deleted order in the index `changes`."""
    return {
        "changed_shard": {"S": change_shards(account)[_shard_of(order_id)]},
        "changed_at": {"S": change_sort_key(changed_at, order_id)},
    }


def change_shards(account: str) -> list[str]:
    """Return the partition keys of an account in the index `changes`."""
    return [f"A#{account}#C#{shard:02}" for shard in range(CHANGE_SHARDS)]


def change_sort_key(moment: datetime, order_id: int) -> str:
    """Return a sort key of the index `changes`. The keys sort by time, then by order id.

    The time is that of UTC without its offset: a count reads thousands of these keys.
    """
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}#{order_id:016}"


def change_bounds(start: datetime | None, end: datetime | None) -> tuple[str, str]:
    """Return the lowest and the highest sort key from `start` to `end`, both inclusive."""
    lowest = start or datetime.min.replace(tzinfo=UTC)
    highest = end or datetime.max.replace(tzinfo=UTC)
    return change_sort_key(lowest, 0), change_sort_key(highest, _HIGHEST_ID)


def read_change(sort_key: str) -> tuple[datetime, int]:
    """Return the time and the order id of a sort key of the index `changes`."""
    moment, order_id = sort_key.split("#")
    return datetime.fromisoformat(moment).replace(tzinfo=UTC), int(order_id)


def _shard_of(order_id: int) -> int:
    """Return a shard by a hash of all digits: the remainder alone would be the same for many."""
    return crc32(str(order_id).encode()) % CHANGE_SHARDS
