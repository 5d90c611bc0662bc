"""Every option of every command works under the name that the command's help shows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.main import app
from tests.integration.operator_cli.conftest import Run

SETTINGS = """
currencies: [USD]
custom_fields: [{external_id: gift, entity_type: order, value_type: bool}]
custom_line_statuses: [{external_id: packed, type: in_process}]
"""
type Option = tuple[str, str]


def _options(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[Option]:  # noqa: ANN401
    """Yield each command's path with each name of each of its options, as they are registered."""
    command = command or typer.main.get_command(app)
    for parameter in command.params:
        if parameter.param_type_name == "option":
            for name in (*parameter.opts, *parameter.secondary_opts):
                yield " ".join(path), name
    for name, child in getattr(command, "commands", {}).items():
        yield from _options(child, (*path, name))


OPTIONS = list(_options())
# The words that follow an option, and what is given to the command besides. `{...}` are fixtures.
VALUES = {
    "--endpoint-url": "{url}",
    "--stack": "{stack}",
    "--profile": "shop",
    "--region": "eu-north-1",
    "--account": "demo",
    "-a": "demo",
    "--role": "orders:read",
    "--scope": "view_orders",
    "--custom-field": "order:gift",
    "--line-status": "packed",
}
FLAGS = {"--json", "--dry-run", "--force", "--version"}
COMMANDS = {
    "": "account list",
    "account list": "",
    "client create": "new --role orders:write",
    "client list": "",
    "client revoke": "shop",
    "token create": "shop",
    "token list": "",
    "token revoke": "shop {token_id}",
    "settings apply": "{file}",
    "settings show": "",
    "settings remove": "--line-status packed",
    "order show": "missing",
}
# These options replace one that COMMANDS gives.
ALONE = {("client create", "--scope"): "new", ("settings remove", "--custom-field"): ""}


@pytest.fixture
def place(run: Run, dynamodb: DynamoDBClient, stack: str, tmp_path: Path) -> Callable[[str], str]:
    """Create an account with settings, a client and a token; return what fills in the words."""
    file = tmp_path / "settings.yaml"
    file.write_text(SETTINGS)
    for words in (
        "account create demo",
        "client create shop --role orders:write",
        f"settings apply {file}",
        "token create shop",
    ):
        assert run(*words.split()).code == 0
    token_id = run("token", "list", "--json").out.partition('"token_id": "')[2].partition('"')[0]
    url = dynamodb.meta.endpoint_url
    return lambda text: text.format(url=url, stack=stack, token_id=token_id, file=file)


def test_the_names_of_options_are_in_lower_case() -> None:
    assert len(OPTIONS) > 25
    assert [name for _command, name in OPTIONS if name != name.lower()] == []


def test_every_option_has_a_call() -> None:
    assert {name for _command, name in OPTIONS} == VALUES.keys() | FLAGS
    assert {command for command, _name in OPTIONS} == COMMANDS.keys()


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=" ".join)
def test_each_option_is_accepted(
    run_bare: Run, place: Callable[[str], str], stack: str, command: str, option: str
) -> None:
    given = ALONE.get((command, option), COMMANDS[command])
    value = VALUES.get(option, "")
    where = "--endpoint-url {url} --stack " + stack
    own = f"{option} {value}" if command else ""
    line = f"{where} {'' if command else f'{option} {value}'} {command} {own} {given}"
    ended = run_bare(*place(line).split())
    missing = 'Order "missing" does not exist in account "demo".\n'
    assert ended.err.replace(missing, "") == "" or command == "token create"
    assert ended.code == (1 if command == "order show" else 0)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_h_and_help_print_the_help_of_each_command(run_bare: Run, command: str) -> None:
    short, long = (run_bare(*command.split(), option) for option in ("-h", "--help"))
    assert (short.code, short.err) == (0, "")
    assert short == long
    assert f"{command} [OPTIONS]".strip() in short.out


def test_the_version_is_that_of_the_package(run_bare: Run) -> None:
    pyproject = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    version = pyproject.partition('\nversion = "')[2].partition('"')[0]
    assert run_bare("--version").out == f"orders {version}\n"
