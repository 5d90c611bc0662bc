"""The same orders, with three lines each, in the files of all formats."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.support.generated_exports import EXPORTS, Export, Sold, SoldLine

# JSON Lines is first, because the other formats are compared with it.
REFERENCE = "json_lines"
LINES = 3
_DELIVERY = Decimal("4.90")
_PRICES = [Decimal(number) + Decimal("0.95") for number in range(100)]
_CURRENCY = {"currency": "USD"}
_WRITTEN_TOGETHER = 1000


def order(number: int) -> Sold:
    """Return an order. Its amounts depend on the number."""
    lines = tuple(
        SoldLine(f"mug-{number % 1000}-{each}", each + 1, _PRICES[(number + each) % 100])
        for each in range(LINES)
    )
    # The settings of the benchmark have this currency, and other exports another one.
    return Sold(number, lines, _DELIVERY, _CURRENCY)


def _json(sold: Sold) -> bytes:
    lines = ",".join(
        f'{{"external_id":"{number}","sku":"{line.sku}","count":"{line.count}",'
        f'"base_price_per_item":"{line.price}","final_price_per_item":"{line.price}"}}'
        for number, line in enumerate(sold.lines, 1)
    )
    return (
        f'{{"external_id":"order-{sold.number:07}","endpoint":"website","matching":"email_phone",'
        f'"email":"{sold.email}","status":"paid","currency":"USD","total_price":"{sold.total}",'
        f'"delivery_cost":"{sold.delivery}","create_time":"{sold.created_at:%Y-%m-%d %H:%M:%S}",'
        f'"lines":[{lines}]}}'
    ).encode()


def _json_line(sold: Sold) -> bytes:
    return _json(sold) + b"\n"


def _json_element(sold: Sold) -> bytes:
    return (b",\n" if sold.number else b"\n") + _json(sold)


def _xml(sold: Sold) -> bytes:
    lines = "".join(
        f"<lines><external_id>{number}</external_id><sku>{line.sku}</sku><count>{line.count}</count>"
        f"<base_price_per_item>{line.price}</base_price_per_item>"
        f"<final_price_per_item>{line.price}</final_price_per_item></lines>"
        for number, line in enumerate(sold.lines, 1)
    )
    return (
        f"<data><external_id>order-{sold.number:07}</external_id><endpoint>website</endpoint>"
        f"<matching>email_phone</matching><email>{sold.email}</email><status>paid</status>"
        f"<currency>USD</currency><total_price>{sold.total}</total_price>"
        f"<delivery_cost>{sold.delivery}</delivery_cost>"
        f"<create_time>{sold.created_at:%Y-%m-%d %H:%M:%S}</create_time>{lines}</data>\n"
    ).encode()


def _csv(sold: Sold) -> bytes:
    around = (
        f"order-{sold.number:07},website,email_phone,{sold.email},paid,USD,{sold.total},"
        f"{sold.delivery},{sold.created_at:%Y-%m-%d %H:%M:%S}"
    )
    return "".join(
        f"{around},{number},{line.sku},{line.count},{line.price},{line.price}\n"
        for number, line in enumerate(sold.lines, 1)
    ).encode()


def _named(number: int) -> str:
    return f"order-{number:07}"


_ALTCRAFT = (
    Export("json_lines", "orders.jsonl", b"", _json_line, _named),
    Export("json_array", "orders.json", b"[", _json_element, _named, b"\n]\n"),
    Export(
        "altcraft_csv",
        "orders.csv",
        b"external_id,endpoint,matching,email,status,currency,total_price,delivery_cost,"
        b"create_time,line.external_id,line.sku,line.count,line.base_price_per_item,"
        b"line.final_price_per_item\n",
        _csv,
        _named,
    ),
    Export("altcraft_xml", "orders.xml", b"<xml>\n", _xml, _named, b"</xml>\n"),
)
_DRAFTS = next(each for each in EXPORTS if each.format == "commercetools_drafts")


def _draft_element(sold: Sold) -> bytes:
    return (b",\n" if sold.number else b"\n") + _DRAFTS.one(sold).rstrip()


_DRAFTS_ARRAY = Export(
    "commercetools_array", "orders.json", b"[", _draft_element, _DRAFTS.id_of, b"\n]\n"
)
BY_FORMAT = {each.format: each for each in (*_ALTCRAFT, *EXPORTS, _DRAFTS_ARRAY)}


def pieces(export: Export, orders: int) -> Iterator[bytes]:
    """Yield a file with so many orders piece by piece."""
    yield export.head
    for first in range(0, orders, _WRITTEN_TOGETHER):
        numbers = range(first, min(first + _WRITTEN_TOGETHER, orders))
        yield b"".join(export.one(order(number)) for number in numbers)
    yield export.tail


def write(export: Export, orders: int, path: Path) -> int:
    """Write a file with so many orders in flat memory, and return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        return sum(file.write(piece) for piece in pieces(export, orders))
