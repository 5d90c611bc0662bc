"""The functions of a local stack see nothing of the developer's environment but what they need."""

from pathlib import Path

import pytest

from tools.local_stack.environment import MARKER, emulator_environment, sam_environment
from tools.local_stack.settings import StackSettings

SECRETS = {
    "GITHUB_TOKEN": "secret",
    "DATABASE_URL": "postgres://user:secret@db",
    "HTTPS_PROXY": "http://user:secret@proxy",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "secret",
    "LAMBDA_DOCKER_FLAGS": "--env KEY=secret",
    "lc_key": "secret",
}
NEEDED = {"PATH": "/usr/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackSettings:
    for name, value in {**SECRETS, **NEEDED}.items():
        monkeypatch.setenv(name, value)
    return StackSettings(port=4600, state=tmp_path, emulator_variables={"FAULT_SHARE": "0.1"})


def test_functions_inherit_no_secrets(settings: StackSettings) -> None:
    environment = emulator_environment(settings)
    assert not [name for name, value in environment.items() if "secret" in value]
    assert {name: environment[name] for name in NEEDED} == NEEDED
    assert environment["HOME"] == str(settings.scratch)
    assert environment["AWS_SECRET_ACCESS_KEY"] == "local"


def test_functions_inherit_only_listed_variables(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = emulator_environment(settings)
    monkeypatch.setenv("A_NEW_VARIABLE", "anything")
    assert emulator_environment(settings) == before


def test_the_emulator_gets_the_variables_of_its_settings(settings: StackSettings) -> None:
    environment = emulator_environment(settings)
    assert environment["FAULT_SHARE"] == "0.1"
    assert (environment["BIND_HOST"], environment["GATEWAY_PORT"]) == ("127.0.0.1", "4600")
    assert environment[MARKER] == str(settings.state)


def test_the_sam_cli_keeps_the_proxy_but_not_the_aws_account(settings: StackSettings) -> None:
    environment = sam_environment(settings)
    assert environment["HTTPS_PROXY"] == SECRETS["HTTPS_PROXY"]
    assert environment["AWS_SECRET_ACCESS_KEY"] == "local"
    assert "AWS_SESSION_TOKEN" not in environment
