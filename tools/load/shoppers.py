"""Locust users: shops that import, rename, read and delete orders in every protocol.

Each shop has its own orders and waits for an answer before it sends the next request about one of
them. After a server error or without an answer it sends the same body again, as a good client does.
"""

import json
import os
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import gevent  # type: ignore[import-untyped]  # the package has no types
from locust import FastHttpUser, constant_pacing, task

from orders.domain.identifiers import order_id_of
from tools.load.journal import Entry, Kind, Reply

WORLD: dict[str, Any] = json.loads(Path(os.environ["LOAD_WORLD"]).read_text(encoding="utf-8"))
JOURNALS = Path(os.environ["LOAD_JOURNALS"])
ALTCRAFT = "/api/v1.1/market/orders"
IMPORT = f"{ALTCRAFT}/import"
# The retries last longer than a restart of the server.
TRIES, LONGEST_PAUSE = 40, 3.0
SERVER_ERROR, TOO_MANY, UNAUTHORIZED, NOT_FOUND, CREATED = 500, 429, 401, 404, 201
BAD_REQUEST, OK, CONFLICT = 400, 200, 409
MAX_BATCH, USUAL_BATCH, MAX_RENAMES = 100, 8, 5
# Probabilities: a large batch, XML, a new order, a change of a known order, a list of moves.
LARGE, IN_XML, NEW, CHANGED, IN_LIST = 0.05, 0.4, 0.5, 0.7, 0.5
# The line that every order has, and the statuses that shops give it.
LINE, LINE_STATUSES = "1", ("processing", "delivering", "delivered", "refunded")

type Tree = dict[str, Any]
_numbers = count()


@dataclass
class Answer:
    """The last answer to a request and the number of tries. The status is 0 without an answer."""

    status: int
    body: str
    tries: int

    @property
    def tree(self) -> Tree:
        """The body as JSON, or an empty object if it is not JSON."""
        try:
            tree: Tree = json.loads(self.body)
        except ValueError:
            return {}
        return tree

    @property
    def is_known(self) -> bool:
        """Whether the answer determines the outcome of the request."""
        return 0 < self.status < SERVER_ERROR and self.status != TOO_MANY


@dataclass
class OwnOrder:
    """An order in the state that its shop expects."""

    label: str
    external_id: str
    document: Tree
    order_id: int = 0
    version: int = 1
    is_settled: bool = True
    is_moved: bool = False
    former: list[str] = field(default_factory=list)


