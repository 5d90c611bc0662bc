"""Which hub a command reads: options have priority over variables, and the API over the table."""

import pytest

from tests.integration.operator_cli.conftest import Run
from tests.support.hub_worlds import World
from tests.support.loopback_http import Asked, Given, served

URL = "https://orders.example.com"


def _empty(asked: Asked) -> Given:
    assert asked.headers["authorization"] == "Bearer secret"
    return Given(200, b'{"orders":[{"order_id":1}],"next":null}')


@pytest.mark.parametrize("way", ["options", "variables", "both"])
def test_a_base_url_and_a_token_call_the_api(
    run_bare: Run, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv("ORDERS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERS_ACCOUNT", "nobody")
    with served(_empty) as url:
        words = ["--base-url", url, "--token", "secret"] if way == "options" else []
        if way != "options":
            monkeypatch.setenv("BASE_URL", URL if way == "both" else url)
            monkeypatch.setenv("TOKEN", "secret")
        if way == "both":
            words = ["--base-url", url]
        ended = run_bare("order", "list", "--json", *words)
    assert (ended.code, ended.out) == (0, '{"order_id":1}\n')


@pytest.mark.parametrize("option", ["--account", "--stack"])
def test_an_option_of_the_table_has_priority_over_variables_of_the_api(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    world.create("A")
    monkeypatch.setenv("BASE_URL", URL)
    monkeypatch.setenv("TOKEN", "secret")
    # `run` gives --stack.
    words = ["--account", "demo"] if option == "--account" else []
    assert run("order", "show", "A", *words).code == 0


def test_a_base_url_without_a_token_in_the_variables_reads_the_table(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.create("A")
    monkeypatch.setenv("BASE_URL", URL)
    assert run("order", "show", "A").code == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--base-url", URL], "--token or TOKEN is required to call the hub's API."),
        (["--token", "x"], "--base-url or BASE_URL is required to call the hub's API."),
        (
            ["--base-url", URL, "--token", "x", "--account", "demo"],
            "--account chooses a stack, and cannot be combined with --base-url or --token.",
        ),
        (
            ["--base-url", URL, "--token", "x", "--profile", "p"],
            "--profile chooses a stack, and cannot be combined with --base-url or --token.",
        ),
        (["--base-url", "orders.example.com", "--token", "x"], "The base URL must be a URL"),
        (["--base-url", "http://orders.example.com", "--token", "x"], "must begin with https://"),
    ],
)
def test_options_that_choose_no_hub_or_two_are_rejected(
    run_bare: Run, words: list[str], text: str
) -> None:
    ended = run_bare("order", "list", *words)
    assert (ended.code, ended.out) == (2, "")
    assert text in ended.err


@pytest.mark.parametrize("command", ["order list", "changes", "reconcile"])
def test_the_help_names_the_variables_and_the_exit_codes(run_bare: Run, command: str) -> None:
    words = " ".join(run_bare(*command.split(), "--help").out.split())
    assert "BASE_URL" in words
    assert "TOKEN" in words
    assert "4 the cursor of changes expired" in words


def test_the_help_of_the_program_has_the_exit_codes(run_bare: Run) -> None:
    assert "Exit codes: 0 success" in " ".join(run_bare("--help").out.split())
