"""Every option of every command works under the name that the command's help shows."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from mypy_boto3_dynamodb.client import DynamoDBClient

from operator_cli.composition import Connection
from operator_cli.main import app
from tests.integration.operator_cli.conftest import Run
from tests.support.catalogue import product
from tests.support.template_tables import create_table

SETTINGS = """
currencies: [USD]
endpoints: [{external_id: website, name: Website}]
custom_fields: [{external_id: gift, entity_type: order, value_type: bool}]
custom_line_statuses: [{external_id: packed, type: in_process}]
"""
ONE_ORDER = """\
external_id,email,endpoint,status,currency,total_price,line.external_id,line.sku,line.count,line.final_price_per_item
A,a@example.com,website,new,USD,1,1,mug,1,1
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
    "--created-from": "2026-01-02",
    "--created-to": "2026-01-03T03:04:05Z",
    "--changed-from": "2026-01-02",
    "--changed-to": "2026-01-03",
    "--status": "new",
    "--endpoint": "website",
    "--protocol": "altcraft",
    "--limit": "7",
    "--external-id": "missing",
    "--order-id": "7",
    "--format": "jsonl",
    "--after": "{cursor}",
    "--cursor-file": "{new}",
    "--interval": "5",
    "--from": "{source}",
    "--since": "1h",
    "--until": "30m",
    "--rule": "consumer",
    "--base-url": "http://127.0.0.1:9",
    "--token": "secret",
    "--line": "1",
    "--request": "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4",
    "--email": "jane@example.com",
    "--phone": "+49-30-123456",
    "--customer-id": "c1",
    "--kind": "product",
    "--on-duplicate": "update",
    "--stop-above-percent": "50",
    "--mapping": "{mapping}",
    "--charset": "utf-8",
    "--delimiter": ",",
    "--date-form": "iso",
    "--to": "{new}",
}
# Values that one command takes. `--version` is a flag of `orders`.
OWN_VALUES = {
    ("order restore", "--version"): "1",
    ("import", "--format"): "altcraft_csv",
    ("mapping init", "--format"): "mapped_csv",
    ("mapping check", "--format"): "mapped_csv",
}
FLAGS = {
    "--json",
    "--dry-run",
    "--force",
    "--version",
    "--newest-first",
    "--oldest-first",
    "--overwrite",
    "--one-way",
    "--with-orders",
    "--follow",
    "--wait",
    "--permanent",
    "--soft",
    "--confirm",
    "--skip-triggers",
    "--all",
    "--yes",
    "-y",
    "--preview",
    "--send-triggers",
    "--decimal-comma",
    "--decimal-point",
}
# These options lead to the hub's API, which does not answer here, or do not end by themselves.
ELSEWHERE = {"--base-url", "--token", "--follow"}
# What these options require besides.
BESIDES = {"--with-orders": "--json"}
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
    "order history": "missing",
    "order list": "",
    "order export": "{new} --format csv",
    "order delete": "missing",
    "order line-status": "missing --line 1 --status new",
    "order revive": "7",
    "order restore": "missing --version 1",
    "undo": "--request 019b7e5c8a3f7d21b4c6e8f0a1b2c3d4",
    "person find": "--email jane@example.com",
    "person export": "{new} --email jane@example.com",
    "person erase": "--email jane@example.com --yes",
    "catalogue import": "{catalogue}",
    "catalogue list": "",
    "changes": "",
    "import": "{import} --yes",
    "jobs list": "",
    "jobs show": "019b7e5c",
    "jobs files": "019b7e5c",
    "jobs cancel": "019b7e5c",
    "jobs undo": "019b7e5c --yes",
    "mapping init": "{shop}",
    "mapping check": "{shop} {kept}",
    "mapping apply": "outlet {kept}",
    "mapping list": "",
    "mapping show": "outlet",
    "mapping remove": "outlet",
    "reconcile": "{orders} --format csv",
    "triggers replay": "--since 2h",
    "triggers tail": "",
    "triggers parked list": "",
    "triggers parked replay": "",
    "triggers parked discard": "--all --yes",
    "doctor restore": "--from {source}",
}
# Commands whose order does not exist.
WITHOUT_ORDER = {
    "order show",
    "order history",
    "order delete",
    "order line-status",
    "order revive",
    "order restore",
}
# Commands that report on standard error.
TALKATIVE = {
    "token create",
    "order export",
    "undo",
    "person export",
    "catalogue import",
    "changes",
    "import",
    "reconcile",
    "doctor restore",
}
# Commands that only the hub's API has.
OF_API = {"jobs list", "jobs show", "jobs files", "jobs cancel", "jobs undo"}
# These options replace one that COMMANDS gives.
ALONE = {
    ("client create", "--scope"): "new",
    ("settings remove", "--custom-field"): "",
    ("order show", "--external-id"): "",
    ("order show", "--order-id"): "",
    ("order history", "--external-id"): "",
    ("order history", "--order-id"): "",
    ("order delete", "--external-id"): "",
    ("order delete", "--order-id"): "",
    ("order line-status", "--external-id"): "--line 1 --status new",
    ("order line-status", "--order-id"): "--line 1 --status new",
    ("order line-status", "--line"): "missing --status new",
    ("order line-status", "--status"): "missing --line 1",
    ("order restore", "--external-id"): "--version 1",
    ("order restore", "--order-id"): "--version 1",
    ("order restore", "--version"): "missing",
    ("undo", "--request"): "",
    ("order export", "--format"): "{new}",
    ("reconcile", "--format"): "{empty}",
    ("triggers replay", "--since"): "",
    ("doctor restore", "--from"): "",
}


