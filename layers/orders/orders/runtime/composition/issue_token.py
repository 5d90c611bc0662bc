"""The parts of the token's issue, put together."""

import secrets
from functools import cache

from orders.adapters.dynamodb_tokens import DynamoAccessTokens, DynamoTokens
from orders.application.create_token import TOKEN_BYTES
from orders.application.issue_token import IssueToken
from orders.protocols.commercetools.issue_token import IssueTokenEndpoint
from orders.runtime.composition import Aws, connect, utc_now


@cache
def issue_token_endpoint() -> IssueTokenEndpoint:
    """Return the route, built once an environment at its first request."""
    return build_issue_token_endpoint(connect())


def build_issue_token_endpoint(aws: Aws) -> IssueTokenEndpoint:
    """Put the route together."""
    table = aws.environment.table
    return IssueTokenEndpoint(
        IssueToken(
            tokens=DynamoTokens(aws.dynamodb, table),
            access_tokens=DynamoAccessTokens(aws.dynamodb, table),
            clock=utc_now,
            new_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
        )
    )
