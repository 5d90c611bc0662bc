"""The command `orders settings`."""

import io
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings

from operator_cli.composition import Connection, connected
from operator_cli.errors import OperatorError
from operator_cli.settings_file import read_settings_file, settings_yaml
from orders.application.define_settings import DefineSettings
from orders.application.errors import DefinitionsRefusedError
from orders.application.ports import WriteOutcome
from orders.domain.custom_fields import ValueType
from orders.domain.importing import Write
from orders.domain.order import Order
from orders.domain.settings import Definitions, Region, Settings, declare
from orders.runtime.composition import utc_now
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.samples import order_field
from tests.support.settings_strategies import all_settings

pytestmark = pytest.mark.usefixtures("demo_account")

DECLARED = """\
currencies: [USD, EUR]
endpoints:
  - external_id: website
    name: Магазин
    campaign_id: 1001
custom_fields:
  - external_id: note
    name: Note
    entity_type: order
    value_type: unicode
    default_value: "0001"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(DECLARED, encoding="utf-8")
    return path


def _version(connection: Connection) -> int:
    with connected(connection) as operator:
        return operator.settings.load("demo", DEADLINE, fresh=True).version


def _define(connection: Connection, value_type: ValueType, name: str = "made_by_import") -> None:
    with connected(connection) as operator:
        DefineSettings(operator.settings, CountingPause())(
            "demo", Definitions((order_field(name, value_type),)), DEADLINE
        )


def _faults(path: Path, text: str) -> list[str]:
    """Return the message about an invalid file, line by line, without its first line."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OperatorError) as caught:
        read_settings_file(str(path))
    first, *rest = str(caught.value).split("\n")
    assert first.startswith(f"{path} was not applied, because it has {len(rest)} error")
    return rest


def test_a_file_is_applied_and_its_changes_are_shown(run: Run, file: Path) -> None:
    ended = run("settings", "apply", str(file))
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:2] == ["--- stored settings", f"+++ {file}"]
    assert "-currencies: []" in lines
    assert "+- USD" in lines
    assert "+  name: Магазин" in lines
    assert lines[-1] == "Changed the settings of account demo."
    assert yaml.safe_load(run("settings", "show").out)["currencies"] == ["USD", "EUR"]


def test_applying_equal_settings_writes_nothing(
    run: Run, file: Path, connection: Connection
) -> None:
    run("settings", "apply", str(file))
    version = _version(connection)
    ended = run("settings", "apply", str(file))
    assert ended.out == "Nothing to change: account demo already has these settings.\n"
    assert _version(connection) == version


def test_a_dry_run_shows_the_changes_and_writes_nothing(
    run: Run, file: Path, connection: Connection
) -> None:
    before = _version(connection)
    ended = run("settings", "apply", str(file), "--dry-run")
    assert "+- USD" in ended.out
    assert ended.out.endswith("Dry run: nothing was written.\n")
    assert _version(connection) == before


