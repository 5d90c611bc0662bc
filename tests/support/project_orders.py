"""A commercetools project on a store in memory: imports, updates and reads of its orders."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from commercetools.platform import models
from marshmallow.warnings import RemovedInMarshmallow4Warning

from orders.application.change_order import ChangeOrder
from orders.application.delete_order import DeleteOrder
from orders.application.find_order_by_external_id import FindOrderByExternalId
from orders.application.get_order_by_id import GetOrderById
from orders.application.import_orders import ImportOrders
from orders.application.list_events import ListEvents
from orders.application.read_versions import ReadVersions
from orders.application.update_order import UpdateOrder
from orders.application.update_order_status import UpdateOrderStatus
from orders.domain.changes import OrderChange
from orders.domain.clients import Role
from orders.domain.history import ReplacedVersion
from orders.domain.identifiers import uuid_of
from orders.domain.order import Order
from orders.domain.settings import Endpoint as PointOfSale
from orders.domain.settings import Policies, Settings, StoredSettings
from orders.domain.triggers import Trigger
from orders.protocols.commercetools import answers as project_answers
from orders.protocols.commercetools.access import ProjectAccess
from orders.protocols.commercetools.delete_order import DeleteOrderEndpoint
from orders.protocols.commercetools.import_orders import ImportOrdersEndpoint
from orders.protocols.commercetools.messages import message_of, messages_of
from orders.protocols.commercetools.read_messages import GetMessageEndpoint, MessagesEndpoint
from orders.protocols.commercetools.read_orders import GetOrderEndpoint, OrderFinder
from orders.protocols.commercetools.update_order import UpdateOrderEndpoint
from orders.protocols.http import Endpoint, HttpAnswer
from orders.protocols.yandex_market import answers as campaign_answers
from orders.protocols.yandex_market import read_orders as campaign_reads
from orders.protocols.yandex_market import update_order_status
from orders.protocols.yandex_market.access import CampaignAccess
from orders.runtime.composition.order_protocols import contents, present, summarise
from tests.support.catalogue import FakeCatalogue
from tests.support.commercetools import PROJECT, draft
from tests.support.deadlines import DEADLINE, CountingPause
from tests.support.fakes import (
    FakeChangeIndex,
    FakeHistory,
    FakeOrderChanges,
    FakeOrderIds,
    FakeOrderIndex,
    FakeOrders,
    FakePublisher,
    FakeSettings,
    FakeTokens,
    TickingClock,
    client,
    publishing,
)
from tests.support.http import answered, request
from tests.support.yandex_market import stored_order

type Tree = dict[str, Any]

SHOP = Settings(
    currencies=("USD",),
    endpoints={
        "website": PointOfSale("website", campaign_id=1001),
        "kiosk": PointOfSale("kiosk", campaign_id=1002),
    },
    policies=Policies(default_endpoint="website"),
)


@contextmanager
def _of_the_sdk() -> Iterator[None]:
    """Permit that the SDK is older than the version of marshmallow that it uses here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=RemovedInMarshmallow4Warning)
        yield


def body_of(*actions: models.OrderUpdateAction, version: int = 1) -> Tree:
    """Return the body that the SDK sends for these actions."""
    with _of_the_sdk():
        body: Tree = models.OrderUpdate(version=version, actions=list(actions)).serialize()
    return body


@dataclass
class Answer:
    """An answer of the project."""

    answer: HttpAnswer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def tree(self) -> Tree:
        tree: Tree = json.loads(self.answer.body)
        return tree

    @property
    def errors(self) -> list[Tree]:
        errors: list[Tree] = self.tree["errors"]
        return errors


