"""The errors that a use case or a port may raise, as one tree.

OrdersError
    StorageError                    the store is at fault, the request may be right
        StorageUnavailableError     no answer in time; sending the request again may succeed
        StorageRefusedError         refused for good; a fault of the stack or of the code
    AccessError                     the caller may not do this
        UnauthenticatedError        the token or secret is missing, unknown or revoked
        ForbiddenError              the client lacks the role
        ScopeRefusedError           a scope is unknown, or the client may not have it
    SettingsError                   the settings cannot become what was asked; nothing was written
        DefinitionsRefusedError     they would contradict definitions that stored orders may use
        DefinitionsInUseError       definitions to remove are used by recent orders
        SettingsTooLargeError       they would not fit into the store
    OrderIdsExhaustedError          the account has used all order numbers; also an OverflowError
    NotFoundError                   an account or a client does not exist; also a LookupError
    InvalidRequestError             a name or a number breaks a rule; also a ValueError

A use case documents which of them it raises. Anything else that it raises is a defect.
"""

from collections.abc import Mapping

from orders.domain.problems import Problem


class OrdersError(Exception):
    """Base of every error that crosses the application's border."""


class StorageError(OrdersError):
    """The store could not do what it was asked."""


class StorageUnavailableError(StorageError):
    """The store did not answer, or kept refusing, within the time allowed. Nothing was decided."""


class StorageRefusedError(StorageError):
    """The store refused a call for good: the stack or the code is at fault, not the order."""


class AccessError(OrdersError):
    """The caller may not do what it asked for."""


class UnauthenticatedError(AccessError):
    """The token or secret is missing, unknown or revoked. No message distinguishes the last two."""


class ForbiddenError(AccessError):
    """The client is known but lacks the role."""


class ScopeRefusedError(AccessError):
    """A scope is unknown, or is more than the client may have."""


class SettingsError(OrdersError):
    """The settings cannot become what was asked. Nothing was written."""


class DefinitionsRefusedError(SettingsError):
    """The definitions contradict those that stored orders may use. `problems` says where."""

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
    """The settings would no longer fit into the store."""


class OrderIdsExhaustedError(OrdersError, OverflowError):
    """The account has used all order numbers."""


class NotFoundError(OrdersError, LookupError):
    """An account or a client does not exist, or the client has been revoked.

    The message is a sentence for the operator, without its full stop.
    """


class InvalidRequestError(OrdersError, ValueError):
    """A name, a set of roles or a number of tokens breaks a rule.

    The message is a sentence for the operator, without its full stop.
    """
