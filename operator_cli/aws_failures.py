"""AWS's failures in the operator's words."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

REFUSED_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "UnrecognizedClientException",
    }
)
GIVE_CREDENTIALS = "log in (`aws sso login`, `aws configure`) or set AWS_PROFILE"


def explain(error: BotoCoreError | ClientError, table: str, where: str) -> str:
    """Say in one sentence what failed and what to do; `where` is empty or " at URL"."""
    if isinstance(error, ClientError):
        return _refusal(error, table, where)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"There are no AWS credentials: {GIVE_CREDENTIALS}."
    if isinstance(error, NoRegionError):
        return "The AWS Region is not known: give --region or set AWS_REGION."
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return (
            f"Nothing answers{where}: start the local stack (`make run`) or correct --endpoint-url."
            if where
            else f"AWS cannot be reached: {_one_line(error)}"
        )
    return f"AWS could not be called{where}: {_one_line(error)}"


def _refusal(error: ClientError, table: str, where: str) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ResourceNotFoundException":
        return (
            f"There is no table {table}{where}: deploy the stack first, "
            "or name it with --stack and its Region with --region."
        )
    if code in REFUSED_CREDENTIALS:
        return f"The AWS credentials were refused ({code}): {GIVE_CREDENTIALS}."
    if code == "AccessDeniedException":
        return f"The AWS credentials may not use the table: {_one_line(error)}"
    return f"The call{where} failed: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
