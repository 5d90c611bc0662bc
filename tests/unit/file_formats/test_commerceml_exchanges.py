"""Exchanges of 1C and Bitrix with what real ones have in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.file_records import UNCHOSEN, FileOptions, Record
from orders.file_formats.interface import Converted
from orders.file_formats.registry import Registry, format_named
from tests.support.files import read_whole, result_file, together

ROOT = "КоммерческаяИнформация"
CONTACT = "<Контакт><Тип>{}</Тип><Значение>{}</Значение></Контакт>"
LINE = (
    "<Товар><Ид>g1</Ид><Артикул>mug</Артикул><ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу>"
    "<Количество>2</Количество><Сумма>10</Сумма></Товар>"
)


def _document(lines: str = LINE, /, **members: str) -> str:
    values = {
        "Номер": "1",
        "Дата": "2025-10-07",
        "ХозОперация": "Заказ товара",
        "Сумма": "10",
        "Контрагенты": _partner("7", "Покупатель", CONTACT.format("Почта", "ada@example.com")),
        **members,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f"<Документ>{inner}<Товары>{lines}</Товары></Документ>"


def _partner(number: str, role: str, contacts: str = "") -> str:
    return (
        f"<Контрагент><Ид>{number}</Ид><Роль>{role}</Роль><Контакты>{contacts}</Контакты>"
        "</Контрагент>"
    )


def _requisites(values: Mapping[str, str]) -> str:
    return "".join(
        f"<ЗначениеРеквизита><Наименование>{name}</Наименование><Значение>{value}</Значение>"
        "</ЗначениеРеквизита>"
        for name, value in values.items()
    )


def _file(*documents: str, charset: str = "windows-1251") -> bytes:
    head = f'<?xml version="1.0" encoding="{charset}"?>\n<{ROOT} ВерсияСхемы="2.10">\n'
    return f"{head}{'\n'.join(documents)}\n</{ROOT}>\n".encode(charset)


def _read(
    data: bytes, mapping: Mapping[str, object] | None = None
) -> tuple[Sequence[Record], list[Converted], tuple[str, ...]]:
    options = Registry().detect("orders.xml", data, replace(UNCHOSEN, mapping=mapping or {}))
    assert options.format == "commerceml"
    frame, records = read_whole(data, options)
    found = [format_named(options.format).convert(each, frame, options) for each in records]
    return records, found, frame.ignored


def _tree(document: str, mapping: Mapping[str, object] | None = None) -> dict[str, Any]:
    _, [found], _ = _read(_file(document), mapping)
    assert found.faults == ()
    return found.tree


def _lines(document: str) -> list[tuple[str, str, str]]:
    lines = _tree(document)["lines"]
    return [(each["sku"], each["count"], each["final_price_per_item"]) for each in lines]


PAYMENT = _document(Номер="P-1", ХозОперация="Выплата безналичных денег")
REFUND = _document(Номер="R-1", ХозОперация="Возврат товара")


def test_documents_of_other_operations_are_left_out_and_named() -> None:
    data = _file(PAYMENT, _document(), REFUND, PAYMENT, _document(Номер="2"), REFUND)
    records, found, ignored = _read(data)
    assert [(each.row, each.key) for each in records] == [(1, "1"), (2, "2")]
    assert [each.tree["external_id"] for each in found] == ["1", "2"]
    assert ignored == ("Документ (Выплата безналичных денег)", "Документ (Возврат товара)")


def test_many_documents_of_another_operation_do_not_count_for_the_size_of_an_order() -> None:
    note = _document(Номер="P", ХозОперация="Возврат товара", Комментарий="x" * 100_000)
    records, found, _ = _read(_file(*[note] * 100, _document(), charset="utf-8"))
    assert ([each.key for each in records], found[0].faults) == (["1"], ())
    assert len(records[0].raw) < 1000


def test_an_order_may_be_in_a_container_with_its_payments() -> None:
    data = _file(
        f"<Контейнер>{PAYMENT}{_document()}{REFUND}</Контейнер>",
        f"<Контейнер>{PAYMENT}</Контейнер>",
        f"<Контейнер>{_document(Номер='2')}</Контейнер>",
        _document(Номер="3"),
        "<Контейнер/>",
    )
    records, found, _ = _read(data)
    assert [each.key for each in records] == ["1", "2", "3"]
    assert [each.tree["external_id"] for each in found] == ["1", "2", "3"]


def test_a_container_with_two_orders_is_a_problem() -> None:
    _, [found], _ = _read(_file(f"<Контейнер>{_document()}{_document(Номер='2')}</Контейнер>"))
    [fault] = found.faults
    assert fault.message == (
        'The element must have one Документ with ХозОперация "Заказ товара"; got 2'
    )


@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=8))
def test_any_cutting_of_containers_gives_the_same_records(sizes: list[int]) -> None:
    data = _file(
        f"<Контейнер>{PAYMENT}{_document()}</Контейнер>", PAYMENT, _document(Номер="2"), REFUND
    )
    options = Registry().detect("orders.xml", data)
    assert read_whole(data, options, sizes) == read_whole(data, options)


def test_a_result_file_has_the_orders_only_and_can_be_imported_again() -> None:
    data = _file(PAYMENT, f"<Контейнер>{_document()}</Контейнер>", REFUND, _document(Номер="2"))
    options = Registry().detect("orders.xml", data)
    frame, records = read_whole(data, options)
    written = result_file(frame, records, options)
    again, found, ignored = _read(written)
    assert [each.key for each in again] == ["1", "2"]
    assert [each.tree["external_id"] for each in found] == ["1", "2"]
    assert ignored == ()


@pytest.mark.parametrize(
    "attributes", ['xmlns="urn:1C.ru:commerceml_2"', 'xmlns:cml="urn:1C.ru:commerceml_2"']
)
def test_elements_may_have_a_namespace(attributes: str) -> None:
    text = _file(_document(), charset="utf-8").decode().replace(" Версия", f" {attributes} Версия")
    if "cml" in attributes:
        text = re.sub(r"<(/?)(?=[А-Я])", r"<\1cml:", text)
    records, [found], _ = _read(text.encode())
    assert (records[0].key, found.faults, found.tree["external_id"]) == ("1", (), "1")


def test_the_customer_is_the_counterparty_that_buys() -> None:
    seller = _partner("1", "Продавец", CONTACT.format("Почта", "shop@example.com"))
    payer = _partner("2", "Плательщик", CONTACT.format("Почта", "payer@example.com"))
    buyer = _partner("3", "Покупатель", CONTACT.format("Почта", "ada@example.com"))
    for partners, email in (
        (seller + payer + buyer, "ada@example.com"),
        (seller + payer, "payer@example.com"),
        (seller, None),
    ):
        assert _tree(_document(Контрагенты=partners)).get("email") == email


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([("Электронная почта", "a@example.com")], {"email": "a@example.com"}),
        ([("E-Mail", "a@example.com")], {"email": "a@example.com"}),
        (
            [("Почта", "191000, Невский пр., 1"), ("Электронная почта", "a@example.com")],
            {"email": "a@example.com"},
        ),
        ([("Телефон Рабочий", "8 (495) 1")], {"phone": "8 (495) 1"}),
        (
            [("Телефон мобильный", "+7 999"), ("ТелефонРабочий", "")],
            {"phone": "+7 999"},
        ),
        ([("Телефон", "+7 999"), ("ICQ", "5")], {"phone": "+7 999"}),
    ],
)
def test_kinds_of_contacts(contacts: list[tuple[str, str]], expected: dict[str, str]) -> None:
    elements = "".join(CONTACT.format(kind, value) for kind, value in contacts)
    tree = _tree(_document(Контрагенты=_partner("7", "Покупатель", elements)))
    assert {name: tree[name] for name in ("email", "phone") if name in tree} == expected


def test_a_contact_of_an_older_version_has_its_own_kind() -> None:
    contact = "<Контакт><КонтактВид>Почта</КонтактВид><Значение>a@example.com</Значение></Контакт>"
    tree = _tree(_document(Контрагенты=_partner("7", "Покупатель", contact)))
    assert tree["email"] == "a@example.com"


def test_a_customer_of_the_mapping_is_kept() -> None:
    mapping = {"order": {"matching": {"constant": "profile_id"}, "profile_id": {"constant": "1c"}}}
    tree = _tree(_document(Контрагенты=_partner("7", "Покупатель")), mapping)
    assert (tree["matching"], "field_name" in tree) == ("profile_id", False)


@pytest.mark.parametrize(
    ("requisites", "expected"),
    [
        ({"Статус заказа": "[N] Принят"}, "new"),
        ({"Статус заказа": "[F] Выполнен", "Отменен": "false"}, "delivered"),
        ({"Статус заказа": "[F] Выполнен", "Отменен": "true"}, "canceled"),
        ({"Статус заказа": "Принят", "ПометкаУдаления": "Да"}, "canceled"),
        ({"Статус заказа": "[P] Оплачен, формируется к отправке"}, "paid"),
        ({"Статус заказа": "[P] Ждёт отправки", "Заказ оплачен": "true"}, "paid"),
        ({"Статус заказа": "Принят", "Дата оплаты": "2025-10-08"}, "paid"),
        ({"Статус заказа": "Принят", "Дата оплаты": "0001-01-01T00:00:00"}, "new"),
        ({"Статус заказа": "Доставлен", "Дата оплаты": "2025-10-08"}, "delivered"),
        ({"Статус заказа": "Отменён клиентом", "Заказ оплачен": "true"}, "canceled"),
        ({"Статус": "Оплачен"}, "paid"),
        ({}, "new"),
    ],
)
def test_the_status_of_an_order(requisites: dict[str, str], expected: str) -> None:
    document = _document(ЗначенияРеквизитов=_requisites(requisites))
    assert _tree(document)["status"] == expected


def test_delivery_is_the_cost_of_the_order_and_no_line() -> None:
    delivery = "<Товар><Ид>ORDER_DELIVERY</Ид><Количество>1</Количество><Сумма>{}</Сумма></Товар>"
    tree = _tree(_document(LINE + delivery.format("1 300,50 руб."), Сумма="1310.50"))
    assert (tree["delivery_cost"], len(tree["lines"])) == ("1300.5", 1)
    alone = _tree(_document(delivery.format("300")))
    assert (alone["lines"][0]["product"], "delivery_cost" in alone) == ("ORDER_DELIVERY", False)


def test_taxes_and_discounts_beside_the_sum_change_the_price() -> None:
    line = (
        "<Товар><Ид>g</Ид><Количество>2</Количество><Сумма>100,00</Сумма>"
        "<Налоги><Налог><Сумма>20</Сумма><УчтеноВСумме>{0}</УчтеноВСумме></Налог></Налоги>"
        "<Скидки><Скидка><Сумма>3,50</Сумма><УчтеноВСумме>{0}</УчтеноВСумме></Скидка>"
        "<Скидка><Сумма>6,50</Сумма><УчтеноВСумме>{0}</УчтеноВСумме></Скидка></Скидки></Товар>"
    )
    assert _lines(_document(line.format("true"))) == [("g", "2", "50")]
    assert _lines(_document(line.format("false"))) == [("g", "2", "55")]


def test_a_discount_that_is_no_amount_is_a_problem() -> None:
    line = LINE.replace(
        "</Товар>",
        "<Скидки><Скидка><Сумма>x</Сумма><УчтеноВСумме>false</УчтеноВСумме></Скидка></Скидки>"
        "</Товар>",
    )
    _, [found], _ = _read(_file(_document(line)))
    assert [each.pointer for each in found.faults] == ["/lines/0/final_price_per_item"]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("1 234,50", "1234.50"),
        ("1\u00a0234,50 руб.", "1234.50"),
        ("1,234", "1.234"),
        ("1,234.50", "1234.50"),
        ("500", "500"),
    ],
)
def test_amounts_of_1c(amount: str, expected: str) -> None:
    assert _tree(_document(Сумма=amount))["total_price"] == expected


def test_a_comma_in_another_text_stays() -> None:
    tree = _tree(_document(LINE.replace("mug", "12,50"), Номер="7,25"))
    assert (tree["external_id"], tree["lines"][0]["sku"]) == ("7,25", "12,50")


def test_a_sum_that_items_do_not_share_exactly_is_two_lines() -> None:
    line = LINE.replace("<Количество>2", "<Количество>3").replace("<Сумма>10", "<Сумма>500")
    assert _lines(_document(line)) == [("mug", "1", "166.66"), ("mug", "2", "166.67")]


def test_a_quantity_that_is_not_whole_is_a_problem_that_a_mapping_solves() -> None:
    line = LINE.replace("<Количество>2", "<Количество>1,5")
    _, [found], _ = _read(_file(_document(line)))
    assert found.faults[0].message == 'column "Количество" must be a whole number; got "1.5"'

    mapping = {"line": {"count": {"constant": 1}, "final_price_per_item": "Сумма"}}
    [sold] = _tree(_document(line), mapping)["lines"]
    assert (sold["count"], sold["final_price_per_item"]) == (1, "10")


@pytest.mark.parametrize(
    ("currency", "expected"),
    [("руб.", "RUB"), ("RUR", "RUB"), ("643", "RUB"), ("840", "USD"), ("рубль", "RUB")],
)
def test_the_currencies_of_1c(currency: str, expected: str) -> None:
    assert _tree(_document(Валюта=currency))["currency"] == expected


@pytest.mark.parametrize(
    ("date", "clock", "expected"),
    [
        ("2025-10-07", "09:50:26", "2025-10-07T09:50:26Z"),
        ("2025-10-07", "9:50:26", "2025-10-07T09:50:26Z"),
        ("07.10.2025", "9:50", "2025-10-07T09:50:00Z"),
        ("07.10.2025", "", "2025-10-07T00:00:00Z"),
    ],
)
def test_the_time_of_an_order(date: str, clock: str, expected: str) -> None:
    assert _tree(_document(Дата=date, Время=clock))["create_time"] == expected


def test_the_offset_of_the_shop_is_added_by_a_mapping() -> None:
    mapping = {"order": {"create_time": {"template": "{Дата} {Время} +03:00"}}}
    document = _document(Дата="07.10.2025", Время="1:50:26")
    assert _tree(document, mapping)["create_time"] == "2025-10-06T22:50:26Z"


def test_marks_comments_and_sections_of_text_are_read() -> None:
    number = "<![CDATA[A & B]]>"
    data = _file(_document(Номер=number, Сумма="1<!-- and -->0"), charset="utf-8")
    for each in (data, b"\xef\xbb\xbf" + data):
        records, [found], _ = _read(each)
        assert records[0].key == "A & B"
        assert (found.tree["external_id"], found.tree["total_price"]) == ("A & B", "10")


def test_the_key_is_the_element_that_the_mapping_names() -> None:
    data = _file(_document(Ид="g-1"), _document(Ид="g-2"))
    records, found, _ = _read(data, {"order": {"external_id": "Ид"}})
    assert [each.key for each in records] == ["g-1", "g-2"]
    assert [each.tree["external_id"] for each in found] == ["g-1", "g-2"]


def test_a_file_without_other_operations_keeps_its_bytes() -> None:
    data = _file(f"<Контейнер>{_document()}{PAYMENT}</Контейнер>", "<!-- x -->", _document())
    options: FileOptions = Registry().detect("orders.xml", data)
    assert together(*read_whole(data, options)) == data
