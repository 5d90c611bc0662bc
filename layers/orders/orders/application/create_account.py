"""Create an account: one tenant with settings of its own."""

from orders.application.errors import InvalidRequestError
from orders.application.ports import AccountRepository, Clock
from orders.domain.identifiers import ACCOUNT_RULE, is_account
from orders.domain.settings import Settings


def create_account(repository: AccountRepository, account: str, clock: Clock) -> bool:
    """Create an account with empty settings; tell whether it was new.

    Raises InvalidRequestError for a name that breaks the rules.
    """
    if not is_account(account):
        raise InvalidRequestError(f"An account's name takes {ACCOUNT_RULE}")
    return repository.create_account(account, Settings(), clock())
