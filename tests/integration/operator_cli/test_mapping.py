"""`orders mapping`, and `orders import` with a mapping that an account keeps."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from market_orders_testing.http_server import served
from operator_cli.column_names import LINE_NAMES, ORDER_NAMES, STATUS_WORDS, plain_name
from operator_cli.composition import Connection, connected
from operator_cli.mapping_file import read_mapping_file
from orders.domain.order import Order
from orders.file_formats.written_mappings import read_mapping
from tests.integration.operator_cli.conftest import Run
from tests.support.deadlines import DEADLINE
from tests.support.jobs_over_http import TOKEN, JobsOverHttp
from tests.support.samples import order

EXPORTS = Path(__file__).parents[2] / "unit" / "file_formats" / "exports"
GERMAN = """\
Bestellnummer;Bestelldatum;E-Mail-Adresse;Gesamtbetrag;Währung;Bestellstatus;Artikelnummer;Menge;Einzelpreis;Notiz
B-1;31.01.2026 10:00;ada@example.com;1.234,50;EUR;Bezahlt;mug;2;600,00;"a ""b"" c"
B-1;;;;;;card;1;34,50;
B-2;01.02.2026 11:00;bob@example.com;5,00;EUR;Komisch;card;1;5,00;x
"""
RUSSIAN = """\
Номер заказа,Дата заказа,Телефон,Сумма заказа,Валюта,Статус,Артикул,Кол-во,Цена
77,2026-01-31 10:00,+79990000000,"1200,00",руб,Оплачен,mug,2,"600,00"
"""
DECLARED = "currencies: [EUR]\nendpoints: [{external_id: website}]\n"
ENGLISH = """\
Order ID,Created At,Email,Phone,Order Total,Currency,Status,SKU,Qty,Unit Price,Tags
7,2026-01-31 10:00:00,ada@example.com,+1555,12.00,USD,Completed,mug,2,6.00,"a, b"
"""


def _written(folder: Path, text: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def german(tmp_path: Path) -> Path:
    return _written(tmp_path, GERMAN)


@pytest.fixture
def drafted(german: Path, run_bare: Run, tmp_path: Path) -> Path:
    """Return a file with the draft of a mapping of `german`."""
    return _written(tmp_path, run_bare("mapping", "init", str(german)).out, "german.yaml")


@pytest.mark.parametrize(
    ("text", "order", "line"),
    [
        (
            GERMAN,
            {
                "external_id": "Bestellnummer",
                "matching": {"constant": "email"},
                "email": "E-Mail-Adresse",
                "status": {
                    "column": "Bestellstatus",
                    "lookup": {"Bezahlt": "paid", "Komisch": "new"},
                },
                "currency": "Währung",
                "total_price": "Gesamtbetrag",
                "create_time": "Bestelldatum",
            },
            {
                "sku": "Artikelnummer",
                "count": "Menge",
                "final_price_per_item": "Einzelpreis",
            },
        ),
        (
            RUSSIAN,
            {
                "external_id": "Номер заказа",
                "matching": {"constant": "phone"},
                "phone": "Телефон",
                "status": {"column": "Статус", "lookup": {"Оплачен": "paid"}},
                "currency": "Валюта",
                "total_price": "Сумма заказа",
                "create_time": "Дата заказа",
            },
            {"sku": "Артикул", "count": "Кол-во", "final_price_per_item": "Цена"},
        ),
        (
            ENGLISH,
            {
                "external_id": "Order ID",
                "matching": {"constant": "email_phone"},
                "email": "Email",
                "phone": "Phone",
                "status": {"column": "Status", "lookup": {"Completed": "delivered"}},
                "currency": "Currency",
                "total_price": "Order Total",
                "create_time": "Created At",
                "tags": {"column": "Tags", "split": ","},
            },
            {"sku": "SKU", "count": "Qty", "final_price_per_item": "Unit Price"},
        ),
    ],
    ids=["german", "russian", "english"],
)
def test_a_draft_has_the_members_that_the_header_suggests(
    run_bare: Run, tmp_path: Path, text: str, order: dict[str, object], line: dict[str, object]
) -> None:
    ended = run_bare("mapping", "init", str(_written(tmp_path, text)))
    assert (ended.code, ended.err) == (0, "")
    tree = yaml.safe_load(ended.out)
    read_mapping(tree)
    assert tree["group_by"] == order["external_id"]
    assert tree["order"] == {"endpoint": {"constant": "website"}, **order}
    assert tree["line"] == {"external_id": {"template": "{#}"}, **line}


def test_a_draft_shows_the_first_values_and_the_columns_without_a_member(
    run_bare: Run, german: Path
) -> None:
    lines = run_bare("mapping", "init", str(german)).out.splitlines()
    assert '  total_price: Gesamtbetrag  # "1.234,50" | "" | "5,00"' in lines
    assert "      Komisch: new  # TODO" in lines
    assert '#   Notiz: "a \\"b\\" c" | "" | "x"' in lines


def test_a_draft_says_what_is_missing(run_bare: Run, tmp_path: Path) -> None:
    file = _written(tmp_path, "yes,Ref: 1,Ref: 1\n1,2\u2028\u001b[31m,3\n")
    out = run_bare("mapping", "init", str(file), "--format", "mapped_csv").out
    tree = yaml.safe_load(out)
    assert (tree["group_by"], tree["order"]["external_id"]) == ("yes", "yes")
    for text in (
        "TODO No column's name suggests the number of the order",
        "TODO email, phone or profile_id must have a column.",
        "TODO total_price is required.",
        "TODO currency is required.",
        "TODO final_price_per_item is required.",
        '"Ref: 1": "2\\u2028\\u001b[31m"',
    ):
        assert text in out, text
    assert "\u001b" not in out


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("shopify.csv", "shopify_csv"),
        ("matrixify.csv", "matrixify_csv"),
        ("woocommerce.csv", "woocommerce_csv"),
        ("amazon.txt", "amazon_orders"),
    ],
)
def test_the_draft_of_a_known_export_is_the_mapping_of_its_format(
    run_bare: Run, tmp_path: Path, name: str, format_name: str
) -> None:
    file = EXPORTS / name
    ended = run_bare("mapping", "init", str(file))
    assert f"# The mapping of {format_name}, " in ended.out
    draft = _written(tmp_path, ended.out, "draft.yaml")
    checked = run_bare("mapping", "check", str(file), str(draft))
    assert checked.code == 0
    assert "Problems of the first 2 orders: none" in checked.out


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("commerceml.xml", "must be a CSV file with a header"),
        ("commercetools.jsonl", "must have a format with a mapping"),
    ],
)
def test_a_file_without_columns_has_no_draft(run_bare: Run, name: str, fault: str) -> None:
    ended = run_bare("mapping", "init", str(EXPORTS / name))
    assert ended.code == 2
    assert fault in ended.err


def test_a_title_above_the_header_is_no_header(run_bare: Run, tmp_path: Path) -> None:
    ended = run_bare("mapping", "init", str(_written(tmp_path, "Report,,\nNo,Total,SKU\n1,2,a\n")))
    assert ended.code == 2
    assert "Remove the rows before the header." in ended.err


def test_a_draft_names_repeated_columns(run_bare: Run, tmp_path: Path) -> None:
    ended = run_bare("mapping", "init", str(_written(tmp_path, "No,Note,,Note,\n1,2,3,4,5\n")))
    assert '# TODO The header has "Note" more than once: give its columns other names.' in ended.out


def test_a_check_names_each_missing_column_of_a_template(
    run_bare: Run, german: Path, drafted: Path, tmp_path: Path
) -> None:
    text = drafted.read_text().replace(
        "create_time: Bestelldatum", 'create_time: {template: "{Bestelldatum} {Uhrzeit}"}'
    )
    mapping = _written(tmp_path, text, "times.yaml")
    ended = run_bare("mapping", "check", str(german), str(mapping), "--json")
    assert json.loads(ended.out)["missing"] == ["order.create_time (Uhrzeit)"]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("Betrag", '"Betrag"'),
        ("{column: Einzelpreis, less: [Rabatt, Bonus]}", '"Rabatt" or "Bonus"'),
    ],
)
def test_a_column_of_an_amount_that_the_file_does_not_have_is_refused(
    run_bare: Run, german: Path, drafted: Path, source: str, named: str
) -> None:
    text = drafted.read_text().replace("item: Einzelpreis", f"item: {source}")
    mapping = _written(drafted.parent, text, "amounts.yaml")
    ended = run_bare("mapping", "check", str(german), str(mapping))
    assert ended.code == 2
    assert f"{named}, which the mapping names for line.final_price_per_item" in ended.err


def test_a_part_of_a_mapping_is_none_for_an_unknown_file(
    run_bare: Run, german: Path, tmp_path: Path
) -> None:
    part = _written(tmp_path, "group_by: Bestellnummer\n", "part.yaml")
    ended = run_bare("mapping", "check", str(german), str(part))
    assert ended.code == 2
    assert "must have group_by, order and line" in ended.err


def test_a_check_shows_the_orders_as_they_would_be_imported(
    run_bare: Run, german: Path, drafted: Path
) -> None:
    ended = run_bare("mapping", "check", str(german), str(drafted))
    assert (ended.code, ended.err) == (0, "")
    assert "mapped_csv (guessed)" in ended.out
    assert "ignored: Notiz" in ended.out
    [first] = [each.split() for each in ended.out.splitlines() if "B-1" in each]
    assert first == [
        *("2", "B-1", "2026-01-31T10:00:00Z", "paid", "EUR", "1234.50", "2", "ada@example.com")
    ]


def test_a_check_reports_the_problems_with_the_columns(
    run_bare: Run, german: Path, drafted: Path, tmp_path: Path
) -> None:
    bad = GERMAN.replace("600,00", "viel").replace("card;1;5,00", "card;;5,00")
    file = _written(tmp_path, bad, "bad.csv")
    mapping = drafted.read_text() + "  product: Produkt\n"
    ended = run_bare(
        "mapping", "check", str(file), str(_written(tmp_path, mapping, "bad.yaml")), "--json"
    )
    assert ended.code == 1
    tree = json.loads(ended.out)
    assert (tree["format"], tree["unmapped"]) == ("mapped_csv", ["Notiz"])
    assert tree["missing"] == ["line.product (Produkt)"]
    first, second = tree["orders"]
    assert first["order"]["lines"][1]["final_price_per_item"] == "34.50"
    [problem] = first["problems"]
    assert problem["path"] == "/lines/0/final_price_per_item"
    assert problem["message"].startswith('column "Einzelpreis" must be an amount with a decimal')
    assert [each["path"] for each in second["problems"]] == ["/lines/0/count"]
    shown = run_bare("mapping", "check", str(file), str(tmp_path / "bad.yaml"))
    assert shown.code == 1
    assert "Problems of the first 2 orders: 2" in shown.out
    assert '  row 2  B-1  /lines/0/final_price_per_item: column "Einzelpreis" must' in shown.out
    assert "  line.product (Produkt)" in shown.out
    assert run_bare("mapping", "check", str(german), str(drafted), "--decimal-point").code == 1


def test_a_check_shows_at_most_20_orders(run_bare: Run, drafted: Path, tmp_path: Path) -> None:
    header, _, _, row = GERMAN.splitlines()
    rows = [row.replace("B-2", f"B-{number}") for number in range(30)]
    file = _written(tmp_path, "\n".join([header, *rows]), "many.csv")
    ended = run_bare("mapping", "check", str(file), str(drafted), "--json")
    assert len(json.loads(ended.out)["orders"]) == 20


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("order: {email: [a]}", "order.email must be the name of a column"),
        ("orders: {}", 'must have only group_by, line_if, order, line; got "orders"'),
        ("{}", "got none of them"),
        ("- a", "must have a mapping at its root"),
        ("a: [", "is not YAML"),
        ("order: {email: A, email: B}", '"email" is a duplicate (line 1)'),
        ("? [a]\n: b", "a name must be text"),
    ],
)
def test_a_fault_of_a_mapping_file_is_reported(
    run_bare: Run, german: Path, tmp_path: Path, text: str, fault: str
) -> None:
    ended = run_bare("mapping", "check", str(german), str(_written(tmp_path, text, "m.yaml")))
    assert ended.code == 2
    assert fault in ended.err


OWN = {
    "own.csv": (
        "external_id,email,endpoint,status,currency,total_price,line.external_id,line.sku,"
        "line.count,line.final_price_per_item\nB-1,a@example.com,web,new,EUR,1,1,mug,1,1\n"
    ),
    "own.jsonl": json.dumps(order(external_id="B-1")) + "\n",
}


@pytest.mark.parametrize("name", OWN)
def test_a_file_in_a_format_of_the_hub_needs_no_mapping(
    run_bare: Run, drafted: Path, tmp_path: Path, name: str
) -> None:
    file = _written(tmp_path, OWN[name], name)
    ended = run_bare("mapping", "check", str(file))
    assert (ended.code, ended.err) == (0, "")
    assert "needs no mapping\n" in ended.out
    assert "B-1" in ended.out
    assert "Problems of the first 1 order: none" in ended.out
    refused = run_bare("mapping", "check", str(file), str(drafted))
    assert refused.code == 2
    assert "which needs no mapping: omit it" in refused.err


def test_an_export_is_checked_with_the_mapping_of_its_format(run_bare: Run) -> None:
    ended = run_bare("mapping", "check", str(EXPORTS / "shopify.csv"))
    assert (ended.code, ended.err) == (0, "")
    assert "needs no mapping" not in ended.out
    assert "Problems of the first 2 orders: none" in ended.out


def test_orders_of_another_protocol_are_not_checked(run_bare: Run) -> None:
    ended = run_bare("mapping", "check", str(EXPORTS / "commercetools.jsonl"))
    assert ended.code == 2
    assert "must have orders of the Altcraft import; got commercetools_drafts" in ended.err


def test_yaml_keeps_the_words_that_columns_have(tmp_path: Path) -> None:
    text = "yes: no\n01: 2026-01-31\ntrue: true\nn: 5\n"
    assert read_mapping_file(_written(tmp_path, text, "m.yaml")) == {
        "yes": "no",
        "01": "2026-01-31",
        "true": True,
        "n": 5,
    }


def test_the_known_names_have_the_form_in_which_they_are_searched() -> None:
    tables = (*ORDER_NAMES.values(), *LINE_NAMES.values())
    names = [each for known in tables for each in known]
    assert [each for each in [*names, *STATUS_WORDS] if plain_name(each) != each] == []


# Mappings that an account keeps


@pytest.mark.usefixtures("demo_account")
def test_a_mapping_is_kept_listed_shown_and_removed(run: Run, drafted: Path) -> None:
    assert run("mapping", "list").out == "The account keeps no mappings.\n"
    ended = run("mapping", "apply", "german", str(drafted))
    assert (ended.code, ended.err) == (0, "")
    assert "orders import FILE --mapping german" in ended.out
    assert "Nothing to change" in run("mapping", "apply", "german", str(drafted)).out
    assert json.loads(run("mapping", "list", "--json").out) == [{"name": "german", "members": 12}]
    assert "german" in run("mapping", "list").out
    shown = run("mapping", "show", "german").out
    assert yaml.safe_load(shown) == read_mapping_file(drafted)
    assert run("settings", "show").code == 0
    assert run("mapping", "remove", "german").code == 0
    gone = run("mapping", "show", "german")
    assert gone.code == 1
    assert 'The account keeps no mapping "german"; it keeps none.' in gone.err
    assert run("mapping", "remove", "german").code == 1


@pytest.mark.usefixtures("demo_account")
def test_a_name_that_could_be_misread_is_rejected(run: Run, drafted: Path) -> None:
    ended = run("mapping", "apply", "../german", str(drafted))
    assert ended.code == 1
    assert "The name of a mapping must have 1 to 64 letters" in ended.err


@pytest.mark.usefixtures("demo_account")
def test_a_small_file_is_imported_with_a_kept_mapping(
    run: Run, connection: Connection, german: Path, drafted: Path, tmp_path: Path
) -> None:
    settings = _written(tmp_path, DECLARED, "s.yaml")
    assert run("settings", "apply", str(settings)).code == 0
    assert run("mapping", "apply", "german", str(drafted)).code == 0
    ended = run("import", str(german), "--yes", "--mapping", "german")
    assert (ended.code, "Imported 2 of 2 orders." in ended.out) == (0, True), ended.err
    with connected(connection) as operator:
        found = operator.orders.find_by_external_ids("demo", ["B-1", "B-2"], DEADLINE).orders
    assert sorted(_money(each) for each in found.values()) == [
        ("B-1", "1234.5", 2),
        ("B-2", "5", 1),
    ]
    unknown = run("import", str(german), "--yes", "--mapping", "french")
    assert unknown.code == 2
    assert 'keeps no mapping "french"; those of the account are: german' in unknown.err


def _money(order: Order) -> tuple[str, str, int]:
    tree = json.loads(order.document)
    return order.external_id, str(tree["total_price"]), len(tree["lines"])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, drafted: Path) -> Iterator[JobsOverHttp]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = JobsOverHttp(mappings={"german": read_mapping_file(drafted)})
    with served(found) as url:
        found.url = url
        yield found


def test_a_file_is_imported_by_a_job_with_a_kept_mapping(
    hub: JobsOverHttp, run_bare: Run, german: Path
) -> None:
    where = ("--base-url", hub.url, "--token", TOKEN)
    ended = run_bare("import", str(german), "--yes", "--mapping", "german", *where)
    assert "mapping german, as the account keeps it" in ended.out
    options = hub.engine.job.options
    assert options is not None
    assert (options.format, options.mapping) == ("mapped_csv", hub.mappings["german"])
    assert "Preview of 2 orders" in ended.out
    unknown = run_bare("import", str(german), "--yes", "--mapping", "french", *where)
    assert unknown.code == 2
    assert "those of the account are: german" in unknown.err


def test_a_file_has_priority_over_a_kept_mapping(
    hub: JobsOverHttp,
    run_bare: Run,
    german: Path,
    drafted: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("operator_cli.import_source.MAX_SMALL_ORDERS", 0)
    monkeypatch.chdir(german.parent)
    other = drafted.read_text().replace("constant: website", "constant: outlet")
    _written(german.parent, other, "german")
    where = ("--base-url", hub.url, "--token", TOKEN)
    run_bare("import", str(german), "--yes", "--mapping", "german", *where)
    options = hub.engine.job.options
    assert options is not None
    assert options.mapping["order"]["endpoint"] == {"constant": "outlet"}  # type: ignore[index]