def test_a_terminal_shows_colours(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in run("settings", "apply", str(file), "--dry-run").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = run("settings", "apply", str(file), "--dry-run").out
    assert "\x1b[32m+- USD\x1b[0m" in coloured
    assert "\x1b[31m-currencies: []\x1b[0m" in coloured


def test_text_that_looks_like_markup_is_printed_unchanged(run: Run, file: Path) -> None:
    name = "[red]" + "x" * 200
    file.write_text(f"regions: [{{external_id: north, name: '{name}'}}]", encoding="utf-8")
    assert f"+  name: '{name}'" in run("settings", "apply", str(file)).out.splitlines()


def test_empty_members_are_not_shown(run: Run) -> None:
    assert run("settings", "show").out == (
        "currencies: []\nendpoints: []\nregions: []\ncustom_fields: []\n"
        "custom_line_statuses: []\nproducts: []\npolicies:\n  total_check: warn\n"
        "  external_id_policy: change\n  external_id_requests_per_hour: 10000\n"
        "  definitions_by_import: add\n  unknown_members: warn_near_miss\n  history_days: 400\n"
        "  partner_order_members: neutral\n  order_status_from_lines: 'off'\n"
        "  list_amounts: major\n"
        "  trigger_payload: full\n"
        "  unknown_products: accept\n  products_from_catalogue: 'off'\n"
    )


def test_settings_are_shown_as_the_operator_would_write_them(run: Run, file: Path) -> None:
    run("settings", "apply", str(file))
    shown = run("settings", "show").out
    assert shown.startswith(
        "currencies:\n- USD\n- EUR\nendpoints:\n- external_id: website\n  name: Магазин\n"
        "  campaign_id: 1001\n  sales_model: FBS\nregions: []\ncustom_fields:\n"
    )
    file.write_text("endpoints: [{external_id: website}]", encoding="utf-8")
    run("settings", "apply", str(file))
    assert "- external_id: website\n  sales_model: FBS\n" in run("settings", "show").out


def test_shown_settings_can_be_applied(run: Run, file: Path) -> None:
    run("settings", "apply", str(file))
    shown = run("settings", "show").out
    file.write_text(shown, encoding="utf-8")
    assert run("settings", "apply", str(file)).out.startswith("Nothing to change")
    run("account", "create", "acme")
    assert run("settings", "apply", str(file), "--account", "acme").code == 0
    assert run("settings", "show", "--account", "acme").out == shown


def test_settings_are_read_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"currencies: [RUB]")))
    assert "+++ standard input" in run("settings", "apply", "-").out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(Settings(regions={"a": Region("a", "\x85\u2028\u2029")}))
@given(all_settings())
def test_settings_written_to_a_file_are_read_back_equal(tmp_path: Path, wanted: Settings) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(settings_yaml(wanted), encoding="utf-8")
    assert declare(Settings(), read_settings_file(str(path)).document.declaration()) == wanted


def test_a_section_that_is_not_in_the_file_does_not_change(run: Run, file: Path) -> None:
    run("settings", "apply", str(file))
    file.write_text("regions: [{external_id: north}]\n", encoding="utf-8")
    run("settings", "apply", str(file))
    shown = yaml.safe_load(run("settings", "show").out)
    assert shown["regions"] == [{"external_id": "north"}]
    assert shown["currencies"] == ["USD", "EUR"]
    assert len(shown["endpoints"]) == 1


@pytest.mark.parametrize("section", ["currencies", "endpoints", "products", "policies"])
def test_an_empty_section_is_rejected(run: Run, file: Path, section: str) -> None:
    file.write_text(f"{section}:\n", encoding="utf-8")
    refused = run("settings", "apply", str(file))
    assert refused.code == 1
    reason = "must not be empty; omit the section, or write [] for no entries"
    assert f"/{section}: {reason}" in refused.err


@pytest.mark.parametrize(
    ("written", "stored"), [("off", "off"), ('"off"', "off"), ("warn", "warn")]
)
def test_the_value_off_needs_no_quotes(run: Run, file: Path, written: str, stored: str) -> None:
    file.write_text(f"policies: {{total_check: {written}}}\n", encoding="utf-8")
    run("settings", "apply", str(file))
    assert yaml.safe_load(run("settings", "show").out)["policies"]["total_check"] == stored


def test_a_section_of_the_file_replaces_the_stored_one(run: Run, file: Path) -> None:
    run("settings", "apply", str(file))
    file.write_text("endpoints: []\ncurrencies: [RUB]\n", encoding="utf-8")
    run("settings", "apply", str(file))
    shown = yaml.safe_load(run("settings", "show").out)
    assert (shown["endpoints"], shown["currencies"]) == ([], ["RUB"])


PRODUCTS = """\
products:
- id: 8c2b7f1e
  key: mug
  product_type: 1b0f8c2e
  slug:
    en: mug
  variants:
  - id: 1
    sku: mug-white
  - id: 2
- id: 9d3c
  variants:
  - id: 1
"""


def test_products_are_shown_as_declared(run: Run, file: Path) -> None:
    file.write_text(PRODUCTS, encoding="utf-8")
    assert run("settings", "apply", str(file)).code == 0
    assert PRODUCTS in run("settings", "show").out
    assert run("settings", "apply", str(file)).out.startswith("Nothing to change")
    file.write_text("products: []\n", encoding="utf-8")
    run("settings", "apply", str(file))
    assert "products: []\n" in run("settings", "show").out


