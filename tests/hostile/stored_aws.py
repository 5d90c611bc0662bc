"""AWS for the amplifiers: accounts of several kinds in memory, below botocore's HTTP layer.

Writes succeed and are forgotten, so every case meets the same accounts.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from orders.adapters.dynamodb_tokens import grant_attributes, hash_of
from orders.adapters.order_items import index_item, order_item
from orders.adapters.settings_items import write_settings
from orders.adapters.table_keys import account_key, token_key
from orders.domain.clients import Client, Role
from orders.domain.order import Order
from orders.protocols.commercetools.documents import Provenance, document_of
from orders.protocols.commercetools.products import Catalogue
from orders.protocols.commercetools.requests import read_draft
from orders.protocols.json_text import write_json
from orders.protocols.settings_document import SettingsDocument
from tests.support.commercetools import draft

type Tree = dict[str, Any]

TABLE = "hostile"
SECRET = "secret of the shop"
# One account a kind: small settings, the widest settings, and stores of large orders.
SMALL, WIDE, STRICT = "demo", "wide", "strict"
WARNING, REJECTING = "warning", "rejecting"
LARGE_ALTCRAFT, LARGE_DRAFTS = "large-altcraft", "large-drafts"
LARGE_ORDERS = {LARGE_ALTCRAFT: 400, LARGE_DRAFTS: 150}
# What DynamoDB returns at most for one BatchGetItem.
BATCH_BYTES = 16 * 1024 * 1024
_KEY = re.compile(r'"pk": ?\{"S": ?"([^"]*)"\}, ?"sk": ?\{"S": ?"([^"]*)"\}')
_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_SMALL_SETTINGS: Tree = {
    "currencies": ["USD"],
    "endpoints": [{"external_id": "website", "campaign_id": 1001}],
    "business_id": 2001,
}


def secret_of(account: str) -> str:
    """Return the token of an account."""
    return f"{SECRET} {account}"


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_rest: object) -> Iterator[bytes]:
        yield self._content


class StoredAws:
    """Answers the calls of AWS clients from items in memory, by key and as JSON."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], bytes] = {}
        self._lanes = 0
        for account, settings in {
            SMALL: _SMALL_SETTINGS,
            WIDE: _wide_settings(),
            STRICT: _strict_settings(),
            WARNING: {**_SMALL_SETTINGS, "policies": {"unknown_members": "warn"}},
            REJECTING: {**_SMALL_SETTINGS, "policies": {"unknown_members": "reject"}},
            LARGE_ALTCRAFT: _SMALL_SETTINGS,
            LARGE_DRAFTS: _SMALL_SETTINGS,
        }.items():
            self._add_account(account, settings)
        for account, protocol, document in (
            (LARGE_ALTCRAFT, "altcraft", _altcraft_document()),
            (LARGE_DRAFTS, "commercetools", _draft_document()),
        ):
            for number in range(1, LARGE_ORDERS[account] + 1):
                self._add_order(_order(account, number, protocol, document))

    def serve(self, *clients: Any) -> None:  # noqa: ANN401 - clients of any service
        """Answer every call of these clients from now on."""
        for client in clients:
            client.meta.events.register("before-send", self._respond)

    def _respond(self, request: Any, **_rest: object) -> AWSResponse:  # noqa: ANN401 - botocore's
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else str(target)).rpartition(".")[2]
        text = request.body.decode() if isinstance(request.body, bytes) else request.body
        headers = HTTPHeaders()
        headers["content-type"] = "application/x-amz-json-1.0"
        answer = getattr(self, f"_answer_{name}")(text)
        return AWSResponse("http://stored", 200, headers, _Body(answer))

    def _answer_GetItem(self, text: str) -> bytes:  # noqa: N802 - the name of the call
        [item] = [self.items.get(key, b"") for key in _keys(text)][:1]
        return b'{"Item":%s}' % item if item else b"{}"

    def _answer_BatchGetItem(self, text: str) -> bytes:  # noqa: N802
        found, unread, size = [], [], 0
        wanted = _projection(text)
        for key in _keys(text):
            item = self.items.get(key, b"")
            if item and wanted:
                whole = json.loads(item)
                item = json.dumps({name: whole[name] for name in wanted & whole.keys()}).encode()
            if size + len(item) > BATCH_BYTES:
                unread.append({"pk": {"S": key[0]}, "sk": {"S": key[1]}})
            elif item:
                size += len(item)
                found.append(item)
        left = json.dumps({TABLE: {"Keys": unread}} if unread else {}).encode()
        head = b'{"Responses":{"%s":[' % TABLE.encode()
        return head + b",".join(found) + b']},"UnprocessedKeys":' + left + b"}"

    def _answer_Query(self, text: str) -> bytes:  # noqa: N802
        asked = json.loads(text)
        values = asked["ExpressionAttributeValues"]
        if ":order" in values and "pk = :order" in asked["KeyConditionExpression"]:
            return b'{"Items":[],"Count":0}'  # no order has a history
        first, last_key = values.get(":first", {"S": ""})["S"], values.get(":last", {"S": "~"})["S"]
        forward = asked.get("ScanIndexForward", True)
        shard = values[":shard"]["S"]
        keys = sorted((key for key in self.items if key[0] == shard), reverse=not forward)
        start = asked.get("ExclusiveStartKey", {"sk": {"S": None}})["sk"]["S"]
        wanted = [
            key
            for key in keys
            if first <= key[1] <= last_key and (start is None or (key[1] > start) is forward)
        ]
        page = wanted[: asked.get("Limit", len(wanted))]
        last = {"pk": {"S": shard}, "sk": {"S": page[-1][1]}} if len(page) < len(wanted) else None
        rest = {"LastEvaluatedKey": last} if last else {}
        items = [json.loads(self.items[key]) for key in page]
        return json.dumps({"Items": items, "Count": len(page), **rest}).encode()

    def _answer_UpdateItem(self, text: str) -> bytes:  # noqa: N802
        del text
        self._lanes += 1
        return b'{"Attributes":{"lanes":{"N":"%d"},"requests":{"N":"1"}}}' % self._lanes

    def _answer_PutItem(self, _text: str) -> bytes:  # noqa: N802
        return b"{}"

    def _answer_TransactWriteItems(self, _text: str) -> bytes:  # noqa: N802
        return b"{}"

    def _answer_BatchExecuteStatement(self, text: str) -> bytes:  # noqa: N802
        return b'{"Responses":[%s]}' % b",".join([b"{}"] * text.count('"Statement":'))

    def _answer_PutEvents(self, text: str) -> bytes:  # noqa: N802
        entries = b",".join([b'{"EventId":"event"}'] * text.count('"DetailType":'))
        return b'{"FailedEntryCount":0,"Entries":[%s]}' % entries

    def _add(self, item: Tree) -> None:
        self.items[item["pk"]["S"], item["sk"]["S"]] = json.dumps(item).encode()

    def _add_account(self, account: str, settings: Tree) -> None:
        document = write_settings(SettingsDocument.model_validate(settings).settings())
        client = Client(account, "shop", frozenset({Role.ADMIN}))
        self._add(
            {
                **account_key(account, "SETTINGS"),
                "type": {"S": "settings"},
                "version": {"N": "1"},
                "document": {"S": document},
            }
        )
        self._add(
            {
                **token_key(hash_of(secret_of(account))),
                "type": {"S": "token"},
                "account": {"S": account},
                "client_id": {"S": "shop"},
                **grant_attributes(client),
                "created_at": {"S": _NOW.isoformat()},
            }
        )

    def _add_order(self, order: Order) -> None:
        self._add(order_item(order, None))
        self._add(index_item(order.account, order))


