"""The command `orders account`."""

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


def test_an_existing_account_cannot_be_created(run: Run) -> None:
    run("account", "create", "demo")
    ended = run("account", "create", "demo")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == 'Account "demo" already exists.\n'


@pytest.mark.parametrize("name", ["Demo", "x", "api", "a b", "a#b", "", "a" * 37, "\udcff"])
def test_an_invalid_account_name_is_rejected(run: Run, name: str) -> None:
    ended = run("account", "create", "--", name)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("An account name must be 2 to 36 lower-case letters")


def test_the_only_account_needs_no_name(run: Run) -> None:
    ended = run("client", "list")
    assert (ended.code, ended.err) == (
        1,
        "The hub has no accounts: create one with `orders account create`.\n",
    )
    run("account", "create", "demo")
    assert run("client", "list").code == 0


def test_one_of_several_accounts_must_be_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("demo", "acme"):
        run("account", "create", name)
    ended = run("client", "list")
    assert (ended.code, ended.err) == (
        1,
        "--account or ORDERS_ACCOUNT must name one of the accounts: acme, demo.\n",
    )
    assert run("client", "list", "--account", "acme").code == 0
    monkeypatch.setenv("ORDERS_ACCOUNT", "demo")
    assert run("client", "list").code == 0


def test_an_unknown_account_is_rejected(run: Run) -> None:
    run("account", "create", "demo")
    ended = run("settings", "show", "--account", "nobody")
    assert (ended.code, ended.err) == (
        1,
        'Account "nobody" does not exist; the accounts are: demo.\n',
    )


@pytest.mark.parametrize("words", [[], ["account"], ["account", "create"], ["nothing"]])
def test_an_incomplete_or_unknown_command_is_a_usage_error(run_bare: Run, words: list[str]) -> None:
    assert run_bare(*words).code == 2
