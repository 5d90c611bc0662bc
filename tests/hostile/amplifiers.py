"""Requests that are small for their sender and could be large for the hub.

Each has the statuses of its answer, and the number of orders that the answer may list. Bodies are
made when they are needed, since all of them together are large.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from orders.application.follow_orders import MAX_RUNS
from orders.domain.reading_progress import Passed
from orders.protocols.altcraft.from_ids import write_from_id
from tests.hostile.corpus import (
    ALTCRAFT_LIST,
    BUSINESS_ORDERS,
    DRAFT,
    FORM,
    HUB_CHANGES,
    HUB_HISTORY,
    HUB_ORDER,
    HUB_ORDERS,
    IMPORT,
    JSON,
    LIST,
    MESSAGES,
    MOVE,
    PAGE,
    RECONCILE,
    RENAME,
    TOKEN,
    XML,
    XML_ORDER,
    Hostile,
)
from tests.hostile.stored_aws import (
    LARGE_ALTCRAFT,
    LARGE_DRAFTS,
    LARGE_ORDERS,
    REJECTING,
    SMALL,
    STRICT,
    WARNING,
    WIDE,
    secret_of,
)
from tests.support.commercetools import basic, draft
from tests.support.commercetools import line as draft_line
from tests.support.routes import Route
from tests.support.samples import line, order, request

type Tree = dict[str, Any]

MOST = 4 * 1024 * 1024
# A body of nearly the largest size that is read.
FULL = MOST - 4096
MAX_CPU_SECONDS = 3.0
MAX_MEGABYTES = 250.0
NO_TOKEN: Mapping[str, str] = {"Authorization": "", "Api-Key": ""}


@dataclass(frozen=True)
class Amplifier:
    """A request, and what its answer may be. `is_telling` selects it for the continuous tests."""

    name: str
    route: Route
    make: Callable[[], bytes]
    statuses: tuple[int, ...] = (400,)
    media: str = JSON
    account: str = SMALL
    has_token: bool = True
    is_zipped: bool = False
    is_sent_zipped: bool = False
    orders: int = 0
    query: Mapping[str, str] = field(default_factory=dict)
    # Parameters that are sent more than once.
    queries: Mapping[str, list[str]] = field(default_factory=dict)
    is_telling: bool = False
    # A request of valid orders is work that its sender has paid for: it may take more time.
    seconds: float = MAX_CPU_SECONDS

    @property
    def answer_limit(self) -> int:
        """Return how many bytes the answer may have. Reads may fill one answer of Lambda."""
        if self.route[0] == "GET" or self.route == ALTCRAFT_LIST:
            return 5 * 1024 * 1024
        return max(100_000, 10 * len(self.make())) + 250 * self.orders

    def event(self) -> Tree:
        """Return the API Gateway event."""
        body = self.make()
        secret = secret_of(self.account)
        headers = {"Authorization": f"Bearer {secret}", "Api-Key": secret}
        if self.route == TOKEN:
            headers = {"Authorization": basic("shop", secret)}
        if not self.has_token:
            headers = dict(NO_TOKEN)
        if self.is_zipped or self.is_sent_zipped:
            headers["Content-Encoding"] = "gzip"
        once = {name: [text] for name, text in self.query.items()}
        repeated: Tree = (
            {"multiValueQueryStringParameters": {**once, **self.queries}} if self.queries else {}
        )
        return Hostile(
            self.name,
            self.route,
            0,
            body=gzip.compress(body, 1) if self.is_zipped else body,
            media=self.media,
            headers=headers,
            path={"projectKey": self.account},
            query=self.query,
            raw=repeated,
        ).event()


def _filled(head: bytes, unit: bytes, tail: bytes, most: int = FULL, joint: bytes = b",") -> bytes:
    """Repeat a unit until the body has `most` bytes."""
    count = (most - len(head) - len(tail)) // (len(unit) + len(joint))
    return head + (unit + joint) * (count - 1) + unit + tail


def _numbered(head: bytes, unit: bytes, tail: bytes, most: int = FULL) -> bytes:
    """Repeat a unit with a different number in the place of `%d` until the body is full."""
    count = (most - len(head) - len(tail)) // (len(unit) + 6)
    return head + b",".join(unit % number for number in range(count)) + tail


_BAD = rb'"\u0001"'
_TWICE = b'{"a":1,"a":1}'


def _deep(inner: bytes, depth: int, name: bytes | None = None) -> bytes:
    if name is None:
        return b"[" * depth + inner + b"]" * depth
    return (b'{"%s":' % name) * depth + inner + b"}" * depth


def _many(fault: bytes, most: int) -> bytes:
    return _filled(b"[", fault, b"]", most)


# JSON values with faults that a reader finds before it knows what the value is for.
FAULTY_VALUES: Mapping[str, Callable[[], bytes]] = {
    "a long name above many bad texts": lambda: b'{"%s":%s}' % (b"k" * 60_000, _many(_BAD, 10**5)),
    "a very long name above many bad texts": lambda: (
        b'{"%s":%s}' % (b"k" * 10**6, _many(_BAD, 3 * 10**6))
    ),
    "a name of tildes above many bad texts": lambda: (
        b'{"%s":%s}' % (b"~" * 10**6, _many(_BAD, 3 * 10**6))
    ),
    "deep arrays around many bad texts": lambda: _deep(_many(_BAD, 4 * 10**6), 900),
    "very deep arrays around many bad texts": lambda: _deep(_many(_BAD, 4 * 10**6), 9000),
    "deep long names around many bad texts": lambda: _deep(
        _many(_BAD, 2 * 10**6), 900, b"k" * 2000
    ),
    "many bad texts": lambda: _many(_BAD, FULL - 100),
    "many bad names": lambda: _numbered(b"{", rb'"\u0001%d":1', b"}", FULL - 100),
    "many arrays of a bad text": lambda: _many(b"[%s]" % _BAD, FULL - 100),
    "many arrays after a bad text": lambda: _filled(b"[%s," % _BAD, b"[]", b"]", FULL - 100),
    "many objects after a bad text": lambda: _filled(b"[%s," % _BAD, b'{"":0}', b"]", FULL - 100),
    "many duplicate names": lambda: _many(_TWICE, FULL - 100),
    "an object of duplicate names": lambda: (
        _numbered(b"{", b'"%d":1', b",", MOST // 2 - 100)
        + _numbered(b"", b'"%d":1', b"}", MOST // 2 - 100)
    ),
    "a long name twice many times": lambda: _many(
        b'{"%s":1,"%s":1}' % (b"k" * 2000, b"k" * 2000), FULL - 100
    ),
    "deep arrays around duplicate names": lambda: _deep(_many(_TWICE, 4 * 10**6), 9000),
    "many numbers that are too long": lambda: _many(b"9" * 4400, FULL - 100),
    "many exponents that are too long": lambda: _many(b"1e" + b"9" * 19, FULL - 100),
    "many numbers before one that is too long": lambda: _filled(
        b"[", b"1.5", b"," + b"9" * 4400 + b"]", FULL - 100
    ),
    "deep objects of duplicate names": lambda: b'{"a":1,"a":' * 900 + b"1" + b"}" * 900,
}
# JSON values without faults that take much memory.
HEAVY_VALUES: Mapping[str, Callable[[], bytes]] = {
    "many empty arrays": lambda: _many(b"[]", FULL - 100),
    "many empty objects": lambda: _many(b"{}", FULL - 100),
    "many small objects": lambda: _many(b'{"":0}', FULL - 100),
    "many nested objects": lambda: _many(b'{"":{}}', FULL - 100),
    "many nested arrays": lambda: _many(b"[[[]]]", FULL - 100),
    "many fractions": lambda: _many(b"0.1", FULL - 100),
    "many exponents": lambda: _many(b"1e9", FULL - 100),
    "many long numbers": lambda: _many(b"9" * 4000, FULL - 100),
    "many long fractions": lambda: _many(b"0." + b"9" * 4000, FULL - 100),
    "one long fraction": lambda: b"0." + b"9" * 4_000_000,
    "many names": lambda: _numbered(b"{", b'"%d":1', b"}", FULL - 100),
    "many short texts": lambda: _many(b'"ab"', FULL - 100),
    "one wide character among many": lambda: b'"%s\xf0\x9f\x98\x80"' % (b"a" * (FULL - 200)),
}
AMOUNT = b"0" * 20 + b"." + b"0" * 4_000_000 + b"x"
LONG_TEXTS: Mapping[str, bytes] = {
    "zeros and a letter": AMOUNT,
    "zeros": b"0" * 4_000_000,
    "zeros, a point and zeros": b"0" * 2_000_000 + b"." + b"0" * 2_000_000,
    "digits": b"9" * 4_000_000,
    "spaces": b" " * 4_000_000,
    "a time of many fraction digits": b"2026-01-01T00:00:00." + b"0" * 4_000_000,
    "letters": b"a" * 4_000_000,
    "hyphens": b"aa" + b"-aa" * 1_300_000,
}


def _at(tree: Tree, raw: bytes) -> bytes:
    """Return the tree as JSON with `raw` in the place of the text "@@"."""
    return json.dumps(tree).encode().replace(b'"@@"', raw)


def _import_at(raw: bytes, **members: object) -> bytes:
    return _at(request(order(**members)), raw)


GOOD_ORDER = json.dumps(order(lines=[line()])).encode()
_MINIMAL = json.dumps(
    {
        "external_id": "@@",
        "email": "a",
        "endpoint": "website",
        "status": "new",
        "total_price": 1,
        "currency": "USD",
        "lines": [{"external_id": "1", "sku": "1", "final_price_per_item": 1, "count": 1}],
    },
    separators=(",", ":"),
).encode()


def _altcraft(
    name: str,
    make: Callable[[], bytes],
    *statuses: int,
    **rest: Any,  # noqa: ANN401 - other members of Amplifier
) -> Amplifier:
    return Amplifier(f"import: {name}", IMPORT, make, statuses or (200, 400), **rest)


def _altcraft_faults() -> Iterator[Amplifier]:
    for name, value in {**FAULTY_VALUES, **HEAVY_VALUES}.items():

        def at_root(value: Callable[[], bytes] = value) -> bytes:
            return b'{"x":%s,"data":[]}' % value()

        def in_order(value: Callable[[], bytes] = value) -> bytes:
            return b'{"data":[{"x":%s}]}' % value()

        def as_data(value: Callable[[], bytes] = value) -> bytes:
            return b'{"data":%s}' % value()

        def as_root(value: Callable[[], bytes] = value) -> bytes:
            return value()

        def in_fields(value: Callable[[], bytes] = value) -> bytes:
            return _import_at(value(), custom_fields="@@")

        telling = name in {
            "a long name above many bad texts",
            "very deep arrays around many bad texts",
            "many arrays after a bad text",
        }
        yield _altcraft(f"{name} at the root", at_root)
        yield _altcraft(
            f"{name} at the root, without a token",
            at_root,
            401,
            has_token=False,
            is_zipped=True,
            is_telling=telling,
        )
        yield _altcraft(f"{name} in an order", in_order, orders=1, is_telling=telling)
        yield _altcraft(f"{name} in custom_fields", in_fields, orders=1)
        yield _altcraft(f"{name} as data", as_data, orders=10_000)
        yield _altcraft(f"{name} as the body", as_root, orders=10_000)


def _orders_of(unit: bytes, count: int = 10_000, head: bytes = b"") -> bytes:
    return b"{" + head + b'"data":[' + b",".join([unit] * count) + b"]}"


# So long take 10 000 valid orders, most of it in the calls of AWS.
WORK_SECONDS = 8.0


def _numbered_orders(count: int) -> bytes:
    return _orders_of_units(_MINIMAL.replace(b"@@", b"%d" % number) for number in range(count))


def _orders_of_units(units: Iterator[bytes]) -> bytes:
    return b'{"data":[' + b",".join(units) + b"]}"


GOOD = "many good orders"
_DETAILS = b'"result_details":true,'


def _altcraft_orders() -> Iterator[Amplifier]:
    many: Mapping[str, Callable[[], bytes]] = {
        "many empty orders": lambda: _orders_of(b"{}"),
        "many empty orders with details": lambda: _orders_of(b"{}", head=_DETAILS),
        "many orders of a bad text": lambda: _orders_of(b'{"x":%s}' % _BAD),
        "many orders of many bad texts": lambda: _orders_of(_many(_BAD, 390)),
        "many orders of many bad lines": lambda: _orders_of(
            b'{"lines":[%s]}' % b",".join([b"{}"] * 100)
        ),
        "many orders of unknown members": lambda: _orders_of(
            _MINIMAL[:-1] + b"," + b",".join(b'"%d":1' % n for n in range(15)) + b"}", head=_DETAILS
        ),
        "many orders of unknown fields": lambda: _orders_of(
            _MINIMAL[:-1] + b',"custom_fields":{%s}}' % b",".join(b'"%d":1' % n for n in range(15))
        ),
        "many orders of wrong references": lambda: _orders_of(
            _MINIMAL.replace(b"USD", b"X").replace(b"website", b"X").replace(b"new", b"X")
        ),
        "many orders of long bad ids": lambda: _orders_of(_MINIMAL.replace(b"@@", rb"\u0001" * 35)),
        "many orders of quotes": lambda: _orders_of(_MINIMAL.replace(b"@@", b'\\"' * 90)),
        GOOD: lambda: _numbered_orders(10_000),
        "many steps of one order": lambda: _orders_of(_MINIMAL),
        "many orders of other members of one mistake": lambda: _orders_of_units(
            b"%s,%s}"
            % (
                _MINIMAL[:-1],
                b",".join(b'"%d_external_id":1' % (11 * n + each) for each in range(11)),
            )
            for n in range(10_000)
        ),
        "many orders of misspelt members": lambda: _orders_of(
            _MINIMAL[:-1] + b',"tga":1,"delivery_cots":1,"regoin":1,"emial":1}'
        ),
        "many orders of a failure and misspelt members": lambda: _orders_of(
            _MINIMAL.replace(b'"status"', b'"sttaus"')[:-1] + b',"tga":1,"regoin":1}'
        ),
    }
    for name, make in many.items():
        yield _altcraft(
            name,
            make,
            orders=10_000,
            seconds=WORK_SECONDS if name == GOOD else MAX_CPU_SECONDS,
            is_telling=name in {"many empty orders", "many orders of many bad texts"},
        )
        yield _altcraft(
            f"{name}, answered in XML",
            make,
            orders=10_000,
            query={"format": "xml"},
            seconds=WORK_SECONDS if name == GOOD else MAX_CPU_SECONDS,
        )
    for account in (WARNING, REJECTING):
        for name in (
            "many orders of other members of one mistake",
            "many orders of unknown members",
        ):
            yield _altcraft(
                f"{name}, {account} settings", many[name], 200, orders=10_000, account=account
            )
    for name in ("many orders of unknown fields", GOOD, "many steps of one order"):
        yield _altcraft(
            f"{name}, wide settings",
            many[name],
            200,
            orders=10_000,
            account=WIDE,
            seconds=WORK_SECONDS if name == GOOD else MAX_CPU_SECONDS,
            is_telling=name == GOOD,
        )
    ampersands = b'{"%s":%s}' % (b"&" * 255, _BAD)
    for policy in (SMALL, WARNING, REJECTING):
        for name, unit in {
            "short names": b'"t%dg":1',
            "names that begin like known ones": b'"lin%des":1',
            "names of one mistake": b'"%d_external_id":1',
            "long names that begin like known ones": b'"re%d' + b"x" * 30 + b'on":1',
        }.items():
            for place, head, tail in (
                ("an order", _MINIMAL[:-1].join((b'{"data":[', b",")), b"}]}"),
                ("the root", b'{"data":[],', b"}"),
                ("a line", b'{"data":[{"lines":[{', b"}]}]}"),
            ):
                yield _altcraft(
                    f"{name} as unknown members of {place}, {policy} settings",
                    partial(_numbered, head, unit, tail, FULL - 1000),
                    200,
                    400,
                    account=policy,
                    orders=1,
                    is_telling=name == "short names" and place == "an order" and policy == WARNING,
                )
    yield _altcraft(
        "many members of a zipped body",
        lambda: gzip.compress(b"") * (FULL // 20),
        400,
        is_sent_zipped=True,
        is_telling=True,
    )
    yield _altcraft(
        "many members of a byte of a zipped body",
        lambda: gzip.compress(b" ", 1) * (FULL // 21),
        400,
        is_sent_zipped=True,
    )
    yield _altcraft(
        "names of ampersands, answered in XML",
        lambda: _orders_of(ampersands, 10_000),
        orders=10_000,
        query={"format": "xml"},
    )


def _altcraft_texts() -> Iterator[Amplifier]:
    for member in (*order(), "create_time", "update_time", "region", "skip_triggers"):
        if member == "lines":
            continue
        for name, text in LONG_TEXTS.items():

            def long_text(member: str = member, text: bytes = text) -> bytes:
                return _import_at(b'"%s"' % text, **{member: "@@"})

            telling = (member, name) == ("total_price", "zeros and a letter")
            yield _altcraft(f"{name} as {member}", long_text, orders=1, is_telling=telling)
    for member in (*line(), "sku"):
        for name, text in LONG_TEXTS.items():

            def in_line(member: str = member, text: bytes = text) -> bytes:
                return _import_at(b'"%s"' % text, lines=[line(**{member: "@@"})])

            yield _altcraft(f"{name} as {member} of a line", in_line, orders=1)


def _altcraft_root_texts() -> Iterator[Amplifier]:
    for name, text in LONG_TEXTS.items():
        for member in ("result_details", "format", "token", "skip_triggers"):

            def at_root(member: str = member, text: bytes = text) -> bytes:
                return b'{"%s":"%s","data":[]}' % (member.encode(), text)

            # White space counts as no value.
            accepted = (200,) if name == "spaces" and member != "token" else ()
            yield _altcraft(
                f"{name} as {member} at the root",
                at_root,
                *accepted,
                400,
                401,
                has_token=member != "token",
            )
        for value_type in ("int", "float", "bool", "date", "enum"):

            def definition(value_type: str = value_type, text: bytes = text) -> bytes:
                sent = _definition(value_type, default_value="@@")
                return _at({"custom_fields": [sent], "data": []}, b'"%s"' % text)

            yield _altcraft(f"{name} as a default of type {value_type}", definition)

        def number(text: bytes = text) -> bytes:
            sent = _definition("enum", enum_values={"a": "@@"})
            return _at({"custom_fields": [sent], "data": []}, b'"%s"' % text)

        yield _altcraft(f"{name} as an enum's number", number)


def _definition(value_type: str, **members: object) -> Tree:
    return {
        "external_id": "x",
        "name": "x",
        "entity_type": "order",
        "value_type": value_type,
        "required": False,
        **members,
    }


def _altcraft_fields() -> Iterator[Amplifier]:
    def unknown(count: int) -> bytes:
        return _import_at(_numbered(b"{", b'"x%d":1', b"}", count), custom_fields="@@")

    def lines(fields: bytes) -> bytes:
        sent = json.dumps(line(custom_fields="@@", external_id="##")).encode()
        sent = sent.replace(b'"@@"', fields)
        units = b",".join(sent.replace(b"##", b"%d" % number) for number in range(5000))
        return _at(request(order(lines="@@")), b"[%s]" % units)

    def small_lines(fields: bytes) -> bytes:
        unit = (
            b'{"external_id":"%d","sku":"1","final_price_per_item":1,"count":1,"custom_fields":'
            + fields.replace(b"%", b"%%")
            + b"}"
        )
        each = 10_000 * (len(unit) + 4) // FULL + 1
        count = FULL // (len(unit) + 10)
        orders_, size = [], 4900
        for start in range(0, count, size):
            part = b",".join(unit % n for n in range(start, min(start + size, count)))
            orders_.append(_at(order(lines="@@", external_id=str(start + each)), b"[%s]" % part))
        return b'{"data":[%s]}' % b",".join(orders_)

    yield _altcraft(
        "10 000 unknown fields",
        lambda: unknown(10**5),
        200,
        account=WIDE,
        orders=1,
        is_telling=True,
    )
    yield _altcraft(
        "most unknown fields", lambda: unknown(FULL - 1000), 200, account=WIDE, orders=1
    )
    for name, fields in {
        "no fields": b"{}",
        "a misfit of an enum": b'{"enum":"x"}',
        "an unknown field": b'{"x":1}',
        "the last number of an enum": b'{"enum":999}',
    }.items():
        for account in (WIDE, STRICT):
            yield _altcraft(
                f"lines of {name}, {account} settings",
                partial(lines, fields),
                200,
                account=account,
                orders=1,
            )
            yield _altcraft(
                f"many lines of {name}, {account} settings",
                partial(small_lines, fields),
                200,
                503,
                account=account,
                orders=20,
                is_telling=name == "the last number of an enum" and account == WIDE,
            )
    yield _altcraft(
        "repeated lines",
        lambda: _at(request(order(lines="@@")), _many(json.dumps(line()).encode(), 1_000_000)),
        200,
        orders=1,
    )
    yield _altcraft(
        "enum of many names",
        lambda: _at(
            {"custom_fields": [_definition("enum", enum_values="@@")], "data": []},
            _numbered(b"{", b'"%d":1', b"}", FULL - 1000),
        ),
    )
    yield _altcraft(
        "definitions of long names",
        lambda: (
            b'{"data":[],"custom_fields":[%s]}'
            % b",".join(
                json.dumps(
                    {**_definition("unicode"), "external_id": str(n), "name": "n" * 4000}
                ).encode()
                for n in range(900)
            )
        ),
    )
    yield _altcraft(
        "definitions with long defaults",
        lambda: (
            b'{"data":[],"custom_fields":[%s]}'
            % b",".join(
                json.dumps(
                    {**_definition("unicode"), "external_id": str(n), "default_value": "n" * 4000}
                ).encode()
                for n in range(900)
            )
        ),
    )
    yield _altcraft(
        "statuses of long names",
        lambda: (
            b'{"data":[],"custom_line_statuses":[%s]}'
            % b",".join(
                json.dumps(
                    {"external_id": str(n), "type": "delivered", "name": "n" * 4000}
                ).encode()
                for n in range(900)
            )
        ),
    )


def _xml(unit: bytes, head: bytes = b"<xml>", tail: bytes = b"</xml>", most: int = FULL) -> bytes:
    return _filled(head, unit, tail, most, b"")


def _xml_numbered(unit: bytes, head: bytes = b"<xml>", tail: bytes = b"</xml>") -> bytes:
    count = (FULL - len(head) - len(tail)) // (len(unit) + 12)
    return head + b"".join(unit.replace(b"#", b"%d" % n) for n in range(count)) + tail


_DATA = XML_ORDER.encode()
# The parser does not know the lines of what follows.
_BREAKS = b"\n" * 70_000
_XSI = b'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
XML_BODIES: Mapping[str, Callable[[], bytes]] = {
    "many elements": lambda: _xml(b"<a/>"),
    "many elements and texts": lambda: _xml(b"<a/>x"),
    "many elements with texts": lambda: _xml(b"<a>x</a>"),
    "many elements with an attribute": lambda: _xml(b'<a b=""/>'),
    "many other elements": lambda: _xml_numbered(b"<a#/>"),
    "many other elements and texts": lambda: _xml_numbered(b"<a#/>x"),
    "many attributes": lambda: _xml_numbered(b' a#=""', b"<xml", b"/>"),
    "many namespaces": lambda: _xml_numbered(b' xmlns:a#="u"', b"<xml", b"/>"),
    "many other namespaces": lambda: _xml_numbered(b' xmlns:a#="u#"', b"<xml", b"/>"),
    "many namespaces on elements": lambda: _xml_numbered(b'<a:a xmlns:a="#"/>'),
    "namespaces above attributes": lambda: (
        _xml_numbered(b' xmlns:a#="u"', b"<xml", b">")[: FULL // 2].rpartition(b" ")[0]
        + b">"
        + _xml(b'<a b=""/>', b"", b"</xml>", FULL // 2)
    ),
    "many prefixed attributes": lambda: (
        b'<xml xmlns:p="u">' + _xml_numbered(b' p:a#=""', b"<data", b"/></xml>")
    ),
    "many orders of an attribute": lambda: _xml(b'<data a="" />'),
    "many orders of a text": lambda: _xml(b"<data>x<a/></data>"),
    "many orders of nothing": lambda: _xml(b"<data><a/></data>"),
    "many rows": lambda: _xml(b"<row><a/></row>"),
    "many rows of a text": lambda: _xml(b"<row>x</row>", b"<xml><data>", b"</data></xml>"),
    "many lines": lambda: _xml(b"<lines>x</lines>", b"<xml><data>", b"</data></xml>"),
    "many lines of an element": lambda: _xml(
        b"<lines><a/></lines>", b"<xml><data>", b"</data></xml>"
    ),
    "many tags": lambda: _xml(b"<tags>x</tags>", b"<xml><data>", b"</data></xml>"),
    "many rows of tags": lambda: _xml(
        b"<row>x</row>", b"<xml><data><tags>", b"</tags></data></xml>"
    ),
    "many fields": lambda: _xml_numbered(
        b"<a#/>", b"<xml><data><custom_fields>", b"</custom_fields></data></xml>"
    ),
    "many repeated fields": lambda: _xml(
        b"<a/>", b"<xml><data><custom_fields>", b"</custom_fields></data></xml>"
    ),
    "many named fields": lambda: _xml(
        b'<a external_id="x"/>', b"<xml><data><custom_fields>", b"</custom_fields></data></xml>"
    ),
    "fields of a long name": lambda: _xml(
        b'<a external_id="%s"><b/></a>' % (b"k" * 50_000),
        b"<xml><data><custom_fields>",
        b"</custom_fields></data></xml>",
    ),
    "many fields of elements": lambda: _xml(
        b"<a><b/></a>", b"<xml><data><custom_fields>", b"</custom_fields></data></xml>"
    ),
    "deep elements": lambda: _xml(b"<data>" + b"<a>" * 200 + b"</a>" * 200 + b"</data>"),
    "long names": lambda: _xml(b"<%s/>" % (b"k" * 45_000)),
    "long names of attributes": lambda: _xml(b'<a %s=""/>' % (b"k" * 45_000)),
    "long prefixes": lambda: _xml(b'<a xmlns:%s="u" %s:b=""/>' % (b"k" * 20_000, b"k" * 20_000)),
    "many comments": lambda: _xml(b"<!---->"),
    "many comments and texts": lambda: _xml(b"<!---->x"),
    "many instructions": lambda: _xml(b"<?a?>"),
    "many sections": lambda: _xml(b"<![CDATA[x]]>"),
    "many references": lambda: _xml(b"&#38;"),
    "many breaks": lambda: _xml(b"\n"),
    "many orders": lambda: _xml(_DATA.replace(b"{}", b"")),
    "many orders of a stray text": lambda: _xml(_DATA.replace(b"{}", b"x")),
    "many orders of many faults": lambda: _xml(
        b"<data>" + b'<email a=""/>' * 25 + b"</data>", most=10_000 * 340
    ),
    "a long amount": lambda: (
        b"<xml>"
        + _DATA.replace(b"{}", b"").replace(b"<total_price>1", b"<total_price>" + AMOUNT)
        + b"</xml>"
    ),
    "many breaks before orders": lambda: _xml(_BREAKS + _DATA.replace(b"{}", b"") + b"\n"),
    "many lines of faults": lambda: _xml(b'\n<data a="">\n</data>'),
    "many lines of unknown members": lambda: _xml(b"\n<x/>", b"<xml>" + _BREAKS + b'<data a=""/>'),
    "many lines of other elements": lambda: _xml_numbered(
        b"\n<a#/>", b"<xml>" + _BREAKS + b'<data a=""/>'
    ),
    "many lines of fields": lambda: _xml_numbered(
        b"\n<a#/>",
        b"<xml>" + _BREAKS + b'<data a=""><custom_fields>',
        b"</custom_fields></data></xml>",
    ),
    "many lines of comments": lambda: _xml(b"<!--\n-->", b"<xml>" + _BREAKS, b'<data a=""/></xml>'),
    "many nil elements": lambda: _xml(b'<a i:nil="1"/>', b"<xml %s>" % _XSI),
    "many nil orders": lambda: _xml(b'<data i:nil="1"/>', b"<xml %s>" % _XSI),
    "many bad nil elements": lambda: _xml(
        b'<a i:nil="x"/>', b"<xml %s><data><custom_fields>" % _XSI, b"</custom_fields></data></xml>"
    ),
    "many other bad nil elements": lambda: _xml_numbered(
        b'<a# i:nil="x"/>',
        b"<xml %s><data><custom_fields>" % _XSI,
        b"</custom_fields></data></xml>",
    ),
    "a long nil": lambda: b'<xml %s><data i:nil="%s"/></xml>' % (_XSI, b" " * (FULL - 200)),
    "a wide character among many": lambda: (
        b"<xml><email>" + b"a" * (FULL - 200) + b"\xf0\x9f\x98\x80</email></xml>"
    ),
}


def _altcraft_xml() -> Iterator[Amplifier]:
    telling = {
        "many elements and texts",
        "many orders of an attribute",
        "fields of a long name",
        "many other elements and texts",
        "namespaces above attributes",
    }
    for name, make in XML_BODIES.items():
        yield Amplifier(
            f"XML: {name}", IMPORT, make, (200, 400), XML, orders=10_000, is_telling=name in telling
        )
        yield Amplifier(
            f"XML: {name}, without a token",
            IMPORT,
            make,
            (400, 401),
            XML,
            has_token=False,
            is_zipped=True,
        )
    yield Amplifier(
        "XML: a good order in UTF-16",
        IMPORT,
        lambda: (
            b"\xff\xfe"
            + (b"<xml>" + _DATA.replace(b"{}", b"") + b"</xml>").decode().encode("utf-16-le")
        ),
        (200,),
        XML,
        orders=1,
    )


def _draft_at(raw: bytes, **members: object) -> bytes:
    return _at(draft(**members), raw)


def _draft_made(make: Callable[[], bytes], **members: object) -> bytes:
    return _draft_at(make(), **members)


def _draft_text(text: bytes, **members: object) -> bytes:
    return _draft_at(b'"%s"' % text, **members)


def _wrapped(head: bytes, make: Callable[[], bytes], tail: bytes = b"}") -> bytes:
    return head + make() + tail


_PLAIN_LINE = json.dumps(
    {
        "name": {"en": "A"},
        "variant": {"sku": "a"},
        "price": {"value": {"currencyCode": "USD", "centAmount": 1}},
        "quantity": 1,
    }
).encode()
_MAIL = {
    "shippingMethodName": "Mail",
    "price": {"currencyCode": "USD", "centAmount": 1},
    "shippingRate": {"price": {"currencyCode": "USD", "centAmount": 1}},
    "deliveries": "@@",
}


def _drafts() -> Iterator[Amplifier]:
    def case(
        name: str,
        make: Callable[[], bytes],
        *statuses: int,
        **rest: Any,  # noqa: ANN401 - other members of Amplifier
    ) -> Amplifier:
        return Amplifier(f"draft: {name}", DRAFT, make, statuses or (201, 400), **rest)

    for name, value in {**FAULTY_VALUES, **HEAVY_VALUES}.items():
        telling = name in {
            "a very long name above many bad texts",
            "very deep arrays around many bad texts",
        }
        yield case(
            f"{name} as a member",
            partial(_wrapped, b'{"x":', value),
            400,
            is_telling=telling,
        )
        yield case(f"{name} as the body", value, 400)
        yield case(
            f"{name} in a field",
            partial(_draft_made, value, custom={"type": {"id": "x"}, "fields": {"note": "@@"}}),
            orders=1,
        )
        yield case(
            f"{name} as fields",
            partial(_draft_made, value, custom={"type": {"id": "x"}, "fields": "@@"}),
            orders=1,
        )
        yield case(
            f"{name} as lines",
            partial(_draft_made, value, lineItems="@@"),
            is_telling=name == "many empty objects",
        )
        yield case(
            f"{name} as addresses",
            partial(_draft_made, value, itemShippingAddresses="@@"),
        )
        yield case(
            f"{name} as names",
            partial(_draft_made, value, lineItems=[draft_line(name="@@")]),
        )
    plain = json.dumps(draft_line()).encode()
    yield case(
        "4 600 plain lines",
        lambda: _draft_at(b"[%s]" % b",".join([_PLAIN_LINE] * 4600), lineItems="@@"),
        201,
        orders=1,
        is_telling=True,
    )
    yield case(
        "7 500 plain lines",
        lambda: _draft_at(b"[%s]" % b",".join([_PLAIN_LINE] * 7500), lineItems="@@"),
        400,
    )
    yield case(
        "many deliveries",
        lambda: _draft_at(b"[%s]" % b",".join([b"{}"] * 120_000), shippingInfo=_MAIL),
        400,
    )
    names: Mapping[str, bytes] = {
        "members": b'"%d":1',
        "members of long names": b'"' + b"k" * 300 + b'%d":1',
        "members of wide names": '"é%d":1'.encode(),
    }
    for name, ignored in names.items():
        yield case(
            f"many ignored {name}",
            partial(_numbered, json.dumps(draft()).encode()[:-1] + b",", ignored, b"}"),
            201,
            orders=1,
            is_telling=name == "members",
        )
    yield case(
        "lines of many ignored members",
        lambda: _draft_at(
            b"[%s]"
            % b",".join([plain[:-1] + b",%s}" % b",".join(b'"%d":1' % n for n in range(40))] * 500),
            lineItems="@@",
        ),
        201,
        orders=1,
    )
    yield case(
        "without a token",
        lambda: b'{"x":%s}' % FAULTY_VALUES["many bad texts"](),
        401,
        has_token=False,
        is_zipped=True,
    )
    line_ = json.dumps(draft_line()).encode()
    scoped = {
        "value": {"currencyCode": "USD", "centAmount": 1},
        "customerGroup": {"id": "g" * 16_000},
    }
    units: Mapping[str, Callable[[], bytes]] = {
        "many good lines": lambda: _many(line_, FULL - 1000),
        "many lines of a bad state": lambda: _many(
            json.dumps(draft_line(inventoryMode="x" * 1000)).encode(), FULL - 1000
        ),
        "many lines of a bad country": lambda: _many(
            json.dumps(
                draft_line(
                    price={"value": {"currencyCode": "USD", "centAmount": 1}, "country": "x"}
                )
            ).encode(),
            FULL - 1000,
        ),
        "many keys of lines": lambda: _many(
            json.dumps(draft_line(key="!" * 1000)).encode(), FULL - 1000
        ),
        "equal prices": lambda: _many(
            json.dumps(draft_line(variant={"sku": "a", "prices": [scoped] * 11})).encode(), 350_000
        ),
        "more equal prices": lambda: _many(
            json.dumps(draft_line(variant={"sku": "a", "prices": [scoped] * 220})).encode(),
            FULL - 1000,
        ),
        "equal keys": lambda: _many(json.dumps(draft_line(key="k" * 256)).encode(), FULL - 1000),
        "names of bad tags": lambda: (
            b"[%s]"
            % line_.replace(b'{"en": "Mug"}', _numbered(b"{", b'"%d":"1"', b"}", FULL - 1000))
        ),
        "bad names of bad tags": lambda: (
            b"[%s]"
            % line_.replace(
                b'{"en": "Mug"}',
                _numbered(b"{", b'"' + b"k" * 10_000 + b'%d":1', b"}", FULL - 1000),
            )
        ),
        "unknown products": lambda: _many(
            json.dumps(draft_line(variant={"sku": "s" * 30_000})).encode(), FULL - 1000
        ),
    }
    for name, unit in units.items():
        yield case(
            name,
            partial(_draft_made, unit, lineItems="@@"),
            400,
            is_telling=name in {"equal prices", "many good lines"},
        )
    yield case(
        "many good addresses",
        lambda: _draft_at(_many(b'{"country":"DE"}', FULL - 1000), itemShippingAddresses="@@"),
        400,
    )
    yield case(
        "many good keyed addresses",
        lambda: _draft_at(
            _many(b'{"country":"DE","key":"aa"}', FULL - 1000), itemShippingAddresses="@@"
        ),
        400,
    )
    yield case(
        "many bad addresses",
        lambda: _draft_at(_many(b'{"country":"x"}', FULL - 1000), itemShippingAddresses="@@"),
        400,
        is_telling=True,
    )
    yield case(
        "many payments",
        lambda: _draft_at(_many(b'{"id":""}', FULL - 1000), paymentInfo={"payments": "@@"}),
        400,
    )
    yield case(
        "many keyed payments",
        lambda: _draft_at(_many(b'{"key":""}', FULL - 1000), paymentInfo={"payments": "@@"}),
        400,
    )
    yield case(
        "long names of fields",
        lambda: _draft_at(
            _numbered(b"{", b'"' + b"k" * 100_000 + b'%d":1', b"}", FULL - 1000),
            custom={"type": {"id": "x"}, "fields": "@@"},
        ),
        400,
    )
    yield case(
        "many bad names of fields",
        lambda: _draft_at(
            _numbered(b"{", b'"!%d":1', b"}", FULL - 1000),
            custom={"type": {"id": "x"}, "fields": "@@"},
        ),
        400,
    )
    for name, text in LONG_TEXTS.items():
        for member in (
            "orderNumber",
            "customerEmail",
            "country",
            "orderState",
            "completedAt",
            "purchaseOrderNumber",
        ):
            yield case(
                f"{name} as {member}",
                partial(_draft_text, text, **{member: "@@"}),
                201,
                400,
            )
        yield case(
            f"{name} as a currency",
            partial(_draft_text, text, totalPrice={"currencyCode": "@@", "centAmount": 1}),
            400,
        )
        yield case(
            f"{name} as a store",
            partial(_draft_text, text, store={"key": "@@"}),
            400,
        )
        yield case(
            f"{name} as a language",
            partial(_draft_at, b'{"%s":"a"}' % text, lineItems=[draft_line(name="@@")]),
            400,
        )
        yield case(
            f"{name} as a key",
            partial(_draft_text, text, lineItems=[draft_line(key="@@")]),
            400,
        )
        yield case(
            f"{name} as a tag",
            partial(
                _draft_text,
                text,
                shippingInfo={
                    "shippingMethodName": "x",
                    "price": {"currencyCode": "USD", "centAmount": 1},
                    "shippingRate": {
                        "price": {"currencyCode": "USD", "centAmount": 1},
                        "tiers": [{"type": "@@"}],
                    },
                },
            ),
            400,
        )


def _yandex_market() -> Iterator[Amplifier]:
    most = 512 * 1024 - 1000
    values = {
        "a long name above bad texts": lambda: (
            b'{"%s":%s}' % (b"k" * 200_000, _many(_BAD, 300_000))
        ),
        "deep bad texts": lambda: _deep(_many(_BAD, 490_000), 9000),
        "deep long names": lambda: _deep(_BAD, 900, b"k" * 500),
        "many bad texts": lambda: _many(_BAD, most),
        "many duplicates": lambda: _many(_TWICE, most),
        "long duplicates": lambda: b'{"%s":1,"%s":1}' % (b"k" * 200_000, b"k" * 200_000),
        "many empty arrays": lambda: _many(b"[]", most),
        "a long text": lambda: b'"%s"' % (b"a" * most),
        "over 512 KB": lambda: _many(b"[]", FULL),
    }
    for name, value in values.items():
        bodies = {
            RENAME: partial(_wrapped, b'{"externalOrderId":', value),
            MOVE: partial(_wrapped, b'{"order":{"status":', value, b"}}"),
        }
        for route, make in bodies.items():
            yield Amplifier(
                f"{route[1]}: {name}",
                route,
                make,
                (400, 404),
                is_telling=name == "a long name above bad texts",
            )
            yield Amplifier(
                f"{route[1]}: {name} as a member",
                route,
                partial(_wrapped, b'{"x":', value),
                (400, 404),
            )
            yield Amplifier(
                f"{route[1]}: {name}, without a token",
                route,
                make,
                (401, 403),
                has_token=False,
                is_zipped=True,
            )


# An address has at most 10 240 characters (API Gateway), but a test may not rely on it.
_MOST_OF_AN_ADDRESS = 20_000
PREDICATES: Mapping[str, str] = {
    "open parentheses": "(" * _MOST_OF_AN_ADDRESS,
    "nested parentheses": "(" * 5000 + 'id = "a"' + ")" * 5000,
    "nested members": "store(" * 3000 + 'key = "a"' + ")" * 3000,
    "many comparisons": " and ".join(['id = "a"'] * 1400),
    "many values": 'id in ("' + '","'.join(["a"] * 4900) + '")',
    "an open string of escapes": 'id = "' + '\\"' * 9000,
    "many open strings": '"' * _MOST_OF_AN_ADDRESS,
    "many spaces": "id" + " " * 19_000 + "!",
    "many variables": " and ".join(f"id = :v{number}" for number in range(1000)),
    "a long name": "a" * _MOST_OF_AN_ADDRESS,
    "too much": "a" * 100_000,
}


def _filters() -> Iterator[Amplifier]:
    for name, predicate in PREDICATES.items():
        for route, what in ((PAGE, "orders"), (MESSAGES, "messages")):
            yield Amplifier(
                f"{what} where: {name}",
                route,
                bytes,
                (400,),
                query={"where": predicate},
                is_telling=name == "an open string of escapes" and route == PAGE,
            )
    yield Amplifier(
        "orders where: many predicates",
        PAGE,
        bytes,
        (400,),
        queries={"where": ['id > "a" and (id = "b" and id in ("c", "d"))'] * 400},
    )
    most = 512 * 1024 - 1000
    values: Mapping[str, Callable[[], bytes]] = {
        "many bad texts": lambda: _many(_BAD, most),
        "a long name above bad texts": lambda: (
            b'{"%s":%s}' % (b"k" * 200_000, _many(_BAD, 300_000))
        ),
        "deep bad texts": lambda: _deep(_many(_BAD, 490_000), 9000),
        "many numbers": lambda: _many(b"1", most),
        "many short texts": lambda: _many(b'"a"', most),
        "many members": lambda: _numbered(b"{", b'"%d":1', b"}", most),
        "a long text": lambda: b'"%s"' % (b"a" * most),
    }
    for name, value in values.items():
        for member in ("orderIds", "externalOrderIds", "statuses", "campaignIds", "dates", "x"):
            yield Amplifier(
                f"business orders: {name} as {member}",
                BUSINESS_ORDERS,
                partial(_wrapped, b'{"%s":' % member.encode(), value),
                (400, 403),
                is_telling=(name, member) == ("many numbers", "statuses"),
            )


def _tokens() -> Iterator[Amplifier]:
    bodies: Mapping[str, Callable[[], bytes]] = {
        "many parameters": lambda: _numbered(b"", b"%d=1", b"").replace(b",", b"&"),
        "many equal parameters": lambda: b"a=1&" * (FULL // 4),
        "many escapes": lambda: b"scope=" + b"%41" * (FULL // 3 - 10),
        "many plus signs": lambda: b"scope=" + b"+" * (FULL - 100),
        "many scopes": lambda: (
            b"grant_type=client_credentials&scope=" + b"a:demo+" * (FULL // 7 - 10)
        ),
        "many other scopes": lambda: (
            b"grant_type=client_credentials&scope="
            + b"+".join(b"%d:demo" % n for n in range(300_000))
        ),
        "many separators": lambda: b"&" * FULL,
        "a long grant": lambda: b"grant_type=" + b"x" * (FULL - 100),
        "bad bytes": lambda: b"a=" + b"%ff" * (FULL // 3 - 10),
    }
    for name, make in bodies.items():
        yield Amplifier(
            f"token: {name}", TOKEN, make, (400,), FORM, is_telling=name == "many scopes"
        )
        yield Amplifier(
            f"token: {name}, without a secret",
            TOKEN,
            make,
            (401,),
            FORM,
            has_token=False,
            is_zipped=True,
        )


def _lists() -> Iterator[Amplifier]:
    for account in (LARGE_ALTCRAFT, LARGE_DRAFTS):
        for limit in ("20", "88", "500"):
            yield Amplifier(
                f"page of {limit} of {account}",
                PAGE,
                bytes,
                (200, 413),
                account=account,
                query={"limit": limit},
                is_telling=limit == "500" and account == LARGE_DRAFTS,
            )
            yield Amplifier(
                f"messages: {limit} of {account}",
                MESSAGES,
                bytes,
                # Orders of another protocol have no messages, and not all of them are examined.
                (400,) if account == LARGE_ALTCRAFT else (200, 413),
                account=account,
                query={"limit": limit, "sort": "createdAt desc"},
                is_telling=limit == "500" and account == LARGE_DRAFTS,
            )
        yield Amplifier(
            f"last page of {account}",
            PAGE,
            bytes,
            (200, 413),
            account=account,
            query={"limit": "20", "offset": "130", "sort": "createdAt desc"},
        )
        paths = [f"lineItems[{n}].price.value" for n in range(300)]
        yield Amplifier(
            f"page of {account} with many paths to expand",
            PAGE,
            bytes,
            (200, 400, 413),
            account=account,
            query={"limit": "20"},
            queries={"expand": paths},
            is_telling=account == LARGE_DRAFTS,
        )
        for query in ({}, {"status": "DELIVERED"}):
            yield Amplifier(
                f"list of {account} {query}",
                LIST,
                bytes,
                (200,),
                account=account,
                query=query,
                is_telling=True,
            )
        yield Amplifier(
            f"import of large orders of {account}",
            IMPORT,
            lambda: _orders_of_units(
                json.dumps(order(external_id=f"order-{n}")).encode()
                for n in range(1, LARGE_ORDERS[LARGE_ALTCRAFT] + 1)
            ),
            (200,),
            account=account,
            orders=LARGE_ORDERS[LARGE_ALTCRAFT],
            is_telling=True,
        )


def _compared(entries: Iterator[bytes]) -> bytes:
    return b'{"orders":[%s]}' % b",".join(entries)


# A thousand calls of AWS have most of this time.
COMPARISON_SECONDS = 5.0


def _comparisons() -> Iterator[Amplifier]:
    for name, value in {**FAULTY_VALUES, **HEAVY_VALUES}.items():
        telling = name == "a very long name above many bad texts"
        bodies: Mapping[str, Callable[[], bytes]] = {
            "as a member": partial(_wrapped, b'{"orders":[],"x":', value),
            "as orders": partial(_wrapped, b'{"orders":', value),
            "as an id": partial(_wrapped, b'{"orders":[{"external_id":', value, b',"version":1}]}'),
            "as the body": value,
        }
        for place, make in bodies.items():
            yield Amplifier(
                f"reconcile: {name} {place}", RECONCILE, make, is_telling=telling and "id" in place
            )
        yield Amplifier(
            f"reconcile: {name}, without a token",
            RECONCILE,
            value,
            (401,),
            has_token=False,
            is_zipped=True,
        )
    digest = b"0" * 64
    many: Mapping[str, tuple[Callable[[], bytes], int]] = {
        "many orders": (
            lambda: _compared(
                b'{"external_id":"%d","digest":"%s"}' % (n, digest) for n in range(10_000)
            ),
            200,
        ),
        "many orders of long ids": (
            lambda: _compared(
                b'{"external_id":"%0255d","version":1,"update_time":"2026-01-01"}' % n
                for n in range(10_000)
            ),
            200,
        ),
        "many times one order": (
            lambda: _compared(b'{"external_id":"order-1","version":1}' for _ in range(10_000)),
            200,
        ),
        "many wrong orders": (
            lambda: _compared(
                b'{"external_id":"","digest":"","version":0,"update_time":"","x":1}'
                for _ in range(10_000)
            ),
            400,
        ),
        "an order of many unknown members": (
            lambda: _compared(iter([_numbered(b"{", b'"%d":1', b"}", FULL - 100)])),
            400,
        ),
        "many orders of unknown members": (
            lambda: _compared(
                b"{%s}" % b",".join(b'"%d":1' % each for each in range(45)) for _ in range(10_000)
            ),
            400,
        ),
        "many empty orders": (lambda: _compared(b"{}" for _ in range(10_000)), 400),
        "too many orders": (lambda: _compared(b"{}" for _ in range(1_300_000)), 400),
    }
    for name, (make, status) in many.items():
        yield Amplifier(
            f"reconcile: {name}",
            RECONCILE,
            make,
            (status,),
            account=LARGE_ALTCRAFT,
            seconds=COMPARISON_SECONDS,
            orders=10_000 if status == 200 else 0,
            is_telling=name in {"many orders", "many orders of unknown members"},
        )


def _altcraft_lists() -> Iterator[Amplifier]:
    for account in (LARGE_ALTCRAFT, LARGE_DRAFTS):
        # A reader that has passed every other place of a minute.
        passed = Passed(0, tuple(range(n, n + 1) for n in range(2, 2 * MAX_RUNS, 2)))
        from_id = write_from_id(f"altcraft orders\n{account}\n", passed)
        for name, body in (
            ("orders", {"limit": 1000}),
            ("orders in XML", {"limit": 1000, "format": "xml"}),
            ("no order of an endpoint", {"limit": 1000, "endpoint": "nowhere"}),
            ("a long from_id", {"limit": 1000, "from_id": from_id}),
        ):
            yield Amplifier(
                f"Altcraft: {name} of {account}",
                ALTCRAFT_LIST,
                partial(_encoded, body),
                (200,),
                account=account,
                is_telling=name == "orders in XML",
            )
    unknown = {f"limi{n}": n for n in range(200_000)}
    yield Amplifier(
        "Altcraft: many unknown members", ALTCRAFT_LIST, partial(_encoded, unknown), (200,)
    )


def _encoded(body: Tree) -> bytes:
    return json.dumps(body).encode()


def _hub_lists() -> Iterator[Amplifier]:
    for account in (LARGE_ALTCRAFT, LARGE_DRAFTS):
        for name, route, query in (
            ("orders", HUB_ORDERS, {"limit": "200"}),
            ("orders of a status", HUB_ORDERS, {"limit": "200", "status": "x"}),
            ("oldest orders changed", HUB_ORDERS, {"changed_from": "2025-01-01"}),
            ("an order by its external id", HUB_ORDERS, {"external_id": "order-1"}),
            ("changes", HUB_CHANGES, {"limit": "200"}),
            ("changes with orders", HUB_CHANGES, {"limit": "200", "include": "order"}),
            ("one order", HUB_ORDER, {}),
            ("a history", HUB_HISTORY, {"limit": "200"}),
        ):
            yield Amplifier(
                f"hub: {name} of {account}",
                route,
                bytes,
                (200,),
                account=account,
                query=query,
                is_telling=(account, name)
                in {(LARGE_DRAFTS, "orders"), (LARGE_ALTCRAFT, "changes with orders")},
            )
    for name in ("status", "endpoint", "protocol"):
        yield Amplifier(
            f"hub: many times {name}",
            HUB_ORDERS,
            bytes,
            queries={name: ["x"] * 5000},
        )


GOOD_CASES = (
    Amplifier("good JSON", IMPORT, lambda: _import_at(b"", region=None), (200,)),
    Amplifier("bad JSON", IMPORT, lambda: b"{", (400,)),
    Amplifier(
        "good XML", IMPORT, lambda: b"<xml>" + _DATA.replace(b"{}", b"") + b"</xml>", (200,), XML
    ),
    Amplifier("a good draft", DRAFT, lambda: json.dumps(draft()).encode(), (201,)),
    Amplifier("a good rename", RENAME, lambda: b'{"externalOrderId": "A"}', (404,)),
    Amplifier(
        "a good move",
        MOVE,
        lambda: b'{"order": {"status": "CANCELLED", "substatus": "SHOP_FAILED"}}',
        (404,),
    ),
    Amplifier("a good token", TOKEN, lambda: b"grant_type=client_credentials", (200,), FORM),
    Amplifier("a good page", PAGE, bytes, (200,), query={"limit": "1"}),
    Amplifier("good messages", MESSAGES, bytes, (200,), query={"limit": "1"}),
    Amplifier("a good list", LIST, bytes, (200,), query={"limit": "1"}),
    Amplifier("a good Altcraft list", ALTCRAFT_LIST, lambda: b'{"limit": 1}', (200,)),
    Amplifier("an Altcraft list in XML", ALTCRAFT_LIST, lambda: b"<xml/>", (200,), XML),
    Amplifier("a good hub list", HUB_ORDERS, bytes, (200,), query={"limit": "1"}),
    Amplifier(
        "a good comparison",
        RECONCILE,
        lambda: b'{"orders":[{"external_id":"A","version":1}]}',
        (200,),
    ),
)


@cache
def amplifiers() -> tuple[Amplifier, ...]:
    """Return every case."""
    return (
        *_altcraft_faults(),
        *_altcraft_orders(),
        *_altcraft_texts(),
        *_altcraft_root_texts(),
        *_altcraft_fields(),
        *_altcraft_xml(),
        *_drafts(),
        *_yandex_market(),
        *_filters(),
        *_tokens(),
        *_lists(),
        *_comparisons(),
        *_hub_lists(),
        *_altcraft_lists(),
    )
