"""Requests of attackers and of broken clients.

Each has its expected answer. Inputs that fuzzing found are here too.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.commercetools import basic, draft
from tests.support.routes import Route
from tests.support.samples import IMPORT_RESOURCE, line, order, request

SECRET = "secret of the shop"
IMPORT: Route = ("POST", IMPORT_RESOURCE)
DRAFT: Route = ("POST", "/{projectKey}/orders/import")
TOKEN: Route = ("POST", "/oauth/token")
ORDER_PATH = "/campaigns/{campaignId}/orders/{orderId}"
RENAME: Route = ("POST", f"{ORDER_PATH}/external-id")
MOVE: Route = ("PUT", f"{ORDER_PATH}/status")
MOVE_SEVERAL: Route = ("POST", "/campaigns/{campaignId}/orders/status-update")
BUYER: Route = ("GET", f"{ORDER_PATH}/buyer")
GET: Route = ("GET", ORDER_PATH)
LIST: Route = ("GET", "/campaigns/{campaignId}/orders")
BUSINESS_ORDERS: Route = ("POST", "/v1/businesses/{businessId}/orders")
PAGE: Route = ("GET", "/{projectKey}/orders")
FIND: Route = ("GET", "/{projectKey}/orders/{ref+}")
UPDATE: Route = ("POST", "/{projectKey}/orders/{ref+}")
DELETE: Route = ("DELETE", "/{projectKey}/orders/{ref+}")
MESSAGES: Route = ("GET", "/{projectKey}/messages")
HUB_ORDERS: Route = ("GET", "/hub/v1/orders")
HUB_ORDER: Route = ("GET", "/hub/v1/orders/{order_id}")
HUB_HISTORY: Route = ("GET", "/hub/v1/orders/{order_id}/history")
HUB_CHANGES: Route = ("GET", "/hub/v1/changes")
RECONCILE: Route = ("POST", "/hub/v1/reconcile")
ALTCRAFT_LIST: Route = ("POST", "/api/v1.1/market/orders/list")
GET_STATUS: Route = ("POST", "/api/v1.1/market/orders/get_status")
ALTCRAFT_DELETE: Route = ("POST", "/api/v1.1/market/orders/delete")
ALTCRAFT_LINE: Route = ("POST", "/api/v1.1/market/orders/update_order_line_status")
HUB_DELETE: Route = ("DELETE", "/hub/v1/orders/{order_id}")
HUB_RESTORE: Route = ("POST", "/hub/v1/orders/{order_id}/restore")
UNDO: Route = ("POST", "/hub/v1/undo")
HUB_LINE: Route = ("PUT", "/hub/v1/orders/{order_id}/lines/{line_id}/status")
IMPORT_PRODUCTS: Route = ("POST", "/api/v1.1/market/products/import")
IMPORT_SKUS: Route = ("POST", "/api/v1.1/market/sku/import")
LIST_PRODUCTS: Route = ("POST", "/api/v1.1/market/products/list")
DELETE_SKUS: Route = ("POST", "/api/v1.1/market/sku/delete")
UNKNOWN_CALL: Route = ("POST", "/api/v1.1/market/orders/{call+}")
ASSET: Route = ("GET", "/docs/{asset}")

MEGABYTE = 2**20
JSON, XML, FORM = "application/json", "application/xml", "application/x-www-form-urlencoded"
type Tree = dict[str, Any]


@dataclass(frozen=True)
class Hostile:
    """A request with the expected status and a text that the answer must contain."""

    name: str
    route: Route
    status: int
    text: str = ""
    body: bytes = b""
    media: str | None = JSON
    headers: Mapping[str, Any] = field(default_factory=dict)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    def event(self) -> Tree:
        """Return the API Gateway event. The body is in base64, as in the deployed stack."""
        method, resource = self.route
        media = {} if self.media is None else {"Content-Type": self.media}
        secret = {"Authorization": f"Bearer {SECRET}", "Api-Key": SECRET}
        if self.route == TOKEN:
            secret = {"Authorization": basic("shop", SECRET)}
        return {
            "resource": resource,
            "path": resource,
            "httpMethod": method,
            "headers": {**secret, **media, **self.headers},
            "pathParameters": {
                "campaignId": "1001",
                "orderId": "1",
                "order_id": "1",
                "businessId": "2001",
                "projectKey": "demo",
                "ref": "x",
                "id": "x",
                **self.path,
            },
            "queryStringParameters": dict(self.query) or None,
            "multiValueQueryStringParameters": {n: [v] for n, v in self.query.items()} or None,
            "requestContext": {"requestId": "request", "path": resource},
            "body": base64.b64encode(self.body).decode(),
            "isBase64Encoded": True,
            **self.raw,
        }


def _json(tree: object) -> bytes:
    return json.dumps(tree).encode()


def _import(**changes: object) -> bytes:
    return _json(request(order(**changes)))


def _spelled(member: str, spelling: str) -> bytes:
    """Return an import in which `spelling` is the raw JSON of one member of the order."""
    marked = _json(request(order(**{member: "@@"})))
    return marked.replace(b'"@@"', spelling.encode("utf-8", "surrogatepass"))


GOOD = _import()
BAD_JSON = {
    "nothing": b"",
    "spaces": b" " * MEGABYTE,
    "half": GOOD[:-10],
    "twice": GOOD + GOOD,
    "a tail": GOOD + b"x",
    "a comment": b"/* hello */" + GOOD,
    "single quotes": GOOD.replace(b'"', b"'"),
    "a trailing comma": GOOD[:-1] + b",}",
    "deep arrays": b"[" * 200_000,
    "deep objects": b'{"a":' * 100_000,
    "closed deep arrays": b"[" * 100_000 + b"]" * 100_000,
    "broken UTF-8": GOOD.replace(b"johndoe", b"\xff\xfe\x80"),
    "overlong UTF-8": GOOD.replace(b"johndoe", b"\xc0\xaf"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32"),
    "a NUL byte": GOOD.replace(b"johndoe", b"john\x00doe"),
    "a raw line break in a text": GOOD.replace(b"johndoe", b"john\ndoe"),
    "XML": b"<xml><data/></xml>",
    "HTML": b"<!doctype html><html></html>",
    "a zip file": b"PK\x03\x04" + bytes(1000),
}
BAD_ROOTS = {
    "null": b"null",
    "a number": b"1",
    "a text": b'"data"',
    "no data": b"{}",
    "data as an object": b'{"data": {}}',
    "data as a text": b'{"data": "x"}',
    "too many orders": b'{"data": [' + b",".join([b"{}"] * 10_001) + b"]}",
    "the root's members twice": b'{"data": [], "data": []}',
}
# Raw JSON of an amount: invalid JSON, then amounts for which only the order is rejected.
NO_NUMBERS = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "minus Infinity": "-Infinity",
    "a leading zero": "01",
    "a plus": "+1",
}
BAD_AMOUNTS = {
    "1e999": "1e999",
    "1e-999999": "1e-999999",
    "1E+400 as text": '"1E+400"',
    "400 digits": "9" * 400,
    "400 digits as text": f'"{"9" * 400}"',
    "100 000 fraction digits": "1." + "1" * 100_000,
    "negative": "-1",
    "100 000 digits": "9" * 100_000,
    "a comma": '"1,5"',
    "Arabic digits": '"\u0661\u0662"',
    "an exponent": '"1e2"',
    "hexadecimal": '"0x10"',
    "underscores": '"1_000"',
    "true": "true",
    "an object": "{}",
    "an array": "[1]",
}
BAD_TEXTS = {
    "half a surrogate pair": '"\\ud800"',
    "the other half": '"x\\udfff"',
    "an escaped NUL": '"a\\u0000b"',
    "a control character": '"a\\u0007b"',
}


def _altcraft_json() -> Iterator[Hostile]:
    for name, body in BAD_JSON.items():
        yield Hostile(f"JSON: {name}", IMPORT, 400, '"error":400', body)
    for name, body in BAD_ROOTS.items():
        yield Hostile(f"JSON root: {name}", IMPORT, 400, '"error":400', body)
    for name, spelling in NO_NUMBERS.items():
        body = _spelled("total_price", spelling)
        yield Hostile(f"amount: {name}", IMPORT, 400, "not valid JSON", body)
    for name, spelling in BAD_AMOUNTS.items():
        body = _spelled("total_price", spelling)
        yield Hostile(f"amount: {name}", IMPORT, 200, "/data/0/total_price", body)
    for name, spelling in BAD_TEXTS.items():
        body = _spelled("email", spelling)
        yield Hostile(f"text: {name}", IMPORT, 200, "illegal_character", body)
        body = _spelled("external_id", spelling)
        yield Hostile(f"external id: {name}", IMPORT, 200, "/data/0/external_id", body)
    twice = GOOD.replace(b'"currency"', b'"email": "other", "currency"')
    yield Hostile("a member twice", IMPORT, 200, "duplicate_member", twice)
    large = "x" * MEGABYTE
    yield Hostile("a key of 1 MB", IMPORT, 200, '"error":0', _import(**{large: "x"}))
    yield Hostile("a text of 1 MB", IMPORT, 200, "order_too_large", _import(email=large))
    yield Hostile("an id of 1 MB", IMPORT, 200, "/data/0/external_id", _import(external_id=large))
    yield Hostile("a status of 1 MB", IMPORT, 200, "unknown_status", _import(status=large))
    deep: object = "x"
    for _ in range(500):
        deep = {"a": deep}
    yield Hostile("deep custom fields", IMPORT, 200, "error", _import(custom_fields={"x": deep}))
    lines = [line(external_id=str(n)) for n in range(5001)]
    yield Hostile("too many lines", IMPORT, 200, "/data/0/lines", _import(lines=lines))
    yield Hostile("too many tags", IMPORT, 200, "/data/0/tags", _import(tags=["x"] * 1001))
    strange = _json({"data": [None, 1, "x", [], {}, True]})
    yield Hostile("orders that are none", IMPORT, 200, "wrong_type", strange)
    fields = _json({"data": [], "custom_fields": [{}] * 1001})
    yield Hostile("too many definitions", IMPORT, 400, "/custom_fields", fields)
    strange_token = _json({"data": [], "token": {"$ne": None}})
    no_header = {"Authorization": ""}
    yield Hostile("a token that is an object", IMPORT, 401, "", strange_token, headers=no_header)


def _bodies() -> Iterator[Hostile]:
    packed = gzip.compress(GOOD)
    zipped = {"Content-Encoding": "gzip"}

    def coded(name: str, status: int, body: bytes) -> Hostile:
        return Hostile(f"gzip: {name}", IMPORT, status, str(status), body, headers=zipped)

    yield coded("a bomb of 200 MB", 413, gzip.compress(bytes(200 * MEGABYTE), 1))
    yield coded("a bomb in a bomb", 400, gzip.compress(gzip.compress(bytes(64 * MEGABYTE))))
    yield coded("cut off", 400, packed[:-5])
    yield coded("two members", 400, packed + packed)
    yield coded("a tail", 400, packed + b"tail")
    yield coded("a wrong checksum", 400, packed[:-8] + bytes(8))
    yield coded("none", 400, bytes(range(256)))
    yield coded("nothing", 400, b"")
    yield coded("100,000 members", 400, gzip.compress(b"") * 100_000)
    large = b'{"data": []}' + b" " * (4 * MEGABYTE)
    yield Hostile("over 4 MB", IMPORT, 413, "413", large)
    for coding in ("br", "deflate", "gzip, gzip", "zstd", "x" * 10_000):
        headers = {"Content-Encoding": coding}
        body = zlib.compress(GOOD)
        yield Hostile(f"coding {coding[:10]}", IMPORT, 415, "415", body, headers=headers)
    for media in ("text/plain", "image/png", "multipart/form-data", "application/" + "x" * 9000):
        yield Hostile(f"media {media[:20]}", IMPORT, 415, "415", GOOD, media)
    for charset in ("utf-16", "utf-7", "latin-1", "x" * 1000):
        media = f"application/json; charset={charset}"
        yield Hostile(f"charset {charset[:10]}", IMPORT, 415, "415", GOOD, media)
    for route in (IMPORT, DRAFT, RENAME):
        raw = {"body": "####", "isBase64Encoded": True}
        yield Hostile(f"broken base64 {route[1]}", route, 400, "", raw=raw)
    raw = {"body": "\ud800", "isBase64Encoded": False}
    yield Hostile("half a character", IMPORT, 400, "", raw=raw)
    yield Hostile("no body at all", IMPORT, 400, "", raw={"body": None, "isBase64Encoded": False})


def _xml(inner: str, head: str = "") -> bytes:
    return f"{head}<xml>{inner}</xml>".encode()


_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
XML_ORDER = (
    "<data><external_id>1</external_id><email>a@example.com</email><endpoint>website</endpoint>"
    "<status>new</status><total_price>1</total_price><currency>USD</currency><lines>"
    "<external_id>1</external_id><sku>mug</sku><final_price_per_item>1</final_price_per_item><count>1</count>"
    "</lines>{}</data>"
)
BAD_XML = {
    "billion laughs": _xml("<data>&l9;</data>", f"<!DOCTYPE xml [{_LAUGHS}]>"),
    "quadratic blow-up": _xml(
        f"<data>{'&a;' * 50_000}</data>", f'<!DOCTYPE xml [<!ENTITY a "{"a" * 50_000}">]>'
    ),
    "a file": _xml(
        "<data><email>&f;</email></data>",
        '<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ),
    "an external DTD": _xml("<data/>", '<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/evil.dtd">'),
    "a parameter entity": _xml(
        "<data/>", '<!DOCTYPE xml [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>'
    ),
    "an empty DTD": _xml("<data/>", "<!DOCTYPE xml>"),
    "an unknown entity": _xml("<data>&nbsp;</data>"),
    "deep elements": b"<xml>" + b"<a>" * 100_000,
    "closed deep elements": b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
    "many attributes": f"<xml {' '.join(f'a{n}="1"' for n in range(100_000))}/>".encode(),
    "an attribute twice": b'<xml a="1" a="2"/>',
    "not closed": b"<xml><data>",
    "crossed": b"<xml><a><b></a></b></xml>",
    "two roots": b"<xml/><xml/>",
    "another root": b"<html/>",
    "a NUL": b"<xml><data>\x00</data></xml>",
    "a NUL reference": _xml("<data>&#0;</data>"),
    "a control reference": _xml("<data>&#7;</data>"),
    "half a surrogate reference": _xml("<data>&#xD800;</data>"),
    "a lying UTF-16 declaration": b'<?xml version="1.0" encoding="UTF-16"?>' + _xml("<data/>"),
    "an unknown encoding": b'<?xml version="1.0" encoding="x-evil"?>' + _xml("<data/>"),
    "broken UTF-8": b"<xml><data>\xff</data></xml>",
    "JSON": GOOD,
    "nothing": b"",
    "text": b"hello",
    "a million elements that nobody reads": b"<xml>" + b"<a/>" * 500_000 + b"</xml>",
}


def _altcraft_xml() -> Iterator[Hostile]:
    for name, body in BAD_XML.items():
        yield Hostile(f"XML: {name}", IMPORT, 400, "<error>400</error>", body, XML)
    inner = {
        "XInclude": '<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>',
        "a stylesheet": '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>',
        "a large comment": f"<!--{'x' * MEGABYTE}-->",
        "a large CDATA section of nothing": f"<region><![CDATA[{' ' * 10}]]></region>",
        "an unknown namespace": '<a:b xmlns:a="urn:x">1</a:b>',
    }
    for name, text in inner.items():
        body = _xml(XML_ORDER.format(text))
        yield Hostile(f"XML order: {name}", IMPORT, 200, "<external_id>1<", body, XML)
    huge = _xml(XML_ORDER.format("")).replace(b"<email>", b'<email a="%s">' % (b"x" * MEGABYTE))
    yield Hostile("XML: an attribute of 1 MB", IMPORT, 200, "<external_id>1<", huge, XML)
    twice = _xml(XML_ORDER.format("<email>b@example.com</email>"))
    yield Hostile("XML: an element twice", IMPORT, 200, "duplicate_member", twice, XML)
    many = _xml("".join(XML_ORDER.format("") for _ in range(5000)))
    yield Hostile("XML: 5000 times one order", IMPORT, 200, "<error>0</error>", many, XML)


def _drafts() -> Iterator[Hostile]:
    for name, body in BAD_JSON.items():
        yield Hostile(f"draft: {name}", DRAFT, 400, "InvalidJsonInput", body)
    yield Hostile("draft root: an array", DRAFT, 400, "InvalidJsonInput", b"[]")
    for name in ("null", "a number", "a text", "no data"):
        yield Hostile(f"draft root: {name}", DRAFT, 400, "InvalidJsonInput", BAD_ROOTS[name])
    tree = _json(draft(totalPrice={"currencyCode": "USD", "centAmount": "@@"}))
    for name, spelling in NO_NUMBERS.items():
        body = tree.replace(b'"@@"', spelling.encode())
        yield Hostile(f"cents: {name}", DRAFT, 400, "InvalidJsonInput", body)
    for name in ("1e999", "400 digits", "1e-999999", "true", "an object"):
        body = tree.replace(b'"@@"', BAD_AMOUNTS[name].encode())
        yield Hostile(f"cents: {name}", DRAFT, 400, "centAmount", body)
    for name, spelling in BAD_TEXTS.items():
        tree = _json(draft(customerEmail="@@"))
        body = tree.replace(b'"@@"', spelling.encode())
        yield Hostile(f"draft text: {name}", DRAFT, 400, "InvalidJsonInput", body)
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    custom = {"type": {"id": "x"}, "fields": {"note": deep}}
    yield Hostile("deep custom field", DRAFT, 400, "nested", _json(draft(custom=custom)))
    number = _json(draft(orderNumber="x" * MEGABYTE))
    yield Hostile("a number of 1 MB", DRAFT, 400, "InvalidField", number)
    email = _json(draft(customerEmail="x" * MEGABYTE))
    yield Hostile("an address of 1 MB", DRAFT, 400, "ResourceSizeLimitExceeded", email)
    slug = _json(draft(store={"key": "x" * MEGABYTE}))
    yield Hostile("a store of 1 MB", DRAFT, 400, "ReferencedResourceNotFound", slug)
    for charset in ("utf-16", "utf-7"):
        media = f"application/json; charset={charset}"
        yield Hostile(f"draft charset {charset}", DRAFT, 400, "UTF-8", _json(draft()), media)


def _updates() -> Iterator[Hostile]:
    for name, body in BAD_JSON.items():
        yield Hostile(f"update: {name}", UPDATE, 400, "InvalidJsonInput", body)
    yield Hostile("update root: an array", UPDATE, 400, "InvalidJsonInput", b"[]")
    many = _json({"version": 1, "actions": [{}] * 400_000})
    yield Hostile("update: 400,000 actions", UPDATE, 400, "at most 500", many)
    long = _json({"version": 1, "actions": [{"action": "x" * MEGABYTE}]})
    yield Hostile("update: an action of 1 MB", UPDATE, 400, "Invalid enum value", long)
    deep: object = 1
    for _ in range(500):
        deep = [deep]
    field = {"action": "setCustomField", "name": "note", "value": deep}
    body = _json({"version": 1, "actions": [field]})
    yield Hostile("update: a deep custom field", UPDATE, 400, "nested", body)
    parcels = [{"action": "addDelivery", "parcels": [{}] * 1000}] * 500
    body = _json({"version": 1, "actions": parcels})
    yield Hostile("update: 500,000 parcels", UPDATE, 400, "ResourceSizeLimitExceeded", body)


def _tokens() -> Iterator[Hostile]:
    grant = b"grant_type=client_credentials"

    def asked(name: str, status: int, text: str, body: bytes, **rest: Any) -> Hostile:  # noqa: ANN401
        return Hostile(f"token: {name}", TOKEN, status, text, body, FORM, **rest)

    yield asked("a million parameters", 400, "at most 100 parameters", b"a=1&" * MEGABYTE)
    yield asked("a scope of 1 MB", 400, "invalid_scope", grant + b"&scope=" + b"x" * MEGABYTE)
    yield asked("many scopes", 400, "invalid_scope", grant + b"&scope=" + b"a:demo+" * 100_000)
    yield asked("binary", 400, "grant_type", bytes(range(256)))
    yield asked("another grant", 400, "unsupported_grant_type", b"grant_type=password")
    for name, sent in {
        "no base64": "Basic ####",
        "no colon": "Basic " + base64.b64encode(b"shop").decode(),
        "binary": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "1 MB": "Basic " + base64.b64encode(b"x" * MEGABYTE).decode(),
        "half a pair": "Basic \ud800",
        "another scheme": "Digest x",
        "empty": "",
    }.items():
        headers = {"Authorization": sent}
        yield asked(f"credentials: {name}", 401, "invalid_client", grant, headers=headers)


BAD_IDS = ("..", "%2e%2e", "%252e", "1%00", "-1", "0", "9" * 30, "\uff11", "1e3", "1/2", "", " 1")


def _yandex_market() -> Iterator[Hostile]:
    for route in (GET, RENAME, MOVE):
        for sent in BAD_IDS:
            path = {"orderId": sent}
            name = f"{route[0]} order {sent!r}"
            yield Hostile(name, route, 400, "BAD_REQUEST", b"{}", path=path)
    for sent in BAD_IDS:
        path = {"orderId": sent}
        yield Hostile(f"buyer of order {sent!r}", BUYER, 400, "BAD_REQUEST", path=path)
        yield Hostile(f"campaign {sent!r}", LIST, 400, "BAD_REQUEST", path={"campaignId": sent})
    for route in (RENAME, MOVE, MOVE_SEVERAL):
        for name, body in BAD_JSON.items():
            yield Hostile(f"{route[1]}: {name}", route, 400, "BAD_REQUEST", body)
    yield Hostile("over 512 KB", RENAME, 400, "too big", b" " * MEGABYTE)
    yield from _several_moves()
    for name, spelling in {**BAD_TEXTS, "a fraction": "1.5", "null": "null", "empty": '""'}.items():
        body = b'{"externalOrderId": %s}' % spelling.encode()
        yield Hostile(f"new id: {name}", RENAME, 400, "BAD_REQUEST", body)
    for name, value in {
        "limit": "9" * 1000,
        "status": "x" * 100_000,
        "pageToken": "-1",
        "fake": "maybe",
        "unknown": "x",
        "page": "0",
    }.items():
        yield Hostile(f"list: {name}", LIST, 400, "BAD_REQUEST", query={name: value})
    flood = {f"p{n}": "x" for n in range(10_000)}
    yield Hostile("list: a flood of parameters", LIST, 400, "BAD_REQUEST", query=flood)


def _several_moves() -> Iterator[Hostile]:
    order = {"id": 1, "status": "PROCESSING", "substatus": "READY_TO_SHIP"}
    for name, orders in {
        "too many": [order] * 31,
        "nested": [[order]],
        "a flood": [1] * 100_000,
        "an object": {"0": order},
        "a long id": [{**order, "id": 10**400}],
        "a fraction": [{**order, "id": 1.5}],
    }.items():
        body = json.dumps({"orders": orders}).encode()
        yield Hostile(f"several statuses: {name}", MOVE_SEVERAL, 400, "BAD_REQUEST", body)
    for name, each in {
        "a long status": {**order, "status": "x" * 10_000},
        "a long substatus": {**order, "substatus": "x" * 10_000},
        "an unknown order": {**order, "id": -(2**63)},
        "a flood of members": {**order, **{f"m{n}": n for n in range(1_000)}},
    }.items():
        body = json.dumps({"orders": [each] * 30}).encode()
        yield Hostile(f"several statuses: {name}", MOVE_SEVERAL, 200, '"updateStatus"', body)


def _projects() -> Iterator[Hostile]:
    for name, value in {
        "where": "(" * 100_000,
        "sort": "createdAt desc; drop table",
        "limit": "-1",
        "offset": "9" * 1000,
        "withTotal": "perhaps",
        "unknown": "x",
    }.items():
        yield Hostile(f"page: {name}", PAGE, 400, "InvalidInput", query={name: value})
        yield Hostile(f"messages: {name}", MESSAGES, 400, "InvalidInput", query={name: value})
    for name, value in {
        "escapes": 'orderNumber="' + '\\"' * 100_000,
        "many terms": " and ".join(['orderNumber="x"'] * 50_000) + " or",
        "half a pair": 'orderNumber="\\ud800x',
        "spaces": " " * 500_000 + "x",
    }.items():
        yield Hostile(f"where: {name}", PAGE, 400, "InvalidInput", query={"where": value})
    for ref in ("..", "%2e%2e%2f", "order-number=", "order-number=%00", "x" * 100_000, "%ff"):
        path = {"ref": ref}
        yield Hostile(f"ref {ref[:20]!r}", FIND, 404, "ResourceNotFound", path=path)
    yield Hostile("delete without a version", DELETE, 400, "InvalidInput")
    version = {"version": "9" * 100}
    yield Hostile("delete of a strange version", DELETE, 400, "InvalidInput", query=version)
    for project in ("other", "..", "%2e%2e", "x" * 10_000, "\ud800", ""):
        path = {"projectKey": project}
        yield Hostile(f"project {project[:10]!r}", PAGE, 403, "insufficient_scope", path=path)
    for asset in ("..", "../handler.py", "handler.py", "%2e%2e%2fhandler.py", "x" * 100_000):
        yield Hostile(f"asset {asset[:20]!r}", ASSET, 404, "NOT_FOUND", path={"asset": asset})


# The check value of a cursor is no secret, so its position can be forged.
BAD_CURSORS = {
    "nothing": "",
    "another version": "2.AAAA",
    "many digits of a version": "9" * 5000 + ".AAAA",
    "no cursor": "hello",
    "1 MB": "1." + "A" * MEGABYTE,
    "half a byte": "1.A",
    "a wrong check value": "1." + base64.urlsafe_b64encode(bytes(9) + b"[1]").decode().rstrip("="),
    "half a pair": "1.\ud800",
    "other digits": "\u0661.AAAA",
}


def _hub() -> Iterator[Hostile]:
    def rejected(name: str, route: Route, code: str, **rest: Any) -> Hostile:  # noqa: ANN401
        return Hostile(f"{route[1]}: {name}", route, 400, f'"code":"{code}"', **rest)

    lists = (HUB_ORDERS, HUB_HISTORY, HUB_CHANGES)
    for route in lists:
        for name, sent in BAD_CURSORS.items():
            yield rejected(f"after: {name}", route, "invalid_parameter", query={"after": sent})
        for sent in ("0", "201", "-1", "1e2", "9" * 100_000, "\uff11", "", " 1", "50.0"):
            query = {"limit": sent}
            yield rejected(f"limit {sent[:9]!r}", route, "invalid_parameter", query=query)
        flood = {f"p{n}": "x" for n in range(10_000)}
        yield rejected("a flood of parameters", route, "invalid_parameter", query=flood)
    for name, value in {
        "created_from": "9" * 100_000,
        "created_to": "2026-01-01T00:00:00+99:99",
        "changed_from": "0000-00-00",
        "changed_to": "\ud800",
        "direction": "up",
        "protocol": "x" * 100_000,
        "external_id": "x" * 100_000,
        "order_id": "1",
    }.items():
        yield rejected(name, HUB_ORDERS, "invalid_parameter", query={name: value})
    for text in ("a\x00", "\ud800", ""):
        query = {"external_id": text}
        yield rejected(f"external_id {text!r}", HUB_ORDERS, "invalid_parameter", query=query)
    yield rejected("include", HUB_CHANGES, "invalid_parameter", query={"include": "x" * 100_000})
    for route in (HUB_ORDER, HUB_HISTORY):
        for sent in BAD_IDS:
            path = {"order_id": sent}
            yield rejected(f"order {sent!r}", route, "invalid_parameter", path=path)
    yield from _comparisons()


def _comparisons() -> Iterator[Hostile]:
    def case(name: str, status: int, code: str, body: bytes) -> Hostile:
        return Hostile(f"reconcile: {name}", RECONCILE, status, code, body)

    for name, body in BAD_JSON.items():
        yield case(name, 400, '"code":"invalid_body"', body)
    for name in ("null", "a number", "a text", "no data"):
        yield case(f"root: {name}", 400, '"code":"invalid_body"', BAD_ROOTS[name])
    entry = b'{"external_id":"A","version":@}'
    for name, spelling in {**BAD_TEXTS, **BAD_AMOUNTS, **NO_NUMBERS}.items():
        body = b'{"orders":[%s]}' % entry.replace(b"@", spelling.encode())
        yield case(f"version: {name}", 400, '"code":"invalid_body"', body)
    for name, spelling in BAD_TEXTS.items():
        body = b'{"orders":[%s]}' % entry.replace(b'"A"', spelling.encode()).replace(b"@", b"1")
        yield case(f"id: {name}", 400, '"code":"invalid_body"', body)
    many = [b'{"external_id":"unknown %d","version":1}' % n for n in range(10_001)]
    whole = b'{"orders":[%s]}' % b",".join(many[:-1])
    yield case("10,000 orders", 200, '"missing":10000', whole)
    yield case("10,001 orders", 400, "got 10001", b'{"orders":[%s]}' % b",".join(many))
    same = b'{"orders":[%s]}' % b",".join(many[:1] * 10_000)
    yield case("10,000 times one order", 200, '"missing":10000', same)
    alone = b'{"orders":[%s]}' % b",".join(b'{"external_id":"%d"}' % n for n in range(10_000))
    yield case("10,000 orders without content", 400, "/orders/0", alone)
    wrong = b'{"orders":[%s]}' % b",".join(
        [b'{"external_id":"A","digest":"x","version":-1}'] * 9999
    )
    yield case("10,000 wrong orders", 400, "/orders/0/digest", wrong)


def _altcraft_reads() -> Iterator[Hostile]:
    def rejected(name: str, route: Route, body: bytes, media: str = JSON) -> Hostile:
        text = "<error>400</error>" if media == XML else '"error":400'
        return Hostile(f"{route[1]}: {name}", route, 400, text, body, media)

    for route in (ALTCRAFT_LIST, GET_STATUS, ALTCRAFT_DELETE, ALTCRAFT_LINE):
        for name, body in BAD_JSON.items():
            if body.strip():
                yield rejected(name, route, body)
        for name in ("null", "a number", "a text"):
            yield rejected(f"root: {name}", route, BAD_ROOTS[name])
        yield rejected("a document type", route, b"<!DOCTYPE x><xml/>", XML)
        yield rejected("a flood of tags", route, b"<xml>" + b"<a/>" * 500_001 + b"</xml>", XML)
    for name, spelling in {**BAD_TEXTS, **BAD_AMOUNTS, **NO_NUMBERS}.items():
        if name == "an exponent":
            continue  # 1e2 is a whole number.
        sent = spelling.encode()
        yield rejected(f"limit: {name}", ALTCRAFT_LIST, b'{"limit":%s}' % sent)
        yield rejected(f"id: {name}", GET_STATUS, b'{"id":%s}' % sent)
        yield rejected(f"id: {name}", ALTCRAFT_DELETE, b'{"id":%s}' % sent)
    for name, cursor in BAD_CURSORS.items():
        body = json.dumps({"from_id": cursor or "1"}).encode()
        yield rejected(f"from_id: {name}", ALTCRAFT_LIST, body)
    for name, spelling in BAD_TEXTS.items():
        yield rejected(
            f"external_id: {name}", GET_STATUS, b'{"external_id":%s}' % spelling.encode()
        )
    flood = json.dumps({f"m{n}": 1 for n in range(100_000)}).encode()
    yield Hostile("list: a flood of members", ALTCRAFT_LIST, 200, '"error":0', flood)


def _entry(name: str, route: Route, status: int, text: str, body: bytes) -> Hostile:
    return Hostile(f"{route[1]}: {name}", route, status, text, body)


def _products(*data: object) -> bytes:
    return _json({"data": data})


PRODUCT: Tree = {"name": "P", "external_id": "p"}


def _catalogue_bodies() -> Iterator[Hostile]:
    for name, body in BAD_JSON.items():
        yield _entry(f"JSON: {name}", IMPORT_PRODUCTS, 400, '"error":400', body)
        if body.strip():
            yield _entry(f"JSON: {name}", DELETE_SKUS, 400, '"error":400', body)
    for name, root in BAD_ROOTS.items():
        yield _entry(f"root: {name}", IMPORT_PRODUCTS, 400, '"error":400', root)
    for name, body in BAD_XML.items():
        text = "<error>400</error>"
        yield Hostile(f"products in XML: {name}", IMPORT_PRODUCTS, 400, text, body, XML)
    for route in (IMPORT_PRODUCTS, IMPORT_SKUS):
        strange = _json({"data": [None, 1, "x", [], {}, True]})
        yield _entry("elements that are none", route, 200, "wrong_type", strange)
        yield _entry("too many", route, 400, "/data", _products(*[{}] * 10_001))
        yield _entry("many empty ones", route, 200, "/data/0/name", _products(*[{}] * 3000))


def _catalogue_entries() -> Iterator[Hostile]:
    deep: object = "x"
    for _ in range(500):
        deep = {"a": deep}
    many = [f"m{n}" for n in range(100_000)]
    unknown = "unknown_custom_field"
    for name, status, text, members in (
        ("deep custom fields", 200, unknown, {"custom_fields": {"x": deep}}),
        ("many custom fields", 200, unknown, {"custom_fields": dict.fromkeys(many)}),
        ("a flood of members", 200, '"error":0', dict.fromkeys(many, 1)),
        ("too many pictures", 200, "/data/0/pictures", {"pictures": many}),
        ("too many regions", 200, "/data/0/regional_data", {"regional_data": [{}] * 1001}),
        ("wrong regions", 200, "/data/0/regional_data/0", {"regional_data": [1] * 1000}),
        ("a text of 1 MB", 200, "entry_too_large", {"url": "x" * MEGABYTE}),
        ("a description of 1 MB", 200, "/data/0/description", {"description": "x" * MEGABYTE}),
        ("an id of 1 MB", 200, "/data/0/external_id", {"external_id": "x" * MEGABYTE}),
        ("too many SKUs", 400, "/data", {"sku": [{}] * 10_001}),
        ("wrong SKUs", 200, "/data/0/sku/0/name", {"sku": [{}] * 9_999}),
        ("SKUs in SKUs", 200, '"error":0', {"sku": [{**PRODUCT, "sku": [PRODUCT] * 10}]}),
    ):
        yield _entry(name, IMPORT_PRODUCTS, status, text, _products({**PRODUCT, **members}))
    for name, spelling in BAD_TEXTS.items():
        body = _products({**PRODUCT, "external_id": "@@"}).replace(b'"@@"', spelling.encode())
        yield _entry(f"text: {name}", IMPORT_PRODUCTS, 200, "/data/0/external_id", body)
    same = _products(*[{**PRODUCT, "url": "x"}] * 10_000)
    yield _entry("10,000 times one product", IMPORT_PRODUCTS, 200, '"error":0', same)


def _catalogue_parameters() -> Iterator[Hostile]:
    for name, cursor in BAD_CURSORS.items():
        body = _json({"from_id": cursor or "1"})
        yield _entry(f"from_id: {name}", LIST_PRODUCTS, 400, "/from_id", body)
    for name, spelling in {**BAD_TEXTS, **BAD_AMOUNTS, **NO_NUMBERS}.items():
        if name != "an exponent":  # 1e2 is a whole number.
            body = b'{"ids":[%s]}' % spelling.encode()
            yield _entry(f"ids: {name}", DELETE_SKUS, 400, '"error":400', body)
    ids = _json({"ids": list(range(1, 10_001)), "external_ids": [str(n) for n in range(10_000)]})
    yield _entry("20,000 ids", DELETE_SKUS, 200, '"deleted_count":0', ids)


def _hub_changes() -> Iterator[Hostile]:
    line = {"order_id": "1", "line_id": "1"}

    def rejected(name: str, body: bytes) -> Hostile:
        text = '"status":400'
        return Hostile(f"line status: {name}", HUB_LINE, 400, text, body, path=line)

    for name, body in BAD_JSON.items():
        yield rejected(name, body)
    for name, root in BAD_ROOTS.items():
        yield rejected(f"root: {name}", root)
    yield rejected("a flood of members", json.dumps({f"m{n}": 1 for n in range(100_000)}).encode())
    yield rejected("a long status", json.dumps({"status": "x" * MEGABYTE}).encode())
    for sent in BAD_IDS:
        path = {"order_id": sent}
        yield Hostile(f"deletion: {sent!r}", HUB_DELETE, 400, '"parameter":"order_id"', path=path)


def _undo() -> Iterator[Hostile]:
    order = {"order_id": "1"}

    def rejected(name: str, body: bytes) -> Iterator[Hostile]:
        yield Hostile(f"undo: {name}", UNDO, 400, '"status":400', body)
        yield Hostile(f"restore: {name}", HUB_RESTORE, 400, '"status":400', body, path=order)

    for name, body in {**BAD_JSON, **BAD_ROOTS}.items():
        yield from rejected(name, body)
    yield from rejected("a flood", json.dumps({f"m{n}": 1 for n in range(100_000)}).encode())
    wrong: tuple[object, ...] = ("", "x" * MEGABYTE, "0" * 32, 0, None, [], {}, "../..", "\x00")
    for sent in wrong:
        yield from rejected(
            f"id {sent!r:.9}", json.dumps({"request_id": sent, "version": sent}).encode()
        )
    known = "019b7e5c8a3f7d21b4c6e8f0a1b2c3d4"
    yield from rejected("a late id", json.dumps({"request_id": "f" * 12 + known[12:]}).encode())
    for request_id in (known, "00" * 6 + known[12:], "e0" + known[2:]):
        body = json.dumps({"request_id": request_id}).encode()
        yield Hostile(f"undo of {request_id}", UNDO, 200, '"orders":[]', body)
    for after in ("1.AAAA", "9.x", "x" * MEGABYTE):
        body = json.dumps({"request_id": known, "after": after}).encode()
        yield Hostile(f"undo after {after:.9}", UNDO, 400, '"parameter":"after"', body)


def _unknown_calls() -> Iterator[Hostile]:
    for call in ("x" * 100_000, "../../import", "\x00", "\ud800", "<script>", "%2e%2e"):
        path = {"call": call}
        yield Hostile(f"call {call[:9]!r}", UNKNOWN_CALL, 404, '"error":404', path=path)


def _headers() -> Iterator[Hostile]:
    flood = {f"X-Flood-{n}": "x" * 100 for n in range(10_000)}
    yield Hostile("a flood of headers", IMPORT, 200, '"error":0', GOOD, headers=flood)
    for name, sent in {
        "1 MB": "Bearer " + "x" * MEGABYTE,
        "half a pair": "Bearer \ud800",
        "NUL": "Bearer \x00",
        "none": None,
        "a list": ["Bearer x"],
        "a scheme": "Bearer",
        "SQL": "Bearer ' OR 1=1 --",
    }.items():
        headers = {"Authorization": sent, "Api-Key": ""}
        case = Hostile(f"token {name}", IMPORT, 401, "", GOOD, headers=headers)
        yield case
        yield replace(case, name=f"access token {name}", route=PAGE, body=b"")
    for accept in ("x" * 100_000, "," * 100_000, "*/*;q=nan", "a/b;q=" + "9" * 1000, "\ud800"):
        headers = {"Accept": accept}
        yield Hostile(f"accept {accept[:10]!r}", IMPORT, 200, "error", GOOD, headers=headers)
    correlation = {"X-Correlation-ID": "x\r\nSet-Cookie: evil=1"}
    yield Hostile("a split answer", PAGE, 200, "results", headers=correlation)
    yield Hostile("no headers", IMPORT, 401, "", GOOD, raw={"headers": None})


def corpus() -> tuple[Hostile, ...]:
    """Yield every case."""
    return (
        *_altcraft_json(),
        *_bodies(),
        *_altcraft_xml(),
        *_drafts(),
        *_updates(),
        *_tokens(),
        *_yandex_market(),
        *_projects(),
        *_hub(),
        *_altcraft_reads(),
        *_catalogue_bodies(),
        *_catalogue_entries(),
        *_catalogue_parameters(),
        *_hub_changes(),
        *_undo(),
        *_unknown_calls(),
        *_headers(),
    )