def test_an_unknown_default_endpoint_is_rejected_with_its_line(
    run: Run, file: Path, connection: Connection
) -> None:
    before = _version(connection)
    file.write_text(f"{DECLARED}policies:\n  default_endpoint: shop\n", encoding="utf-8")
    ended = run("settings", "apply", str(file))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"{file} was not applied, because it has 1 error:",
        (
            "/policies/default_endpoint: must be an endpoint of the account: website; "
            'got "shop" (line 13)'
        ),
    ]
    assert _version(connection) == before


def test_a_policy_that_the_file_does_not_name_stays(run: Run, file: Path) -> None:
    for policy in ("total_check: reject", "external_id_policy: once"):
        file.write_text(f"policies: {{{policy}}}\n", encoding="utf-8")
        assert run("settings", "apply", str(file)).code == 0
    shown = run("settings", "show").out
    assert "total_check: reject" in shown
    assert "external_id_policy: once" in shown


def test_the_default_endpoint_cannot_be_removed_alone(run: Run, file: Path) -> None:
    file.write_text(f"{DECLARED}policies:\n  default_endpoint: website\n", encoding="utf-8")
    assert run("settings", "apply", str(file)).code == 0
    file.write_text("endpoints: [{external_id: shop}]\n", encoding="utf-8")
    refused = run("settings", "apply", str(file))
    assert refused.code == 1
    assert (
        '/policies/default_endpoint: must be an endpoint of the account: shop; got "website"'
        in refused.err
    )
    file.write_text("endpoints: [{external_id: shop}]\npolicies: {}\n", encoding="utf-8")
    assert run("settings", "apply", str(file)).code == 0
    assert "default_endpoint" not in run("settings", "show").out


def test_definitions_of_imports_are_not_removed(
    run: Run, file: Path, connection: Connection
) -> None:
    _define(connection, ValueType.INT)
    run("settings", "apply", str(file))
    shown = yaml.safe_load(run("settings", "show").out)
    assert [field["external_id"] for field in shown["custom_fields"]] == ["made_by_import", "note"]


def test_another_value_type_is_rejected(run: Run, file: Path, connection: Connection) -> None:
    _define(connection, ValueType.INT, "note")
    before = _version(connection)
    ended = run("settings", "apply", str(file))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"{file} was not applied, because it has 1 error:",
        (
            '/custom_fields/0/value_type: Custom field "note" of order must keep value_type int, '
            "because stored orders may use it; got unicode (line 10)"
        ),
    ]
    assert _version(connection) == before


def test_an_invalid_file_is_rejected_without_a_call_of_aws(run_bare: Run, file: Path) -> None:
    file.write_text("currency: USD\n", encoding="utf-8")
    ended = run_bare("settings", "apply", str(file), "--endpoint-url", "http://127.0.0.1:1")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        f"{file} was not applied, because it has 1 error:",
        (
            "/currency: is not a known key; the known keys are: currencies, endpoints, regions, "
            "custom_fields, custom_line_statuses, products, policies, business_id (line 1)"
        ),
    ]


def test_every_fault_is_listed_with_its_path_and_line(file: Path) -> None:
    faults = _faults(
        file,
        """\
currencies: [USD, usd, NO]
endpoints:
  - name: Without an id
  - external_id: website
    campain_id: 1001
  - just text
regions: north
custom_fields:
  - external_id: a
    entity_type: order
    value_type: text
    required: 1
custom_line_statuses:
  - external_id: 0001
    name: At the counter
    type: in_process
policies:
  total_check: 5
""",
    )
    assert faults == [
        "/currencies/1: must be three capital letters such as USD (line 1)",
        "/currencies/2: must be text: put it in quotes (line 1)",
        "/endpoints/0/external_id: is required (line 3)",
        (
            "/endpoints/1/campain_id: is not a known key; the known keys are: external_id, name, "
            "campaign_id, sales_model (line 5)"
        ),
        (
            "/endpoints/2: must be a mapping with the keys: external_id, name, campaign_id, "
            "sales_model (line 6)"
        ),
        "/regions: must be a list (line 7)",
        (
            '/custom_fields/0/value_type: must be one of "unicode", "int", "float", "bool", "enum" '
            'or "date" (line 11)'
        ),
        "/custom_fields/0/required: must be true or false (line 12)",
        "/custom_line_statuses/0/external_id: must be text: put it in quotes (line 14)",
        '/policies/total_check: must be one of "off", "warn" or "reject" (line 18)',
    ]


