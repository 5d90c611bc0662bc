"""Converts commercetools' shapes to JSON Schemas, in the form of requests and of answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orders.domain.identifiers import MAX_EXTERNAL_ID_CHARACTERS
from orders.protocols.commercetools import (
    money_shapes,
    requests,
    shapes,
    stored_shapes,
    updates,
)
from orders.protocols.commercetools.references import KeyReference, Reference
from tools.api_contract.operations import Tree, array, constant, reference, strings

_MONEY = reference("CommercetoolsMoney")
_CENTS = reference("CommercetoolsCentMoney")
_ANSWERED_MONEY = reference("CommercetoolsTypedMoney")
_ANSWERED_CENTS = reference("CommercetoolsTypedCentMoney")
_LONG = {"type": "integer", "format": "int64"}
_LANGUAGE = "^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$"
_LEAVES: Mapping[Callable[..., Any], Tree] = {
    shapes.text: {"type": "string"},
    shapes.boolean: {"type": "boolean"},
    shapes.long: {**_LONG, "minimum": shapes.MIN_LONG, "maximum": shapes.MAX_LONG},
    shapes.integer: {
        "type": "integer",
        "format": "int32",
        "minimum": -shapes.MAX_INT - 1,
        "maximum": shapes.MAX_INT,
    },
    shapes.rate: {"type": "number", "minimum": 0, "maximum": 1},
    shapes.anything: {},
    money_shapes.currency_code: {"type": "string", "description": "ISO 4217 code"},
    money_shapes.money: _MONEY,
    money_shapes.cent_money: _CENTS,
    money_shapes.rounded_money: _MONEY,
    requests.moment: {"type": "string", "format": "date-time"},
    requests.localized: {
        "type": "object",
        "description": "Text by language tag",
        "propertyNames": {"pattern": _LANGUAGE},
        "additionalProperties": {"type": "string"},
    },
    requests.custom_fields: {
        "type": "object",
        "propertyNames": {"pattern": "^[a-zA-Z0-9_-]{2,36}$"},
    },
    requests.field_name: {"type": "string", "pattern": "^[a-zA-Z0-9_-]{2,36}$"},
    requests.language: {"type": "string", "pattern": _LANGUAGE},
    requests.order_number: {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_EXTERNAL_ID_CHARACTERS,
    },
}
_ANSWERED_LEAVES: Mapping[Callable[..., Any], Tree] = {
    money_shapes.money: _ANSWERED_MONEY,
    money_shapes.cent_money: _ANSWERED_CENTS,
    money_shapes.rounded_money: _ANSWERED_CENTS,
}

# Records that become components. Other records are written inline.
_SENT = (
    ("Address", requests.ADDRESS),
    ("AddressWithCustom", requests.ADDRESS_WITH_CUSTOM),
    ("Custom", requests.CUSTOM),
    ("CustomLineItem", requests.CUSTOM_LINE),
    ("Delivery", requests.DELIVERY),
    ("Image", requests.IMAGE),
    ("LineItem", requests.LINE),
    ("Order", requests.ORDER_IMPORT_DRAFT),
    ("OrderUpdate", updates.ORDER_UPDATE),
    ("Parcel", requests.PARCEL),
    ("Price", requests.PRICE),
    ("ShippingDetails", requests.SHIPPING_DETAILS),
    ("ShippingInfo", requests.SHIPPING_INFO),
    ("ShippingRate", requests.SHIPPING_RATE),
    ("TaxRate", requests.TAX_RATE),
    ("TaxedPrice", requests.TAXED_PRICE),
    ("Variant", requests.VARIANT),
)
# Those that an answer has in another form.
_STORED = {
    "Address": requests.ADDRESS_WITH_CUSTOM,
    "Delivery": stored_shapes.DELIVERY,
    "Order": stored_shapes.STORED_ORDER,
    "Parcel": stored_shapes.PARCEL,
    "ReturnInfo": stored_shapes.RETURN_INFO,
    "ReturnItem": stored_shapes.RETURN_ITEM,
    "ShippingInfo": stored_shapes.SHIPPING_INFO,
    "SyncInfo": stored_shapes.SYNC_INFO,
}
_ONLY_SENT = ("AddressWithCustom", "OrderUpdate")
_ANSWERED = tuple(
    ({name: each for name, each in _SENT if name not in _ONLY_SENT} | _STORED).items()
)


def components(*, answered: bool = False) -> Tree:
    """Return the schemas of the named records by their component names."""
    return {
        _component(name, answered=answered): _record(shape.members, answered=answered)
        for name, shape in (_ANSWERED if answered else _SENT)
    }


def schema_of(shape: object, *, answered: bool = False) -> Tree:
    """Return the schema of a shape in a request or, with `answered`, in an answer.

    Raises LookupError for an unknown shape.
    """

    def of(inner: object) -> Tree:
        return schema_of(inner, answered=answered)

    match shape:
        case shapes.Record(members):
            return _named(shape, answered=answered) or _record(members, answered=answered)
        case shapes.Tagged(tag, choices):
            return {"oneOf": [_tagged(tag, name, of(each)) for name, each in choices.items()]}
        case shapes.Array(inner):
            return array(of(inner))
        case shapes.MapOf(inner):
            return {"type": "object", "additionalProperties": of(inner)}
        case _:
            return _simple(shape, answered=answered)


def _simple(shape: object, *, answered: bool) -> Tree:
    match shape:
        case shapes.OneOf(allowed):
            return strings(*allowed)
        case shapes.Matching(_, rule, pattern):
            return _string(rule, pattern)
        case Reference(type_id, others):
            return _identifier((type_id, *others), ("id", "key") if answered else ())
        case KeyReference(type_id):
            return _identifier((type_id,), ("key", "id") if answered else ())
        case _:
            return _leaf(shape, answered=answered)


def _named(shape: shapes.Record, *, answered: bool) -> Tree | None:
    named = _ANSWERED if answered else _SENT
    names = (name for name, each in named if each is shape)
    name = next(names, None)
    return None if name is None else reference(_component(name, answered=answered))


def _component(name: str, *, answered: bool) -> str:
    return f"Commercetools{name}{'' if answered else 'Draft'}"


def _record(members: Sequence[shapes.Member], *, answered: bool) -> Tree:
    # A member with a default is present in every answer.
    required = [
        each.name for each in members if each.required or (answered and each.default is not None)
    ]
    return {
        "type": "object",
        **({"required": required} if required else {}),
        "properties": {
            each.name: schema_of(each.shape, answered=answered)
            | ({} if answered else _default(each))
            for each in members
        },
    }


def _default(member: shapes.Member) -> Tree:
    return {"default": member.default} if isinstance(member.default, str | bool) else {}


def _tagged(tag: str, name: str, schema: Tree) -> Tree:
    properties = {**schema["properties"], tag: constant(name)}
    return {**schema, "properties": properties}


def _string(rule: str, pattern: str | None) -> Tree:
    matched = {} if pattern is None else {"pattern": f"^{pattern}$"}
    return {"type": "string", "description": rule, **matched}


def _identifier(types: Sequence[str], by: Sequence[str]) -> Tree:
    """Return the schema of a resource identifier (`by` is empty) or of an answer's reference.

    An answer has the first of the names in `by`, and the other one if it was sent.
    """
    names = {"id": {"type": "string"}, "key": {"type": "string"}}
    type_id = constant(types[0]) if len(types) == 1 else strings(*types)
    if not by:
        return {
            "type": "object",
            "properties": {"typeId": type_id, **names},
            "anyOf": [{"required": ["id"]}, {"required": ["key"]}],
        }
    expanded = {"obj": reference("CommercetoolsExpanded")} if by[0] == "id" else {}
    return {
        "type": "object",
        "required": ["typeId", by[0]],
        "properties": {"typeId": type_id, **{name: names[name] for name in by}, **expanded},
    }


def _leaf(shape: object, *, answered: bool) -> Tree:
    if not callable(shape):
        raise TypeError(f"{shape!r} is not a shape")
    own = _ANSWERED_LEAVES.get(shape) if answered else None
    return dict(_LEAVES[shape] if own is None else own)
