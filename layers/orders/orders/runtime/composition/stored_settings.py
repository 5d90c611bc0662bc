"""The settings of all accounts, with one cache for all use cases of an environment."""

from functools import cache

from orders.adapters.dynamodb_settings import DynamoSettings
from orders.runtime.composition import Aws


@cache
def settings_of(aws: Aws) -> DynamoSettings:
    """Return the repository of settings. Later calls return the same one."""
    return DynamoSettings(aws.dynamodb, aws.environment.table)