FIELD = "custom_fields: [{external_id: a, entity_type: order"
VARIANT = "variants: [{id: 1}]"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("currencies: [USD, USD]", '/currencies: "USD" is a duplicate (line 1)'),
        (
            "endpoints: [{external_id: a}, {external_id: a}]",
            '/endpoints: external_id "a" is a duplicate (line 1)',
        ),
        (
            "endpoints: [{external_id: a, campaign_id: 1}, {external_id: b, campaign_id: 1}]",
            "/endpoints: campaign_id 1 is a duplicate (line 1)",
        ),
        (
            "regions: [{external_id: a}, {external_id: a}]",
            '/regions: external_id "a" is a duplicate (line 1)',
        ),
        (
            f"{FIELD}, value_type: int}}, {{external_id: a, entity_type: order, value_type: int}}]",
            '/custom_fields: external_id "a" of "order" is a duplicate (line 1)',
        ),
        (
            (
                "custom_line_statuses: [{external_id: a, type: delivered},"
                " {external_id: a, type: canceled}]"
            ),
            '/custom_line_statuses: external_id "a" is a duplicate (line 1)',
        ),
        (
            "custom_line_statuses: [{external_id: delivered, type: delivered}]",
            (
                "/custom_line_statuses/0/external_id: must not be a built-in line status; "
                'got "delivered" (line 1)'
            ),
        ),
        (
            "policies: []",
            (
                "/policies: must be a mapping with the keys: total_check, external_id_policy, "
                "external_id_requests_per_hour, default_endpoint, definitions_by_import, "
                "unknown_members, history_days, partner_order_members, order_status_from_lines, "
                "list_amounts, trigger_payload, unknown_products, products_from_catalogue "
                "(line 1)"
            ),
        ),
        (
            "[]",
            (
                "/: must be a mapping with the keys: currencies, endpoints, regions, "
                "custom_fields, custom_line_statuses, products, policies, business_id (line 1)"
            ),
        ),
        (
            f"{FIELD}, value_type: enum}}]",
            "/custom_fields/0: enum_values is required for value_type enum (line 1)",
        ),
        (
            f"{FIELD}, value_type: enum, enum_values: {{a: x}}}}]",
            "/custom_fields/0/enum_values/a: must be a whole number (line 1)",
        ),
        (
            f"{FIELD}, value_type: int, default_value: many}}]",
            (
                "/custom_fields/0: default_value must be a whole number of at most 64 bits; "
                'got "many" (line 1)'
            ),
        ),
        (
            f"{FIELD}, value_type: unicode, default_value: [a]}}]",
            "/custom_fields/0/default_value: must be a string, a number, true or false (line 1)",
        ),
        (
            f"products: [{{id: a, {VARIANT}}}, {{id: a, {VARIANT}}}]",
            '/products: product "a" is a duplicate (line 1)',
        ),
        (
            f"products: [{{id: a, key: k, {VARIANT}}}, {{id: b, key: k, {VARIANT}}}]",
            '/products: key "k" is a duplicate (line 1)',
        ),
        (
            (
                "products: [{id: a, variants: [{id: 1, sku: s}]},"
                " {id: b, variants: [{id: 7, sku: s}]}]"
            ),
            '/products: sku "s" is a duplicate (line 1)',
        ),
        (
            "products: [{id: a, variants: [{id: 1, sku: s}, {id: 1}]}]",
            "/products/0/variants: variant 1 is a duplicate (line 1)",
        ),
        (
            "products: [{id: a, variants: [{id: 1, name: s}]}]",
            "/products/0/variants/0/name: is not a known key; the known keys are: id, sku (line 1)",
        ),
        (
            f"products: [{{id: a, name: b, {VARIANT}}}]",
            (
                "/products/0/name: is not a known key; the known keys are: id, key, product_type, "
                "slug, variants (line 1)"
            ),
        ),
        (
            "products: [{id: a, variants: [mug]}]",
            "/products/0/variants/0: must be a mapping with the keys: id, sku (line 1)",
        ),
        ("products: [{id: a}]", "/products/0/variants: is required (line 1)"),
        (
            "products: [{id: a, variants: []}]",
            "/products/0/variants: must have 1 or more elements (line 1)",
        ),
        (
            f"products: [{{id: '', {VARIANT}}}]",
            "/products/0/id: must have 1 or more characters (line 1)",
        ),
        (
            "policies: {external_id_requests_per_hour: 10000001}",
            "/policies/external_id_requests_per_hour: must be at most 10000000 (line 1)",
        ),
        (
            "endpoints: [{external_id: a, campaign_id: 9223372036854775808}]",
            "/endpoints/0/campaign_id: must be less than 9223372036854775808 (line 1)",
        ),
        (
            "products: [{id: 1, variants: [{id: 1}]}]",
            "/products/0/id: must be text: put it in quotes (line 1)",
        ),
        ("currencies: [USD]\ncurrencies: [EUR]", "/currencies: is a duplicate key (line 2)"),
        (
            "endpoints: [{external_id: a, name: b, name: c}]",
            "/endpoints/0/name: is a duplicate key (line 1)",
        ),
        (
            "endpoints: [{external_id: a, campaign_id: 0}]",
            "/endpoints/0/campaign_id: must be at least 1 (line 1)",
        ),
        ("endpoints: [{external_id: }]", "/endpoints/0/external_id: is required (line 1)"),
        (
            "custom_fields: [{external_id: a, entity_type: null, value_type: int}]",
            "/custom_fields/0/entity_type: is required (line 1)",
        ),
        (
            "regions: [{external_id: a, name: null}]",
            "/regions/0/name: must be text: put it in quotes (line 1)",
        ),
    ],
)
def test_a_fault_is_described(file: Path, text: str, fault: str) -> None:
    # The line of a duplicate key is that of its second occurrence, which must be removed.
    assert _faults(file, text) == [fault]


