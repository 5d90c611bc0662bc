"""The published contract describes the deployed routes, is up to date, and breaks no client."""

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from market_orders_testing.stack import functions_of_paths
from orders.domain.problems import Code
from orders.protocols.altcraft.decoded import MAX_ORDERS
from orders.runtime.description import PLACEHOLDER
from tests.support.commercetools import draft, full_draft
from tests.support.contract_schemas import schema_faults
from tests.support.routes import UNKNOWN_CALLS
from tests.support.samples import order, request
from tools.api_contract.breaking import breaking_changes
from tools.api_contract.document import BASE_URL, document
from tools.api_contract.files import (
    DESCRIPTION,
    POSTMAN_COLLECTION,
    RELEASED,
    written,
    written_by_part,
)
from tools.api_contract.postman import export_collection
from tools.api_contract.shapes import schema_of
from tools.api_contract.story import STORY

type Tree = dict[str, Any]
type Change = Callable[[Tree], object]

WRITE = "run `python -m tools.api_contract` to update the file"


def schema(name: str) -> Tree:
    return {"$ref": f"#/components/schemas/{name}"}


def test_the_description_is_valid_openapi() -> None:
    validate(document())
    assert document()["openapi"].startswith("3.1")


def test_the_description_has_exactly_the_deployed_paths() -> None:
    """The services' own test checks the methods of each path."""
    deployed = {
        path.replace("+}", "}") for path in functions_of_paths() if path not in UNKNOWN_CALLS
    }
    assert document()["paths"].keys() == deployed


def test_operation_ids_are_unique() -> None:
    ids = [each["operationId"] for item in document()["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))


def test_every_operation_with_a_body_has_an_example() -> None:
    without_aliases = {example.operation for example in STORY}
    taking = {
        each["operationId"]
        for item in document()["paths"].values()
        for each in item.values()
        if "requestBody" in each and not each["operationId"].endswith(("Json", "V2"))
    }
    assert taking <= without_aliases


def test_the_published_description_matches_the_models() -> None:
    assert DESCRIPTION.read_text(encoding="utf-8") == written(document()), WRITE
    assert BASE_URL.encode() == PLACEHOLDER


def test_the_postman_collection_matches_the_description() -> None:
    exported = written(export_collection(DESCRIPTION))
    assert POSTMAN_COLLECTION.read_text(encoding="utf-8") == exported, WRITE


def test_no_two_requests_of_the_postman_collection_have_the_same_key() -> None:
    """A key that is used for two requests would reject the second one."""

    def headers(node: Any) -> Iterator[Tree]:  # noqa: ANN401 - any node of a collection
        if isinstance(node, dict) and node.get("key") == "Idempotency-Key":
            yield node
        elif isinstance(node, dict | list):
            for each in node.values() if isinstance(node, dict) else node:
                yield from headers(each)

    found = list(headers(json.loads(POSTMAN_COLLECTION.read_text(encoding="utf-8"))))
    assert len(found) >= 10
    assert all((each["value"], each["disabled"]) == ("{{$guid}}", True) for each in found)


def test_the_described_limits_match_the_models() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["AltcraftImportRequest"]["properties"]["data"]["maxItems"] == MAX_ORDERS
    assert set(schemas["AltcraftProblem"]["properties"]["code"]["enum"]) == set(map(str, Code))


@pytest.mark.parametrize("sent", [draft(), full_draft()], ids=["least", "full"])
def test_drafts_match_their_schema(sent: Tree) -> None:
    assert schema_faults(schema("CommercetoolsOrderDraft"), sent) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"totalPrice": None}, "$"),
        ({"country": "de"}, "$.country"),
        ({"orderState": "Closed"}, "$.orderState"),
        ({"lineItems": [{"quantity": "2"}]}, "$.lineItems[0]"),
        ({"totalPrice": {"currencyCode": "USD"}}, "$.totalPrice"),
    ],
)
def test_an_invalid_draft_does_not_match_its_schema(changes: Tree, path: str) -> None:
    faults = schema_faults(schema("CommercetoolsOrderDraft"), draft(**changes))
    assert any(fault.startswith(path) for fault in faults)


def test_an_import_matches_its_schema_and_an_invalid_one_does_not() -> None:
    body = schema("AltcraftImportRequest")
    assert schema_faults(body, request(order())) == []
    assert schema_faults(body, request(order(total_price="900,25")))
    assert schema_faults(body, request(order(lines=[])))
    assert schema_faults(body, {})


def test_an_unknown_shape_is_rejected() -> None:
    with pytest.raises(LookupError):
        schema_of(len)


def test_clients_of_the_last_release_are_not_broken() -> None:
    assert breaking_changes(RELEASED, DESCRIPTION) == []


def _schemas(tree: Tree) -> Tree:
    schemas: Tree = tree["components"]["schemas"]
    return schemas


