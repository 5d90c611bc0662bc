"""`orders account`."""

import json

import pytest

from tests.integration.operator_cli.conftest import Run


def test_accounts_are_created_and_listed(run: Run) -> None:
    assert run("account", "list").out == ""
    assert run("account", "list", "--json").out == "[]\n"
    assert run("account", "create", "demo").out == "Created account demo.\n"
    assert run("account", "create", "acme").code == 0
    assert run("account", "list").out == "acme\ndemo\n"
    listed = json.loads(run("account", "list", "--json").out)
    assert listed == [{"account": "acme"}, {"account": "demo"}]


def test_an_account_is_created_once(run: Run) -> None:
    run("account", "create", "demo")
    ended = run("account", "create", "demo")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is an account 'demo' already.\n"


@pytest.mark.parametrize("name", ["Demo", "x", "api", "a b", "a#b", "", "a" * 37, "\udcff"])
def test_a_name_that_is_none_is_refused(run: Run, name: str) -> None:
    ended = run("account", "create", "--", name)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("An account name must be 2 to 36 lower-case letters")


def test_the_only_account_needs_no_name(run: Run) -> None:
    ended = run("client", "list")
    assert (ended.code, ended.err) == (
        1,
        "There is no account yet: create one with `orders account create`.\n",
    )
    run("account", "create", "demo")
    assert run("client", "list").code == 0


def test_one_of_several_accounts_must_be_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("demo", "acme"):
        run("account", "create", name)
    ended = run("client", "list")
    assert (ended.code, ended.err) == (
        1,
        "Choose an account with --account; there are: acme, demo.\n",
    )
    assert run("client", "list", "--account", "acme").code == 0
    monkeypatch.setenv("ORDERS_ACCOUNT", "demo")
    assert run("client", "list").code == 0


def test_an_unknown_account_is_refused(run: Run) -> None:
    run("account", "create", "demo")
    ended = run("settings", "show", "--account", "nobody")
    assert (ended.code, ended.err) == (
        1,
        "There is no account 'nobody'; there are: demo.\n",
    )


@pytest.mark.parametrize("words", [[], ["account"], ["account", "create"], ["nothing"]])
def test_a_misspelt_command_is_a_usage_error(run_bare: Run, words: list[str]) -> None:
    assert run_bare(*words).code == 2
