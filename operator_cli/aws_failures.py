"""Explains AWS errors to the operator."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from orders.domain.problems import shown

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
USE_LOCAL_STACK = "for the local stack, run `. .local/endpoint.env` while `make run` is running"
GIVE_CREDENTIALS = "log in (`aws sso login`, `aws configure`) or give --profile"


def explain(error: BotoCoreError | ClientError, table: str, where: str) -> str:
    """Return one sentence that says what failed and what to do; `where` is empty or " at URL"."""
    if isinstance(error, ClientError):
        return _refusal(error, table, where)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return f"AWS credentials are missing: {USE_LOCAL_STACK}; for AWS, {GIVE_CREDENTIALS}."
    if isinstance(error, NoRegionError):
        return f"The AWS Region is missing: {USE_LOCAL_STACK}; for AWS, give --profile or --region."
    if isinstance(error, ProfileNotFound):
        return (
            f"The AWS profile {shown(error.kwargs['profile'])} does not exist: "
            "`aws configure list-profiles` lists the profiles."
        )
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        return (
            f"No AWS endpoint answers{where}: "
            "start the local stack (`make run`) or correct --endpoint-url."
            if where
            else f"AWS cannot be reached: {_one_line(error)}"
        )
    return f"AWS could not be called{where}: {_one_line(error)}"


def _refusal(error: ClientError, table: str, where: str) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "ResourceNotFoundException":
        return (
            f"Table {table} does not exist{where}: deploy the stack, "
            "or correct --stack and --region."
        )
    if code in REFUSED_CREDENTIALS:
        return f"AWS rejected the credentials ({code}): {GIVE_CREDENTIALS}."
    if code in {"AccessDenied", "AccessDeniedException"}:
        return f"The AWS credentials do not permit this call: {_one_line(error)}"
    return f"The call{where} failed: {_one_line(error)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