def test_two_entity_types_may_use_the_same_id(file: Path) -> None:
    file.write_text(
        "custom_fields: [{external_id: a, entity_type: order, value_type: int},"
        " {external_id: a, entity_type: product, value_type: date, default_value: 2022-01-02}]",
        encoding="utf-8",
    )
    document = read_settings_file(str(file)).document
    assert len(document.settings().custom_fields) == 2


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is empty: it must have at least one section."),
        (b"# nothing\n", "is empty: it must have at least one section."),
        (b"currencies: [USD", "is not valid YAML: expected ',' or ']'"),
        (b"currencies: {[]: 1}", "is not valid YAML: a key must be text or a number (line 1)."),
        (b"a: 1\n---\nb: 1\n", "is not valid YAML: but found another document (line 2)."),
        (b"a: !!python/name:os.system x", "is not valid YAML: could not determine"),
        (b"a: \x07", "is not valid YAML: unacceptable character #x0007"),
        (b"a: &a [*a]", "is not valid YAML: it is nested too deeply."),
        (
            "currencies: [é]".encode("latin-1"),
            "must be UTF-8 text; the byte at position 13 is not valid.",
        ),
        *(
            (
                "currencies: [USD]".encode(f"utf-{bits}{order}"),
                f"must be UTF-8 text; it looks like UTF-{bits}: save it as UTF-8.",
            )
            for bits in (16, 32)
            for order in ("", "-le", "-be")
        ),
    ],
)
def test_an_invalid_file_is_rejected(run: Run, file: Path, raw: bytes, reason: str) -> None:
    file.write_bytes(raw)
    ended = run("settings", "apply", str(file))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"{file} {reason}")
    assert ended.err.count("\n") == 1


