"""Previews in the description: their header on every write, and what their answers say."""

import re

from orders.domain.differences import MAX_DIFFERENCES
from orders.domain.triggers import TriggerKind
from orders.protocols.dry_run import DRY_RUN_HEADER
from tools.api_contract.operations import Tree, array, parameter, record, reference, strings

# The operations that write, by the schema of their 200 answer.
_WRITES = {
    "importOrders": "AltcraftAnswer",
    "deleteAltcraftOrder": "AltcraftDeleted",
    "updateAltcraftLineStatus": "AltcraftChanged",
    "importProducts": "AltcraftCatalogueAnswer",
    "importSkus": "AltcraftCatalogueAnswer",
    "deleteProducts": "AltcraftCatalogueDeleted",
    "deleteSkus": "AltcraftCatalogueDeleted",
    "importCommercetoolsOrder": "CommercetoolsOrder",
    "updateCommercetoolsOrder": "CommercetoolsOrder",
    "deleteCommercetoolsOrder": "CommercetoolsOrder",
    "updateExternalId": "YandexMarketOk",
    "updateOrderStatus": "YandexMarketOrderAnswer",
    "updateOrderStatuses": "YandexMarketMovedAnswer",
    "deleteHubOrder": "HubDeletion",
    "reviveHubOrder": "HubOrder",
    "updateHubLineStatus": "HubOrder",
    "restoreHubOrder": "HubOrder",
    "undoRequest": "HubUndo",
}
# What the ids of the other spellings of a path end with.
_SPELLING = re.compile("(V2)?(Json)?$")
_CAMEL = ("Commercetools", "YandexMarket")
_TEXT: Tree = {"type": "string"}
_COUNT: Tree = {"type": "integer", "minimum": 0}
_FLAG: Tree = {"type": "boolean"}
_ANY: Tree = {"description": "A text, a number, a boolean, null, or an empty object or array"}
_PARAMETER = parameter(
    "header",
    DRY_RUN_HEADER,
    {**_FLAG, "default": False},
    "`true`: decide as ever, write nothing, and say what would be done",
)
_HEADER: Tree = {
    DRY_RUN_HEADER: {
        "description": "`true` in the answer to a preview: nothing was written",
        "schema": _TEXT,
    }
}


def add_previews(tree: Tree) -> None:
    """Add the header, and the members of answers, to a whole description."""
    components = tree["components"]
    schemas, responses = components["schemas"], components["responses"]
    schemas |= _schemas()
    operations = [each for path in tree["paths"].values() for each in path.values()]
    for operation in operations:
        if _SPELLING.sub("", operation["operationId"]) not in _WRITES:
            continue
        operation.setdefault("parameters", []).append(_PARAMETER)
        if "200" not in operation["responses"]:
            operation["responses"]["200"] = {"$ref": "#/components/responses/CommercetoolsPreview"}
            continue
        answered = responses[operation["responses"]["200"]["$ref"].rpartition("/")[2]]
        answered["headers"] = {**answered.get("headers", {}), **_HEADER}
    created = responses["CommercetoolsImportedOrder"]
    responses["CommercetoolsPreview"] = {
        **created,
        "description": "The order that would be imported; its id is the nil UUID",
        "headers": {**created["headers"], **_HEADER},
    }
    for schema in set(_WRITES.values()) - {"HubUndo"}:
        schemas[schema]["properties"] |= _members(schema)
    schemas["AltcraftResult"]["properties"] |= _changes("changes_cut")


def _members(schema: str) -> Tree:
    if schema == "AltcraftCatalogueDeleted":
        return {"dry_run": _DRY_RUN}
    if schema.startswith(_CAMEL):
        return {"dryRun": _DRY_RUN, "preview": reference("PreviewInCamelCase")}
    return {"dry_run": _DRY_RUN, "preview": reference("Preview")}


_DRY_RUN: Tree = {
    "type": "boolean",
    "description": "True in the answer to a preview: nothing was written",
}


def _changes(cut: str) -> Tree:
    return {
        "changes": array(
            reference("PreviewedChange"),
            maxItems=MAX_DIFFERENCES,
            description="What would differ from the stored order",
        ),
        cut: {**_FLAG, "description": "Whether more would differ"},
    }


def _schemas() -> Tree:
    by_type = array(reference("PreviewedTriggers"))
    outcome = strings("created", "updated", "deleted", "unchanged")
    triggers = {**_COUNT, "description": "How many triggers would be published"}
    definitions = array(
        record(
            {
                "kind": strings("custom_field", "custom_line_status", "category"),
                "external_id": _TEXT,
                "entity_type": reference("AltcraftEntityType"),
                "outcome": strings("created", "updated"),
            },
            ["entity_type"],
        ),
        description="What an import would define",
    )
    snake = {"triggers": triggers, "triggers_by_type": by_type, "outcome": outcome}
    snake |= {**_changes("changes_cut"), "definitions": definitions}
    camel = {"triggers": triggers, "triggersByType": by_type, "outcome": outcome}
    camel |= _changes("changesCut")
    return {
        "Preview": record(snake, snake, "What a previewed request would do"),
        "PreviewInCamelCase": record(camel, camel, "What a previewed request would do"),
        "PreviewedTriggers": record({"type": strings(*map(str, TriggerKind)), "count": _COUNT}),
        "PreviewedChange": record(
            {
                "path": {**_TEXT, "description": "JSON pointer into the order"},
                "before": _ANY,
                "after": _ANY,
            },
            ["before", "after"],
        ),
    }