@dataclass(frozen=True)
class Begun:
    """The items of a table with an account, and what commands on it are given."""

    items: Sequence[dict[str, Any]]
    token_id: str
    cursor: str
    source: str


@pytest.fixture(scope="module")
def begun() -> list[Begun]:
    """Return a list for what the first test has begun, because commands are slow."""
    return []


@pytest.fixture
def place(  # noqa: PLR0917 - fixtures
    run: Run,
    dynamodb: DynamoDBClient,
    connection: Connection,
    items: Callable[[], list[dict[str, Any]]],
    tmp_path: Path,
    begun: list[Begun],
) -> Callable[[str], str]:
    """Create an account with settings, a client and a token; return what fills in the words."""
    file = tmp_path / "settings.yaml"
    file.write_text(SETTINGS)
    kept = tmp_path / "kept.yaml"
    kept.write_text("{group_by: No, order: {external_id: No}, line: {}}")
    if begun:
        for item in begun[0].items:
            dynamodb.put_item(TableName=connection.table, Item=item)
    else:
        begun.append(_begin(run, dynamodb, file, items))
    url = dynamodb.meta.endpoint_url
    (tmp_path / "orders.csv").write_text("external_id,version\n")
    (tmp_path / "empty").write_text("")
    (tmp_path / "shop.csv").write_text("No,Total\n")
    (tmp_path / "catalogue.jsonl").write_text(json.dumps(product("p")))
    (tmp_path / "mapping.yaml").write_text("{}")
    (tmp_path / "import.csv").write_text(ONE_ORDER)
    names = {name: tmp_path / name for name in ("new", "empty")}
    names |= {"shop": tmp_path / "shop.csv", "kept": kept}
    names |= {"mapping": tmp_path / "mapping.yaml", "import": tmp_path / "import.csv"}
    return lambda text: text.format(
        url=url,
        stack=connection.stack,
        token_id=begun[0].token_id,
        file=file,
        orders=tmp_path / "orders.csv",
        catalogue=tmp_path / "catalogue.jsonl",
        cursor=begun[0].cursor,
        source=begun[0].source,
        **names,
    )


def _begin(
    run: Run, dynamodb: DynamoDBClient, file: Path, items: Callable[[], list[dict[str, Any]]]
) -> Begun:
    for words in (
        "account create demo",
        "client create shop --role orders:write",
        f"settings apply {file}",
        f"mapping apply outlet {file.with_name('kept.yaml')}",
        "token create shop",
    ):
        assert run(*words.split()).code == 0
    token_id = run("token", "list", "--json").out.partition('"token_id": "')[2].partition('"')[0]
    cursor = run("changes").err.split()[-1]
    return Begun(items(), token_id, cursor, create_table(dynamodb))


def test_the_names_of_options_are_in_lower_case() -> None:
    assert len(OPTIONS) > 25
    assert [name for _command, name in OPTIONS if name != name.lower()] == []


def test_every_option_has_a_call() -> None:
    assert {name for _command, name in OPTIONS} == VALUES.keys() | FLAGS
    assert {command for command, _name in OPTIONS} == COMMANDS.keys()


@pytest.mark.parametrize(
    ("command", "option"), [each for each in OPTIONS if each[1] not in ELSEWHERE], ids=" ".join
)
def test_each_option_is_accepted(
    run_bare: Run,
    place: Callable[[str], str],
    request: pytest.FixtureRequest,
    command: str,
    option: str,
) -> None:
    if command.startswith("triggers"):
        request.getfixturevalue("services")
    given = ALONE.get((command, option), COMMANDS[command])
    value = OWN_VALUES.get((command, option), VALUES.get(option, ""))
    where = "--endpoint-url {url} --stack {stack}"
    own = f"{option} {value} {BESIDES.get(option, '')}" if command else ""
    line = f"{where} {'' if command else f'{option} {value}'} {command} {own} {given}"
    ended = run_bare(*place(line).split())
    if command in WITHOUT_ORDER:
        missing = (' does not exist in account "demo".\n', "Order 7 does not exist.\n")
        assert ended.err.endswith(missing)
        assert ended.code == 1
        return
    if command in OF_API:
        required = "--base-url and --token are required to use the jobs of a hub.\n"
        assert (ended.code, ended.err) == (2, required)
        return
    assert ended.err == "" or command in TALKATIVE
    assert ended.code == 0


def test_the_options_of_the_api_call_it(run_bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.util.retry.time.sleep", lambda _seconds: None)
    for command in ("order list", "order show A", "order history A", "changes"):
        where = ["--base-url", VALUES["--base-url"], "--token", "secret"]
        ended = run_bare(*command.split(), *where)
        assert ended.code == 3
        assert ended.err.startswith("http://127.0.0.1:9 does not answer: ")
        assert "secret" not in ended.err


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