def test_a_missing_file_is_rejected(run: Run, tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "x", "No such file or directory"), (tmp_path, "Is a dir")):
        ended = run("settings", "apply", str(path))
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"{path} cannot be read: {reason}")


def test_settings_of_a_newer_version_are_rejected(run: Run, connection: Connection) -> None:
    with connected(connection) as operator:
        operator.settings.client.update_item(
            TableName=connection.table,
            Key={"pk": {"S": "A#demo"}, "sk": {"S": "SETTINGS"}},
            UpdateExpression="SET document = :new",
            ExpressionAttributeValues={":new": {"S": '{"new_section": []}'}},
        )
    ended = run("settings", "show")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.endswith("update the command.\n")


USED = """\
currencies: [USD]
endpoints: [{external_id: website}]
custom_fields:
  - {external_id: gift, entity_type: order, value_type: bool}
  - {external_id: "a:b", entity_type: line_order, value_type: int}
custom_line_statuses: [{external_id: packed, type: in_process}]
"""


def _import(connection: Connection, text: str) -> None:
    now = utc_now()
    order = Order("demo", "A", 1, 1, "new", "altcraft", text, now, now, "request")
    with connected(connection) as operator:
        [outcome] = operator.orders.save("demo", [Write(order, None, None)], DEADLINE)
    assert outcome is WriteOutcome.COMMITTED


def test_unused_definitions_are_removed(run: Run, file: Path, connection: Connection) -> None:
    file.write_text(USED, encoding="utf-8")
    run("settings", "apply", str(file))
    _import(connection, '{"custom_fields":{"gift":true},"lines":[{"status":"new"}]}')
    ended = run(
        *("settings", "remove", "--custom-field", "line_order:a:b", "--line-status", "packed")
    )
    assert (ended.code, ended.err) == (0, "")
    assert "-- external_id: a:b" in ended.out
    assert ended.out.endswith(
        "None of the newest orders uses them; read 1 order.\nChanged account demo.\n"
    )
    left = yaml.safe_load(run("settings", "show").out)
    assert [each["external_id"] for each in left["custom_fields"]] == ["gift"]
    assert left["custom_line_statuses"] == []
    assert left["currencies"] == ["USD"]


def test_definitions_in_use_are_removed_by_force_only(
    run: Run, file: Path, connection: Connection
) -> None:
    file.write_text(USED, encoding="utf-8")
    run("settings", "apply", str(file))
    _import(connection, '{"custom_fields":{"gift":true},"lines":[{"status":"packed"}]}')
    version = _version(connection)
    words = ("settings", "remove", "--custom-field", "order:gift", "--line-status", "packed")
    refused = run(*words)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "Nothing was removed. Some of the newest orders use what you want to remove "
        "(custom field order:gift: 1; line status packed: 1; read 1 order). "
        "Use --force to remove it nevertheless.\n"
    )
    assert _version(connection) == version
    forced = run(*words, "--force")
    assert forced.code == 0
    assert forced.out.endswith("\nChanged account demo.\n")
    assert "newest orders" not in forced.out
    assert "gift" not in run("settings", "show").out
    again = run(*words)
    assert again.code == 1
    assert again.err == (
        "The settings do not define custom field order:gift, line status packed.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name at least one --custom-field or --line-status."),
        (["--custom-field", "gift"], "--custom-field must be ENTITY:ID, where ENTITY is one of"),
        (["--custom-field", "line:gift"], "product, sku, order, line_order; got 'line:gift'."),
    ],
)
def test_what_to_remove_must_be_named(run: Run, words: list[str], said: str) -> None:
    ended = run("settings", "remove", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_bare_off_switches_definitions_off(run: Run, file: Path, connection: Connection) -> None:
    file.write_text("policies: {definitions_by_import: off}", encoding="utf-8")
    assert run("settings", "apply", str(file)).code == 0
    assert yaml.safe_load(run("settings", "show").out)["policies"]["definitions_by_import"] == "off"
    with pytest.raises(DefinitionsRefusedError):
        _define(connection, ValueType.INT)