class Shop(FastHttpUser):
    """One shop of one of the accounts, which uses every protocol."""

    wait_time = constant_pacing(float(os.environ.get("LOAD_PACE", "1")))
    connection_timeout = 10.0
    network_timeout = 40.0

    def on_start(self) -> None:
        """Choose an account, and open a journal."""
        number = next(_numbers)
        self.account: Tree = WORLD["accounts"][number % len(WORLD["accounts"])]
        self.name = f"shop-{number}"
        self.chance = random.Random(number)  # noqa: S311 - orders need no secure random numbers
        self.orders: list[OwnOrder] = []
        self.drafts: list[OwnOrder] = []
        self.hidden: list[OwnOrder] = []
        self.access_token = ""
        self.journal = (JOURNALS / f"{self.name}.jsonl").open("a", encoding="utf-8", buffering=1)

    def on_stop(self) -> None:
        """Close the journal."""
        self.journal.close()

    @task(5)
    def import_batch(self) -> None:
        """Send new, changed and unchanged orders in JSON or XML."""
        is_large = self.chance.random() < LARGE
        size = MAX_BATCH if is_large else self.chance.randint(1, USUAL_BATCH)
        batch = [self._some_order() for _ in range(size)]
        batch = list({order.label: order for order in batch}.values())
        self._import(batch, is_xml=self.chance.random() < IN_XML)

    @task(1)
    def import_with_an_invalid_order(self) -> None:
        """Send an invalid order after valid ones; only the invalid one may be rejected."""
        good = [self._new_order(), self._new_order()]
        bad = {**self._document(), "currency": "DOGE", "external_id": f"{self.name}-bad"}
        answer = self._send_json(IMPORT, {"data": [*self._bodies(good), bad]}, self._bearer())
        refused = [each["error"] for each in answer.tree.get("result", [])][-1:] == [BAD_REQUEST]
        if answer.is_known and not refused:
            self._complain("an invalid order was not rejected", answer)
        self._note_import(good, answer, is_xml=False)

    @task(2)
    def rename(self) -> None:
        """Give an order another external id."""
        order = self._known_order()
        if order is not None and not order.is_moved:
            self._rename(order)

    @task(1)
    def rename_by_commercetools(self) -> None:
        """Give one of the shop's commercetools orders another number, through the campaign."""
        known = [each for each in self.drafts if each.is_settled and each.order_id]
        if known:
            self._rename(self.chance.choice(known))

    def _rename(self, order: OwnOrder) -> None:
        wanted = f"{order.label}/r{len(order.former) + 1}"
        if len(order.former) >= MAX_RENAMES:
            return
        path = f"/campaigns/{self.account['campaign_id']}/orders/{order.order_id}/external-id"
        answer = self._send_json(path, {"externalOrderId": wanted}, self._key(), "rename")
        reply = self._reply(answer, {OK})
        self._note(order, Kind.RENAME, reply, wanted, {}, answer=answer)
        if reply is Reply.ACKNOWLEDGED:
            order.former.append(order.external_id)
            order.external_id = wanted
            order.version += 1
        elif reply is Reply.UNKNOWN:
            order.is_settled = False

    @task(1)
    def move(self) -> None:
        """Set the status of an order to READY_TO_SHIP, alone or in a list of orders."""
        order = self._known_order()
        if order is None:
            return
        campaign = f"/campaigns/{self.account['campaign_id']}/orders"
        status: Tree = {"status": "PROCESSING", "substatus": "READY_TO_SHIP"}
        if self.chance.random() < IN_LIST:
            body: Tree = {"orders": [{"id": order.order_id, **status}]}
            answer = self._send_json(f"{campaign}/status-update", body, self._key(), "move in list")
            [result] = answer.tree.get("result", {}).get("orders", [{}])
            reply = Reply.UNKNOWN
            if answer.is_known:
                is_moved = result.get("updateStatus") == "OK"
                reply = Reply.ACKNOWLEDGED if is_moved else Reply.REFUSED
        else:
            path = f"{campaign}/{order.order_id}/status"
            answer = self._send_json(path, {"order": status}, self._key(), "move", method="PUT")
            reply = self._reply(answer, {OK})
        self._note(order, Kind.MOVE, reply, order.external_id, {}, answer=answer)
        order.is_moved = True

    @task(3)
    def read(self) -> None:
        """Read an order and compare it with the acknowledged one."""
        order = self._known_order()
        if order is None:
            return
        path = f"/campaigns/{self.account['campaign_id']}/orders/{order.order_id}"
        answer = self._send("GET", path, self._key(), "read")
        if answer.is_known:
            shown = answer.tree.get("order", {}).get("externalOrderId")
            if answer.status != OK or shown != order.external_id:
                self._complain(f"{order.external_id} has the external id {shown}", answer)

    @task(1)
    def list_orders(self) -> None:
        """List the newest orders of the campaign."""
        path = f"/campaigns/{self.account['campaign_id']}/orders?limit=20"
        answer = self._send("GET", path, self._key(), "list")
        if answer.is_known and answer.status != OK:
            self._complain("the list was rejected", answer)

    @task(1)
    def list_by_altcraft(self) -> None:
        """List the oldest orders of the account in Altcraft's call."""
        body = {"limit": 20, "endpoint": "website"}
        answer = self._send_json(f"{ALTCRAFT}/list", body, self._bearer(), "Altcraft list")
        if answer.is_known and answer.status != OK:
            self._complain("Altcraft's list was rejected", answer)

    @task(1)
    def read_status(self) -> None:
        """Read the status of an order in Altcraft's call."""
        order = self._known_order()
        if order is None:
            return
        body = {"external_id": order.external_id}
        answer = self._send_json(f"{ALTCRAFT}/get_status", body, self._bearer(), "get status")
        expected = {"endpoint": "website", "status": order.document["status"]}
        if answer.is_known and answer.tree.get("result") != expected:
            self._complain(f"{order.external_id} has another status", answer)

    @task(2)
    def update_line(self) -> None:
        """Give a line of an order another status."""
        order = self._known_order()
        if order is None:
            return
        status = self.chance.choice(LINE_STATUSES)
        body = {
            "order_external_id": order.external_id,
            "order_line_external_id": LINE,
            "status_external_id": status,
        }
        path = f"{ALTCRAFT}/update_order_line_status"
        answer = self._send_json(path, body, self._bearer(), "line status")
        reply = self._reply(answer, {OK})
        if reply is Reply.REFUSED:
            self._complain(f"the status of a line of {order.external_id} was rejected", answer)
        lines = {"lines": [{"external_id": LINE, "status": status}]}
        self._note(order, Kind.LINE, reply, order.external_id, lines, answer=answer)

    @task(1)
    def hide(self) -> None:
        """Delete an order softly in the older contract of Altcraft's call."""
        order = self._known_order()
        if order is not None and self._delete(order, Kind.HIDE) is Reply.ACKNOWLEDGED:
            self.hidden.append(order)

    @task(1)
    def revive(self) -> None:
        """End a soft deletion, by an import or in the hub's API."""
        if not self.hidden:
            return
        order = self.hidden.pop(self.chance.randrange(len(self.hidden)))
        if self.chance.random() < CHANGED:
            self._import([order], is_xml=self.chance.random() < IN_XML)
            return
        path = f"/hub/v1/orders/{order.order_id}/revive"
        answer = self._send("POST", path, self._bearer(), "revive")
        reply = self._reply(answer, {OK})
        if reply is Reply.REFUSED:
            self._complain(f"{order.external_id} was not revived", answer)
        self._note(order, Kind.REVIVE, reply, order.external_id, {}, answer=answer)
        order.is_settled = reply is Reply.ACKNOWLEDGED

    @task(1)
    def erase(self) -> None:
        """Delete an order permanently, also a softly deleted one."""
        order = self.chance.choice(self.hidden) if self.hidden else self._known_order()
        if order is None:
            return
        self._delete(order, Kind.DELETE)
        if order in self.hidden:
            self.hidden.remove(order)

    def _delete(self, order: OwnOrder, kind: Kind) -> Reply:
        """Delete an order in Altcraft's call. The shop uses it again only if it is revived."""
        body = {"id": order.order_id, "with_fire": kind is Kind.DELETE}
        answer = self._send_json(f"{ALTCRAFT}/delete", body, self._bearer(), kind)
        reply = self._reply(answer, {OK})
        if answer.status == NOT_FOUND and answer.tries > 1:
            # An earlier try succeeded, but its answer was lost.
            reply = Reply.ACKNOWLEDGED
        if reply is Reply.REFUSED:
            self._complain(f"{order.external_id} was not deleted", answer)
        self._note(order, kind, reply, order.external_id, {}, answer=answer)
        order.is_settled = False
        return reply

    @task(2)
    def create_by_commercetools(self) -> None:
        """Import a new order through the commercetools route."""
        number = f"{self.name}-ct-{len(self.drafts)}"
        cents = self.chance.randint(1, 10**9)
        document: Tree = {
            "customerEmail": f"{self.name}@example.com",
            # The store makes it an order of the campaign, too.
            "store": {"typeId": "store", "key": "website"},
            "totalPrice": {"currencyCode": "USD", "centAmount": cents},
            "lineItems": [
                {
                    "name": {"en": "Mug"},
                    "variant": {"sku": "mug"},
                    "quantity": 1,
                    "price": {"value": {"currencyCode": "USD", "centAmount": cents}},
                }
            ],
        }
        order = OwnOrder(number, number, document)
        self.drafts.append(order)
        answer = self._send_project("POST", "/orders/import", {"orderNumber": number, **document})
        reply = self._reply(answer, {CREATED})
        if reply is Reply.REFUSED and answer.tries > 1 and "DuplicateField" in answer.body:
            # An earlier try succeeded, but its answer was lost.
            reply = Reply.ACKNOWLEDGED
        self._note(order, Kind.CREATE, reply, number, document, answer=answer)
        order.order_id = order_id_of(self.account["account"], answer.tree.get("id", "")) or 0
        order.is_settled = reply is Reply.ACKNOWLEDGED

    @task(1)
    def read_by_commercetools(self) -> None:
        """Read one of the shop's commercetools orders by its number."""
        known = [order for order in self.drafts if order.is_settled]
        if not known:
            return
        order = self.chance.choice(known)
        answer = self._send_project(
            "GET", f"/orders/order-number={quote(order.external_id, safe='')}"
        )
        if answer.is_known and answer.status != OK:
            self._complain(f"{order.external_id} was not found", answer)

    @task(2)
    def update_by_commercetools(self) -> None:
        """Change the email of one of the shop's commercetools orders."""
        known = [order for order in self.drafts if order.is_settled]
        if not known:
            return
        order = self.chance.choice(known)
        changed = {"customerEmail": f"{self.name}-{uuid.uuid4().hex[:12]}@example.com"}
        actions = [{"action": "setCustomerEmail", "email": changed["customerEmail"]}]
        path = f"/orders/order-number={quote(order.external_id, safe='')}"
        answer = self._send_project("POST", path, {"version": order.version, "actions": actions})
        reply = self._reply(answer, {OK})
        if answer.status == CONFLICT and answer.tries > 1:
            # An earlier try succeeded, but its answer was lost: no other client writes the order.
            reply = Reply.ACKNOWLEDGED
        if reply is Reply.REFUSED:
            self._complain(f"{order.external_id} was not updated", answer)
        version = order.version + 1
        self._note(
            order, Kind.UPDATE, reply, order.external_id, changed, version=version, answer=answer
        )
        if reply is Reply.ACKNOWLEDGED:
            order.version = version
        else:
            order.is_settled = False

    @task(1)
    def delete_by_commercetools(self) -> None:
        """Delete one of the shop's commercetools orders."""
        known = [order for order in self.drafts if order.is_settled]
        if not known:
            return
        order = self.chance.choice(known)
        number = quote(order.external_id, safe="")
        path = f"/orders/order-number={number}?version={order.version}"
        answer = self._send_project("DELETE", path)
        reply = self._reply(answer, {OK})
        if answer.status == NOT_FOUND and answer.tries > 1:
            reply = Reply.ACKNOWLEDGED
        self._note(order, Kind.DELETE, reply, order.external_id, {}, answer=answer)
        order.is_settled = False

    def _some_order(self) -> OwnOrder:
        known = self._known_order()
        if known is None or self.chance.random() < NEW:
            return self._new_order()
        if self.chance.random() < CHANGED:
            known.document = self._document()
        return known

    def _new_order(self) -> OwnOrder:
        label = f"{self.name}-{uuid.uuid4().hex[:12]}"
        return OwnOrder(label, label, self._document())

    def _known_order(self) -> OwnOrder | None:
        known = [order for order in self.orders if order.is_settled and order.order_id]
        return self.chance.choice(known) if known else None

    def _document(self) -> Tree:
        def amount() -> str:
            digits = self.chance.randint(0, 8)
            whole = str(self.chance.randint(0, 10 ** self.chance.randint(1, 14)))
            fraction = "".join(self.chance.choices("0123456789", k=digits))
            return f"{whole}.{fraction}" if digits else whole

        return {
            "email": f"{self.name}-{self.chance.randint(1, 10**6)}@example.com",
            "endpoint": "website",
            "status": "new",
            "delivery_cost": amount(),
            "total_price": amount(),
            "currency": "USD",
            "tags": ["load", "größer & <besser>"],
            "lines": [
                {
                    "external_id": str(number),
                    "sku": f"sku-{number}",
                    "final_price_per_item": amount(),
                    "count": self.chance.randint(1, 9),
                }
                for number in range(1, self.chance.randint(2, 4))
            ],
        }

    def _bodies(self, orders: list[OwnOrder]) -> list[Tree]:
        return [{"external_id": order.external_id, **order.document} for order in orders]

    def _import(self, batch: list[OwnOrder], *, is_xml: bool) -> None:
        tree = {"result_details": True, "data": self._bodies(batch)}
        if is_xml:
            headers = {**self._bearer(), "Content-Type": "application/xml"}
            answer = self._send_text(IMPORT + "?format=json", xml_of(tree), headers, "import XML")
        else:
            answer = self._send_json(IMPORT, tree, self._bearer(), "import JSON")
        self._note_import(batch, answer, is_xml=is_xml)

    def _note_import(self, batch: list[OwnOrder], answer: Answer, *, is_xml: bool) -> None:
        results = answer.tree.get("result", []) if answer.status == OK else []
        for position, order in enumerate(batch):
            entry = results[position] if position < len(results) else {}
            reply = Reply.UNKNOWN
            if entry and not entry.get("retryable"):
                reply = Reply.REFUSED if entry["error"] else Reply.ACKNOWLEDGED
            if reply is Reply.REFUSED or (answer.is_known and answer.status != OK):
                format_name = "XML" if is_xml else "JSON"
                self._complain(f"{order.external_id} was rejected in {format_name}", answer)
            self._note(
                order,
                Kind.IMPORT,
                reply,
                order.external_id,
                order.document,
                version=entry.get("version", 0),
                answer=answer,
            )
            order.order_id = entry.get("order_id", order.order_id)
            order.is_settled = reply is Reply.ACKNOWLEDGED
            if order not in self.orders:
                self.orders.append(order)

    def _note(  # noqa: PLR0913 - the fields of an entry
        self,
        order: OwnOrder,
        kind: Kind,
        reply: Reply,
        external_id: str,
        document: Tree,
        *,
        answer: Answer,
        version: int = 0,
    ) -> None:
        entry = Entry(
            account=self.account["account"],
            order=order.label,
            kind=kind,
            reply=reply,
            external_id=external_id,
            document=document,
            version=version,
            tries=answer.tries,
        )
        self.journal.write(entry.written() + "\n")

    def _reply(self, answer: Answer, accepted: set[int]) -> Reply:
        if not answer.is_known:
            return Reply.UNKNOWN
        return Reply.ACKNOWLEDGED if answer.status in accepted else Reply.REFUSED

    def _complain(self, what: str, answer: Answer) -> None:
        with (JOURNALS / "complaints.txt").open("a", encoding="utf-8") as file:
            file.write(f"{self.name}: {what}: {answer.status} {answer.body[:300]}\n")

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.account['token']}"}

    def _key(self) -> dict[str, str]:
        return {"Api-Key": self.account["token"]}

    def _send_json(
        self,
        path: str,
        tree: Tree,
        headers: Mapping[str, str],
        name: str = "import JSON",
        method: str = "POST",
    ) -> Answer:
        content = {**headers, "Content-Type": "application/json"}
        return self._repeat(method, path, content, name, json.dumps(tree))

    def _send_text(self, path: str, text: str, headers: Mapping[str, str], name: str) -> Answer:
        return self._repeat("POST", path, dict(headers), name, text)

    def _send(self, method: str, path: str, headers: Mapping[str, str], name: str) -> Answer:
        return self._repeat(method, path, dict(headers), name, None)

    def _send_project(self, method: str, path: str, tree: Tree | None = None) -> Answer:
        """Send a commercetools request; get a new access token if the old one is rejected."""
        for _ in range(2):
            headers = {
                "Authorization": f"Bearer {self._token()}",
                "Content-Type": "application/json",
            }
            body = None if tree is None else json.dumps(tree)
            name = f"commercetools {method}"
            answer = self._repeat(method, f"/{self.account['account']}{path}", headers, name, body)
            if answer.status != UNAUTHORIZED:
                break
            self.access_token = ""
        return answer

    def _token(self) -> str:
        if not self.access_token:
            headers = {
                "Authorization": self.account["basic"],
                "Content-Type": "application/x-www-form-urlencoded",
            }
            grant = "grant_type=client_credentials"
            answer = self._repeat("POST", "/oauth/token", headers, "token", grant)
            self.access_token = answer.tree.get("access_token", "")
        return self.access_token

    def _repeat(
        self, method: str, path: str, headers: dict[str, str], name: str, body: str | None
    ) -> Answer:
        """Send a request again until its answer determines the outcome."""
        answer = Answer(0, "", 0)
        for attempt in range(1, TRIES + 1):
            with self.client.request(
                method, path, data=body, headers=headers, name=name, catch_response=True
            ) as response:
                answer = Answer(response.status_code or 0, response.text or "", attempt)
                is_partial = '"retryable":true' in answer.body
                # Locust must not count rejections and injected faults as failures.
                response.success()
            if answer.is_known and not is_partial:
                break
            gevent.sleep(min(LONGEST_PAUSE, 0.1 * 2**attempt) * self.chance.uniform(0.5, 1))
        return answer


def xml_of(tree: Tree) -> str:
    """Write a request in XML."""
    return f"<xml>{_children(tree)}</xml>"


def _children(tree: Tree) -> str:
    return "".join(_element(name, value) for name, value in tree.items())


def _element(name: str, value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if isinstance(value, dict):
        return f"<{name}>{_children(value)}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"
