"""The errors that a use case or a port may raise, as one tree.

OrdersError
    StorageError                    the store failed; the request may be valid
        StorageUnavailableError     no answer in time; sending the request again may succeed
        StorageRefusedError         permanently rejected; a fault of the stack or of the code
    AccessError                     the caller is not permitted to do this
        UnauthenticatedError        the token or secret is missing, unknown or revoked
        ForbiddenError              the client does not have the role
        ScopeRefusedError           a scope is unknown, or the client may not have it
        TooManyTokensError          the client has received all access tokens of this hour
    SettingsError                   the new settings are not valid; nothing was written
        DefinitionsRefusedError     they contradict definitions that stored orders may use
        DefinitionsInUseError       definitions to remove are used by recent orders
        SettingsTooLargeError       they are too large to be stored
    UnknownMembersRefusedError      the request has members that the account's policy rejects
    TransactionTooLargeError        orders that are written together are too many or too large
    UnknownLineStatusError          a line cannot have the wanted status
    IdempotencyError                the key of a request does not permit to carry it out
        KeyReusedError              the key belongs to another request
        KeyInUseError               a run of the same request has not ended
    ChangesExpiredError             deletions after what a reader has read are no longer known
    NotFoundError                   an account or a client does not exist; also a LookupError
        UnknownMappingError         the account keeps no mapping with this name
    InvalidRequestError             a name or a number breaks a rule; also a ValueError

Each use case documents the errors that it raises. Any other exception is a bug.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from orders.domain.problems import Problem, listed, shown


class OrdersError(Exception):
    """The base class of all errors that a use case or a port raises."""


class StorageError(OrdersError):
    """The store could not carry out a call."""


class StorageUnavailableError(StorageError):
    """The store did not answer, or rejected every attempt, before the deadline."""


class StorageRefusedError(StorageError):
    """The store permanently rejected a call. The cause is the stack or the code, not the order."""


class AccessError(OrdersError):
    """The caller is not permitted to do this."""


class UnauthenticatedError(AccessError):
    """The token or secret is missing, unknown or revoked. Messages treat the last two alike."""


class ForbiddenError(AccessError):
    """The client is known but does not have the role."""


class ScopeRefusedError(AccessError):
    """A scope is unknown, or the client may not have it."""


class TooManyTokensError(AccessError):
    """The client has received all access tokens of this hour. The next hour begins after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("The client has received all access tokens of this hour")
        self.wait = wait


class SettingsError(OrdersError):
    """The new settings are not valid. Nothing was written."""


class DefinitionsRefusedError(SettingsError):
    """The definitions contradict stored ones. `problems` lists each conflict."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("The definitions contradict the stored ones")
        self.problems = problems


class DefinitionsInUseError(SettingsError):
    """Recent orders use definitions that were to be removed.

    `uses` counts the orders by definition, `searched` is how many orders were read.
    """

    def __init__(self, uses: Mapping[str, int], searched: int) -> None:
        super().__init__("Recent orders use the definitions")
        self.uses = uses
        self.searched = searched


class SettingsTooLargeError(SettingsError):
    """The settings are too large to be stored."""


class UnknownMembersRefusedError(OrdersError):
    """The account's policy rejects unknown members outside of orders. Nothing was written.

    `problems` names each of them.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("The request has unknown members")
        self.problems = problems


class TransactionTooLargeError(OrdersError):
    """Orders that are written together are too many or too large. Nothing was written.

    The message is a sentence for clients, without the full stop.
    """


class UnknownLineStatusError(OrdersError):
    """A line cannot have the wanted status. The message is written for clients."""

    def __init__(self, status: str, allowed: Sequence[str]) -> None:
        super().__init__(
            f"Unknown line status {shown(status)}; allowed values: {listed(list(allowed))}"
        )


class IdempotencyError(OrdersError):
    """The key of a request does not permit to carry it out. Nothing was done."""


class KeyReusedError(IdempotencyError):
    """The client has given the key to another request."""


class KeyInUseError(IdempotencyError):
    """A run of the same request has not ended. The request can be repeated later."""


class ChangesExpiredError(OrdersError):
    """Changes after what a reader has read are no longer known completely. It must begin anew."""


class NotFoundError(OrdersError, LookupError):
    """An account or a client does not exist, or the client has been revoked.

    The message is a sentence for the operator, without the full stop.
    """


class UnknownMappingError(NotFoundError):
    """The account keeps no mapping with this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        have = (
            f"those of the account are: {listed(names, len(names))}" if names else "it keeps none"
        )
        super().__init__(f"The account keeps no mapping {shown(name)}; {have}")


class InvalidRequestError(OrdersError, ValueError):
    """A name, a set of roles or a number of tokens breaks a rule.

    The message is a sentence for the operator, without the full stop.
    """