@dataclass
class ProjectOrders:
    """The orders of a project, whose first order has the id 1."""

    orders: FakeOrders = field(default_factory=FakeOrders)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    settings: Settings = SHOP
    # The history is recorded at once, so every version that it lacks after this time is gone.
    recording: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        self.changes = FakeOrderChanges(self.orders, record=self._record)
        self.stored_settings = FakeSettings({PROJECT: StoredSettings(self.settings, 1)})
        self.tokens = FakeTokens(
            {
                "token": client(PROJECT, *Role),
                "reader": client(PROJECT, Role.ORDERS_READ),
                "stranger": client("other", *Role),
            }
        )
        self.clock = TickingClock()
        self.history = FakeHistory()
        index = FakeOrderIndex(self.orders)
        versions = ReadVersions(self.history, lambda: self.clock.now + self.recording)
        messages = ListEvents(
            index,
            FakeChangeIndex(self.orders),
            versions,
            partial(messages_of, summarise=summarise),
        )
        publish, pause = publishing(self.publisher), CountingPause(3)
        by_id = GetOrderById(FakeOrderIndex(self.orders))
        change = ChangeOrder(by_id, self.changes, publish, pause)
        access = ProjectAccess(self.tokens)
        find = OrderFinder(by_id, FindOrderByExternalId(self.orders))
        campaign = CampaignAccess(self.tokens, self.stored_settings)
        imports = ImportOrders(
            self.orders,
            FakeOrderIds(),
            self.stored_settings,
            publish,
            self.clock,
            pause,
            FakeCatalogue(),
        )
        update = UpdateOrder(change, self.stored_settings, contents, self.clock)
        self._import = ImportOrdersEndpoint(access, imports, self._new_id)
        self._update = UpdateOrderEndpoint(access, find, update, summarise, self._new_id)
        delete = DeleteOrder(change, self.clock)
        self._delete = DeleteOrderEndpoint(access, find, delete, summarise, self._new_id)
        self._get = GetOrderEndpoint(access, find, summarise)
        self._messages = MessagesEndpoint(access, messages)
        self._message = GetMessageEndpoint(access, by_id, messages)
        self._campaign_get = campaign_reads.GetOrderEndpoint(campaign, by_id, summarise)
        self._campaign_put = update_order_status.UpdateOrderStatusEndpoint(
            campaign, UpdateOrderStatus(change, self.clock), summarise, self._new_id
        )
        self._requests = 0

    def wait_no_longer(self) -> None:
        """Let versions that the history lacks count as those that it will have."""
        self.recording = timedelta(0)

    def _record(self, change: OrderChange) -> None:
        before = change.before.order
        self.history.keep([(ReplacedVersion(before, None, self.clock.now), 400)], DEADLINE)

    def messages(self, **query: str) -> list[Tree]:
        """Return the messages of a page, which each can also be read by its id."""
        results: list[Tree] = self.page_of_messages(**query)["results"]
        for message in results:
            read = self._call(self._message, None, {"id": message["id"]})
            assert read.tree == message
        return results

    def page_of_messages(self, **query: str) -> Tree:
        """Return a page of the project's messages."""
        answer = self._call(self._messages, None, query=query)
        assert answer.status == 200, answer.tree
        return answer.tree

    def _new_id(self) -> str:
        self._requests += 1
        return f"request-{self._requests}"

    def create(self, **changes: object) -> Tree:
        """Import a draft and return the order."""
        answer = self._call(self._import, draft(**changes))
        assert answer.status == 201, answer.tree
        return answer.tree

    def create_foreign(self, external_id: str = "A", order_id: int = 1, **members: Any) -> Order:  # noqa: ANN401
        """Store an order of Altcraft."""
        order = stored_order(external_id, order_id, **members)
        self.orders.orders[PROJECT, external_id] = order
        return order

    def update(
        self,
        *actions: models.OrderUpdateAction | Tree,
        version: int | None = None,
        ref: str = uuid_of(PROJECT, 1),
        token: str = "token",  # noqa: S107
        **headers: str,
    ) -> Answer:
        """Send actions as the SDK does, by default with the current version of the order."""
        current = version if version is not None else self.only.version
        sent = [
            each
            if isinstance(each, dict)
            else {name: value for name, value in _plain(each).items() if value is not None}
            for each in actions
        ]
        return self.send({"version": current, "actions": sent}, ref, token, **headers)

    def send(
        self,
        body: object,
        ref: str = uuid_of(PROJECT, 1),
        token: str = "token",  # noqa: S107
        **headers: str,
    ) -> Answer:
        """Send the body of an update."""
        return self._call(self._update, body, {"ref": ref}, token, headers)

    def updated(self, *actions: models.OrderUpdateAction | Tree) -> Tree:
        """Update the order and return it. A read must return the same order."""
        answer = self.update(*actions)
        assert answer.status == 200, answer.tree
        assert answer.tree == self.read()
        with _of_the_sdk():
            models.Order.deserialize(answer.tree)
        return answer.tree

    def refused(self, *actions: models.OrderUpdateAction | Tree) -> Tree:
        """Return the only error of an update, which must change nothing."""
        before = self.only
        answer = self.update(*actions)
        assert answer.status == 400, answer.tree
        assert self.only == before
        [error] = answer.errors
        return error

    def import_draft(self, body: object, **headers: str) -> Answer:
        """Send the body of an import."""
        return self._call(self._import, body, headers=headers)

    def delete(self, version: int = 1, ref: str = uuid_of(PROJECT, 1), **headers: str) -> Answer:
        """Delete an order permanently."""
        query = {"version": str(version)}
        return self._call(self._delete, None, {"ref": ref}, headers=headers, query=query)

    def read(self, ref: str = uuid_of(PROJECT, 1)) -> Tree:
        """Return the order as a read of the project does."""
        return self._call(self._get, None, {"ref": ref}).tree

    def partner_order(self, campaign: int = 1001) -> Tree:
        """Return the order as Yandex Market's protocol does."""
        tree: Tree = self._in_campaign(self._campaign_get, campaign, None).tree
        order: Tree = tree.get("order", tree)
        return order

    def partner_status(self) -> tuple[str, str]:
        """Return status and substatus of the order in Yandex Market's protocol."""
        order = self.partner_order()
        return order["status"], order["substatus"]

    def set_partner_status(self, status: str, substatus: str | None = None) -> None:
        """Change the status of the order through Yandex Market's protocol."""
        wanted = {"status": status, **({"substatus": substatus} if substatus else {})}
        answer = self._in_campaign(self._campaign_put, 1001, {"order": wanted})
        assert answer.status == 200, answer.tree

    def message(self) -> Tree:
        """Return the order of the OrderImported message."""
        order: Tree = json.loads(json.dumps(message_of(self.only)["order"], default=float))
        return order

    @property
    def only(self) -> Order:
        """Return the project's only order."""
        [order] = self.orders.orders.values()
        return order

    @property
    def triggers(self) -> list[Trigger]:
        """Return the published triggers but for that of the import."""
        return [each for each in self.publisher.sent if each.order.version > 1]

    def configure(self, settings: Settings) -> None:
        """Set the settings of the project."""
        self.stored_settings.stored[PROJECT] = StoredSettings(settings, 2)

    def declare(self, **policies: Any) -> None:  # noqa: ANN401
        """Set policies of the project."""
        present_settings = self.stored_settings.stored[PROJECT].settings
        changed = replace(present_settings.policies, **policies)
        self.configure(replace(present_settings, policies=changed))

    def presented(self) -> Tree:
        """Return the order as triggers have it."""
        tree: Tree = json.loads(present(self.only))
        return tree

    def _call(
        self,
        endpoint: Endpoint,
        body: object,
        path: dict[str, str] | None = None,
        token: str = "token",  # noqa: S107
        headers: dict[str, str] | None = None,
        *,
        query: dict[str, str] | None = None,
    ) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        named = {name.lower().replace("_", "-"): value for name, value in (headers or {}).items()}
        place = {"projectKey": PROJECT, **(path or {})}
        sent = request(raw, known | named, path=place, query=query or {})
        return Answer(answered(endpoint, sent, project_answers.answer_error).answer)

    def _in_campaign(self, endpoint: Endpoint, campaign: int, body: object) -> Answer:
        path = {"campaignId": str(campaign), "orderId": "1"}
        headers = {"api-key": "token", "content-type": "application/json"}
        sent = request(json.dumps(body).encode(), headers, path=path)
        return Answer(answered(endpoint, sent, campaign_answers.answer_error).answer)


def _plain(action: models.OrderUpdateAction) -> Tree:
    [tree] = body_of(action)["actions"]
    return dict(tree)
