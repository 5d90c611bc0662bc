"""How a command connects to its stack, and what it prints if the connection fails."""

import socket
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.arguments import global_options_first
from operator_cli.aws_failures import explain
from operator_cli.composition import Connection, connected
from operator_cli.errors import OperatorError, UsageError
from tests.integration.operator_cli.conftest import Run

LOCAL = Connection("http://127.0.0.1:4566")


@pytest.fixture
def free_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def _is_one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith(".\n") and "Traceback" not in text


def test_help_says_how_to_connect_and_which_variables_are_read(run_bare: Run) -> None:
    words = run_bare("--help").out.split()
    assert {"ORDERS_ENDPOINT_URL", ".local/endpoint.env:", "--profile"} <= set(words)
    assert "ORDERS_ACCOUNT" in run_bare("order", "show", "--help").out


@pytest.mark.parametrize("option", [["--region", "eu-north-1"], ["--profile", "shop"], []])
def test_every_global_option_is_accepted(run: Run, option: list[str]) -> None:
    ended = run("account", "list", *option)
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("position", range(4))
def test_global_options_are_accepted_in_any_position(
    run_bare: Run, connection: Connection, position: int
) -> None:
    words = ["account", "create", f"shop-{position}"]
    where = [f"--endpoint-url={connection.endpoint_url}", "--stack", connection.stack]
    ended = run_bare(*words[:position], *where, *words[position:])
    assert (ended.code, ended.out) == (0, f"Created account shop-{position}.\n")


def test_global_options_after_two_dashes_are_arguments() -> None:
    line = ["order", "show", "--region", "x", "--", "--stack", "y"]
    assert global_options_first(line) == ["--region", "x", "order", "show", "--", "--stack", "y"]


@pytest.mark.parametrize("rest", [[], ["--json"], ["--"]])
def test_a_global_option_requires_a_value(run_bare: Run, rest: list[str]) -> None:
    with pytest.raises(UsageError):
        global_options_first(["account", "list", "--stack", *rest])
    ended = run_bare("account", "list", "--stack", *rest)
    assert (ended.code, ended.err) == (2, "Option --stack requires a value.\n")


def test_environment_variables_choose_the_stack(
    run_bare: Run, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_ENDPOINT_URL", str(connection.endpoint_url))
    monkeypatch.setenv("ORDERS_STACK", connection.stack)
    assert run_bare("account", "create", "demo").code == 0
    monkeypatch.setenv("ORDERS_STACK", "other")
    assert run_bare("account", "list").code == 1
    assert run_bare("account", "list", "--stack", connection.stack).out == "demo\n"


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:4566", "ftp://x", "http://", "http://x:y", "http://[", "http://x y", "http://x:0"],
)
def test_an_invalid_url_is_a_usage_error(run_bare: Run, url: str) -> None:
    ended = run_bare("account", "list", "--endpoint-url", url)
    assert ended.code == 2
    assert "must be a URL such as http://127.0.0.1:4566; got" in ended.err


def test_an_endpoint_that_does_not_answer_is_named(run_bare: Run, free_url: str) -> None:
    ended = run_bare("account", "list", "--endpoint-url", free_url)
    assert ended.code == 1
    assert ended.err.startswith(f"No AWS endpoint answers at {free_url}: start the local stack")
    assert _is_one_sentence(ended.err)


def test_a_missing_table_is_named(run_bare: Run, connection: Connection) -> None:
    ended = run_bare("account", "list", "--endpoint-url", str(connection.endpoint_url))
    assert ended.code == 1
    assert ended.err.startswith("Table market-orders-orders does not exist at http://127.0.0.1:")
    assert _is_one_sentence(ended.err)


def test_without_credentials_the_message_says_how_to_connect(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ended = run_bare("account", "list")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "AWS credentials are missing: for the local stack, run `. .local/endpoint.env` while "
        "`make run` is running; for AWS, log in (`aws sso login`, `aws configure`) or give "
        "--profile.\n"
    )