def _wide_settings() -> Tree:
    """Return settings near their limits: many fields, defaults, and an enum of many names."""
    orders = [_field(f"o{n:04}", "order", default_value="default") for n in range(700)]
    orders += [_field(f"p{n:04}", "order") for n in range(600)]
    lines = [_field(f"l{n:04}", "line_order") for n in range(1300)]
    lines += [_field(f"d{n:02}", "line_order", default_value="d" * 10) for n in range(30)]
    names = {f"name {n}": n for n in range(1000)}
    enum = _field("enum", "line_order", value_type="enum", enum_values=names)
    return {**_SMALL_SETTINGS, "custom_fields": [*orders, *lines, enum]}


def _strict_settings() -> Tree:
    fields = [_field(f"l{n:04}", "line_order", required=True) for n in range(2000)]
    return {**_SMALL_SETTINGS, "custom_fields": fields}


def _projection(text: str) -> frozenset[str]:
    """Return the names of the attributes that a read asks for, none if it asks for all."""
    if "ProjectionExpression" not in text:
        return frozenset()
    [asked] = json.loads(text)["RequestItems"].values()
    return frozenset(asked["ExpressionAttributeNames"].values())


def _keys(text: str) -> list[tuple[str, str]]:
    return [(match[1], match[2]) for match in _KEY.finditer(text)]


def _field(name: str, entity: str, **members: object) -> Tree:
    return {
        "external_id": name,
        "name": "n",
        "entity_type": entity,
        "value_type": "unicode",
        **members,
    }


def _order(account: str, number: int, protocol: str, document: str) -> Order:
    return Order(
        account=account,
        external_id=f"order-{number}",
        order_id=number,
        version=1,
        status="new" if protocol == "altcraft" else "Open",
        protocol=protocol,
        document=document,
        created_at=_NOW,
        updated_at=_NOW,
        request_id="request",
        endpoint="website",
    )


def _altcraft_document() -> str:
    line = {"sku": "mug", "final_price_per_item": "1", "count": 1, "status": "new"}
    lines = [{"external_id": str(n), **line} for n in range(4300)]
    return json.dumps(
        {
            "email": "a@example.com",
            "matching": "email",
            "endpoint": "website",
            "status": "new",
            "total_price": "1",
            "currency": "USD",
            "lines": lines,
        }
    )


def _draft_document() -> str:
    sent = draft(orderNumber=None, store={"key": "website"})
    line = {
        "name": {"en": "A"},
        "variant": {"sku": "a"},
        "price": {"value": {"currencyCode": "USD", "centAmount": 1}},
        "quantity": 1,
    }
    sent["lineItems"] = [line] * 4600
    read = read_draft(json.dumps(sent).encode(), None, LARGE_DRAFTS)
    catalogue = Catalogue.of(LARGE_DRAFTS, {})
    return write_json(document_of(read.tree, Provenance(LARGE_DRAFTS, "shop"), catalogue)).decode()