BREAKING: dict[str, Change] = {
    "a path is gone": lambda tree: tree["paths"].pop("/v2/campaigns"),
    "a method is gone": lambda tree: tree["paths"]["/{projectKey}/orders"].pop("head"),
    "a member becomes required": lambda tree: _schemas(tree)["AltcraftOrder"]["required"].append(
        "email"
    ),
    "a sent member is gone": lambda tree: _schemas(tree)["AltcraftOrder"]["properties"].pop(
        "email"
    ),
    "a type is narrower": lambda tree: _schemas(tree)["AltcraftLine"]["properties"]["count"].update(
        type="integer"
    ),
    "a limit is lower": lambda tree: _schemas(tree)["AltcraftImportRequest"]["properties"][
        "data"
    ].update(maxItems=10),
    "a choice is gone": lambda tree: _schemas(tree)["AltcraftValueType"]["enum"].pop(),
    "an answered member is gone": lambda tree: _schemas(tree)["YandexMarketOrder"][
        "properties"
    ].pop("itemsTotal"),
    "an answered member is no longer promised": lambda tree: _schemas(tree)["YandexMarketOrder"][
        "required"
    ].remove("itemsTotal"),
    "an answered member has another type": lambda tree: _schemas(tree)["YandexMarketOrder"][
        "properties"
    ]["itemsTotal"].update(type="string"),
    "a parameter is needed": lambda tree: tree["paths"]["/v2/campaigns"]["get"][
        "parameters"
    ].append({"name": "new", "in": "query", "required": True, "schema": {"type": "string"}}),
    "a media type is gone": lambda tree: tree["paths"]["/api/v1.1/market/orders/import"]["post"][
        "requestBody"
    ]["content"].pop("application/xml"),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda _tree: None,
    "a path is new": lambda tree: tree["paths"].update(
        {"/new": {"get": {"responses": {"200": {"description": "New"}}}}}
    ),
    "a member may be sent": lambda tree: _schemas(tree)["AltcraftOrder"]["properties"].update(
        note={"type": "string"}
    ),
    "a member is added to an answer": lambda tree: _schemas(tree)["YandexMarketOrder"][
        "properties"
    ].update(note={"type": "string"}),
    "a limit is higher": lambda tree: _schemas(tree)["AltcraftImportRequest"]["properties"][
        "data"
    ].update(maxItems=20_000),
    "a text is another": lambda tree: tree["info"].update(description="Another"),
    "a response has another description": lambda tree: tree["components"]["responses"][
        "Altcraft400"
    ].update(description="Another"),
}


# The changes are changes of these methods and of what they refer to. A comparison of all methods
# takes some seconds.
COMPARED = {
    "/{projectKey}/orders": ("head",),
    "/api/v1.1/market/orders/import": ("post",),
    "/v2/campaigns": ("get",),
    "/v2/campaigns/{campaignId}/orders/{orderId}": ("get",),
}


@functools.cache
def _compared() -> Tree:
    """Return the description of the compared methods."""
    tree = document()
    paths = {
        path: {method: tree["paths"][path][method] for method in methods}
        for path, methods in COMPARED.items()
    }
    components: Tree = {"securitySchemes": tree["components"]["securitySchemes"]}
    unread = [json.dumps(paths)]
    while unread:
        for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', unread.pop()):
            if name not in components.setdefault(kind, {}):
                components[kind][name] = tree["components"][kind][name]
                unread.append(json.dumps(components[kind][name]))
    return {**tree, "paths": paths, "components": components}


def _changed(folder: Path, change: Change) -> list[str]:
    """Return the breaking changes that a change of the description causes."""
    before, after = folder / "before.json", folder / "after.json"
    tree = _compared()
    before.write_text(json.dumps(tree))
    changed = copy.deepcopy(tree)
    change(changed)
    after.write_text(json.dumps(changed))
    return breaking_changes(before, after)


@pytest.mark.parametrize("change", BREAKING.values(), ids=BREAKING)
def test_a_breaking_change_is_reported(tmp_path: Path, change: Change) -> None:
    assert _changed(tmp_path, change)


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_a_compatible_change_is_accepted(tmp_path: Path, change: Change) -> None:
    assert _changed(tmp_path, change) == []


def test_a_released_description_has_one_line_for_each_part() -> None:
    tree = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    text = written_by_part(tree)
    assert json.loads(text) == tree
    assert list(json.loads(text)) == list(tree)
    assert all(
        any(line.startswith(f'"{path}"') for line in text.splitlines()) for path in tree["paths"]
    )
    assert len(text.splitlines()) < 400
    assert RELEASED.read_text(encoding="utf-8") == written_by_part(
        json.loads(RELEASED.read_text(encoding="utf-8"))
    )
