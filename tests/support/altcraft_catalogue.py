"""Altcraft's calls about products and SKUs, on a catalogue in memory."""

import json
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from orders.application.import_catalogue import ImportCatalogue
from orders.application.list_catalogue import ListCatalogue
from orders.application.remove_from_catalogue import RemoveFromCatalogue
from orders.domain.clients import Role
from orders.domain.known_products import EntryKind
from orders.domain.settings import StoredSettings
from orders.protocols.altcraft.access import AccountAccess
from orders.protocols.altcraft.answers import answer_error
from orders.protocols.altcraft.calls import Calls
from orders.protocols.altcraft.delete_from_catalogue import DeleteFromCatalogueEndpoint
from orders.protocols.altcraft.import_catalogue import ImportCatalogueEndpoint
from orders.protocols.altcraft.list_catalogue import ListCatalogueEndpoint
from orders.protocols.http import Endpoint, HttpAnswer
from tests.support.catalogue import FakeCatalogue
from tests.support.deadlines import CountingPause
from tests.support.fakes import FakeSettings, FakeTokens, client
from tests.support.http import answered, request
from tests.support.samples import settings, to_xml

type Tree = dict[str, Any]

_SETTINGS = replace(settings(), currencies=("USD", "EUR", "RUB"))


@dataclass
class Catalogue:
    """A client of an account with the settings of the samples."""

    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    settings: FakeSettings = field(
        default_factory=lambda: FakeSettings(
            {name: StoredSettings(_SETTINGS, 1) for name in ("demo", "other")}
        )
    )
    tokens: FakeTokens = field(
        default_factory=lambda: FakeTokens(
            {
                "token": client("demo", *Role),
                "reader": client("demo", Role.ORDERS_READ),
                "writer": client("demo", Role.ORDERS_WRITE),
                "stranger": client("other", *Role),
            }
        )
    )
    pause: CountingPause = field(default_factory=lambda: CountingPause(3))

    def __post_init__(self) -> None:
        access = AccountAccess(self.tokens)
        calls = Calls(access, self.settings)
        imports = ImportCatalogue(self.catalogue, self.settings, self.pause)
        lists = ListCatalogue(self.catalogue)
        removals = RemoveFromCatalogue(self.catalogue, self.pause)
        numbers = count(1)
        self.ids = lambda: f"request-{next(numbers)}"
        self._calls: dict[str, Endpoint] = {}
        for folder, kind in (("products", EntryKind.PRODUCT), ("sku", EntryKind.SKU)):
            self._calls |= {
                f"{folder}/import": ImportCatalogueEndpoint(access, imports, kind, self.ids),
                f"{folder}/list": ListCatalogueEndpoint(calls, lists, kind),
                f"{folder}/delete": DeleteFromCatalogueEndpoint(calls, removals, kind),
            }

    def post(
        self,
        call: str,
        body: bytes,
        media: str = "application/json",
        token: str = "token",  # noqa: S107 - not a secret
    ) -> HttpAnswer:
        """Send the bytes of a body."""
        headers = {"content-type": media}
        if token:
            headers["authorization"] = f"Bearer {token}"
        return answered(self._calls[call], request(body, headers), answer_error).answer

    def send(self, call: str, body: Tree, **options: Any) -> Tree:  # noqa: ANN401 - those of post
        """Send a body as JSON. Return the answer's body, which must have the status 200."""
        answer = self.post(call, json.dumps(body).encode(), **options)
        assert answer.status == 200, answer.body
        tree: Tree = json.loads(answer.body)
        return tree

    def send_xml(self, call: str, body: Tree) -> str:
        """Send a body as XML. Return the answer's body."""
        answer = self.post(call, to_xml(body), "application/xml")
        assert answer.status == 200, answer.body
        return answer.body.decode()

    def listed(self, folder: str, **body: Any) -> list[Tree]:  # noqa: ANN401 - members of a list
        """Return all entries of a list, page by page."""
        entries: list[Tree] = []
        from_id = ""
        while True:
            page = self.send(f"{folder}/list", {"from_id": from_id, **body})
            if not page["result"]:
                return entries
            entries += page["result"]
            from_id = page["next_from_id"]

    def declare(self, **policies: object) -> None:
        """Set policies of the account."""
        changed = replace(_SETTINGS, policies=replace(_SETTINGS.policies, **policies))  # type: ignore[arg-type]
        self.settings.stored["demo"] = StoredSettings(changed, 2)
