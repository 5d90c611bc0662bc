"""Rules for the ids of orders, accounts and clients, and the UUIDs that represent order ids."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

MAX_EXTERNAL_ID_CHARACTERS = 255
MAX_EXTERNAL_ID_BYTES = 512
EXTERNAL_ID_RULE = (
    f"1 to {MAX_EXTERNAL_ID_CHARACTERS} characters, at most {MAX_EXTERNAL_ID_BYTES} bytes of "
    "UTF-8, without control characters"
)
CLIENT_RULE = "2 to 36 lower-case letters, digits, '_' or '-', starting with a letter or a digit"
# These are first path segments of the API. A project key, which is an account name, is one too.
RESERVED_ACCOUNTS = frozenset(
    {"api", "campaigns", "v1", "v2", "oauth", "docs", "console", "hub", "openapi.json"}
)
ACCOUNT_RULE = f"{CLIENT_RULE}, and none of {', '.join(sorted(RESERVED_ACCOUNTS))}"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{1,35}")
_REQUEST_ID = re.compile(
    r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1(?:7[0-9a-f]{3})\1[89ab][0-9a-f]{3}\1[0-9a-f]{12}",
    re.ASCII | re.IGNORECASE,
)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = (datetime(9999, 1, 1, tzinfo=UTC) - _UNIX_EPOCH) // timedelta(milliseconds=1)


def is_external_id(text: str) -> bool:
    """Return whether `text` is a valid external id (EXTERNAL_ID_RULE). The text is not trimmed."""
    return (
        0 < len(text) <= MAX_EXTERNAL_ID_CHARACTERS
        and _CONTROL.search(text) is None
        and len(text.encode()) <= MAX_EXTERNAL_ID_BYTES
    )


UUID_CHARACTERS = 36
# The id of a new order in a preview. No stored order has it: its second was over long ago.
NO_ORDER_ID = 0
_UUID_VERSION_8 = 8 << 76
_UUID_VARIANT = 2 << 62


def uuid_of(account: str, order_id: int) -> str:
    """Return the UUID (version 8) that represents an order in protocols that use UUIDs.

    The last 62 bits are the order id, the first 48 bits are derived from the account. So the UUIDs
    of an account compare as the order ids do. An order that is created without an external id gets
    this UUID as its external id.
    """
    prefix = int.from_bytes(hashlib.sha256(account.encode()).digest()[:6])
    return str(UUID(int=prefix << 80 | _UUID_VERSION_8 | _UUID_VARIANT | order_id))


def order_id_of(account: str, text: str) -> int | None:
    """Return the order id of a UUID that `uuid_of` returned, None for any other text."""
    try:
        order_id = UUID(text).int & (_UUID_VARIANT - 1)
    except ValueError:
        return None
    return order_id if uuid_of(account, order_id) == text.lower() else None


def is_reserved_id(account: str, text: str) -> bool:
    """Tell whether `text` has the form of the account's generated ids, which no caller may choose.

    The generated ids can be predicted: if a caller took one, the order that it belongs to could
    not be stored.
    """
    return len(text) == UUID_CHARACTERS and order_id_of(account, text) is not None


def is_client_id(text: str) -> bool:
    """Return whether `text` is a valid client id (CLIENT_RULE)."""
    return _ACCOUNT.fullmatch(text) is not None


def is_account(text: str) -> bool:
    """Return whether `text` is a valid account name (ACCOUNT_RULE)."""
    return _ACCOUNT.fullmatch(text) is not None and text not in RESERVED_ACCOUNTS


def request_id_of(text: str) -> str | None:
    """Return a request id in its stored form, None if `text` is no UUID of version 7.

    It may be written with hyphens and in capital letters. Its year has at most four digits.
    """
    if _REQUEST_ID.fullmatch(text) is None:
        return None
    request_id = text.replace("-", "").lower()
    return None if _milliseconds_of(request_id) > _LAST_MILLISECOND else request_id


def time_of_request(request_id: str) -> datetime:
    """Return the time of a request id in its stored form, up to a millisecond."""
    return _UNIX_EPOCH + timedelta(milliseconds=_milliseconds_of(request_id))


def _milliseconds_of(request_id: str) -> int:
    """Return the first 48 bits of a UUID of version 7."""
    return int(request_id[:12], 16)
