"""Create an account (a tenant)."""

from orders.application.errors import InvalidRequestError
from orders.application.ports import AccountRepository, Clock
from orders.domain.identifiers import ACCOUNT_RULE, is_account
from orders.domain.settings import Settings


def create_account(repository: AccountRepository, account: str, clock: Clock) -> bool:
    """Create an account with empty settings. Return False if the account already exists.

    Raises InvalidRequestError for an invalid name, and StorageUnavailableError.
    """
    if not is_account(account):
        raise InvalidRequestError(f"An account name must be {ACCOUNT_RULE}")
    return repository.create_account(account, Settings(), clock())