def test_without_a_region_the_message_says_how_to_connect(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ended = run_bare("account", "list")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "The AWS Region is missing: for the local stack, run `. .local/endpoint.env` while "
        "`make run` is running; for AWS, give --profile or --region.\n"
    )


@pytest.mark.parametrize("options", [[], ["--profile", "nobody"]])
def test_a_missing_profile_is_named(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody" if options else "nobody")
    ended = run_bare("account", "list", *options)
    assert ended.code == 1
    assert ended.err == (
        'The AWS profile "nobody" does not exist: '
        "`aws configure list-profiles` lists the profiles.\n"
    )


@pytest.mark.parametrize(
    ("code", "beginning"),
    [
        ("ExpiredTokenException", "AWS rejected the credentials (ExpiredTokenException): log in"),
        ("AccessDeniedException", "The AWS credentials do not permit this call: "),
        ("ValidationException", "The call at X failed: "),
    ],
)
def test_an_error_of_aws_is_explained(code: str, beginning: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "some\nlines"}}, "Query")
    sentence = explain(error, "t", " at X")
    assert sentence.startswith(beginning)
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://127.8.9.1:4566", True),
        ("http://localhost:4566", True),
        ("http://[::1]:4566", True),
        ("https://dynamodb.eu-west-1.amazonaws.com", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1:8000", False),
        (None, False),
    ],
)
def test_a_url_of_this_machine_is_local(url: str | None, *, is_local: bool) -> None:
    assert Connection(url).is_local() is is_local


def _client(connection: Connection, environment: dict[str, str]) -> DynamoDBClient:
    with connected(connection, environment) as operator:
        return operator.accounts.client


def _key_of(client: DynamoDBClient) -> str:
    """Return the access key with which the client signs a request."""
    client.meta.events.register("before-send.dynamodb.ListTables", _stop)
    with pytest.raises(StopIteration) as caught:
        client.list_tables()
    header = caught.value.args[0].headers["Authorization"].decode()
    return str(header.partition("Credential=")[2].partition("/")[0])


def _stop(request: object, **_event: object) -> None:
    raise StopIteration(request)


def test_the_local_aws_needs_no_configuration() -> None:
    client = _client(LOCAL, {})
    assert (_key_of(client), client.meta.region_name) == ("local", "us-east-1")


def test_calls_to_the_local_aws_bypass_the_proxy(
    run: Run, free_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", free_url)
    assert run("account", "list").code == 0


def test_the_local_aws_ignores_profiles_and_their_region(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "expired")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    assert run("account", "list").code == 0


def test_the_local_aws_accepts_given_credentials_and_a_region() -> None:
    given = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret"}
    client = _client(Connection(LOCAL.endpoint_url, region="eu-west-1"), given)
    assert (_key_of(client), client.meta.region_name) == ("mine", "eu-west-1")


def test_a_profile_gives_the_region_and_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config"
    file.write_text(
        "[profile shop]\nregion = eu-south-2\n"
        "aws_access_key_id = of-the-profile\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    client = _client(Connection(profile="shop"), {})
    assert (_key_of(client), client.meta.region_name) == ("of-the-profile", "eu-south-2")


def test_aws_uses_the_configuration_of_boto3() -> None:
    client = _client(Connection(region="eu-west-1"), {"AWS_ACCESS_KEY_ID": "ignored"})
    assert _key_of(client) == "testing"
    assert client.meta.endpoint_url == "https://dynamodb.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("environment", "region"), [({}, "us-east-1"), ({"AWS_REGION": "eu-north-1"}, "eu-north-1")]
)
def test_the_region_is_the_one_that_the_aws_cli_uses(
    environment: dict[str, str], region: str
) -> None:
    assert _client(Connection(), environment).meta.region_name == region


def test_a_defect_does_not_become_an_operator_error() -> None:
    with pytest.raises(KeyError), connected(LOCAL):
        raise KeyError("a defect")
    with pytest.raises(OperatorError), connected(LOCAL):
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "Query")
