"""Compact forms of values that were read by shapes: what can be worked out again is left out.

For every value that a shape has read, packing returns plain data for JSON, and unpacking what JSON
reads back returns an equal value. Neither can fail.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders.protocols.commercetools import money_shapes, shapes
from orders.protocols.commercetools.money import Money, cents_of
from orders.protocols.commercetools.references import KeyReference, Reference, derived_id
from orders.protocols.commercetools.shapes import Tree


@dataclass(frozen=True, slots=True)
class Base:
    """What the values of one order have in common: the account, and the currency of its total."""

    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class Form:
    """Packs values that a shape has read, and unpacks them again."""

    pack: Callable[[Any, Base], Any]
    unpack: Callable[[Any, Base], Any]


def form_of(shape: shapes.Record) -> Form:
    """Return the form of a record. Members that have their default are left out."""
    parts = [(member.name, member.default, _form_of(member.shape)) for member in shape.members]

    def pack(tree: Tree, base: Base) -> Tree:
        return {
            name: tree[name] if form is None else form.pack(tree[name], base)
            for name, default, form in parts
            if name in tree and not _is_default(tree[name], default)
        }

    def unpack(stored: Tree, base: Base) -> Tree:
        tree = {}
        for name, default, form in parts:
            if name in stored:
                tree[name] = stored[name] if form is None else form.unpack(stored[name], base)
            elif default is not None:
                tree[name] = default
        return tree

    return Form(pack, unpack)


def _form_of(shape: object) -> Form | None:
    """Return the form of a shape, None if its values are stored unchanged."""
    match shape:
        case shapes.Record():
            return form_of(shape)
        case shapes.Array(inner):
            return _array(inner)
        case shapes.Tagged(tag, choices):
            return _tagged(tag, choices)
        case Reference(type_id):
            return _reference(type_id)
        case KeyReference(type_id):
            return _key_reference(type_id)
    return _LEAVES.get(shape)


def _is_default(value: object, default: object) -> bool:
    # An empty array has the default of an empty tuple.
    return default is not None and (value == default or not (value or default))


def _array(inner: shapes.Shape) -> Form | None:
    form = _form_of(inner)
    if form is None:
        return None
    return Form(
        lambda values, base: [form.pack(each, base) for each in values],
        lambda values, base: [form.unpack(each, base) for each in values],
    )


def _tagged(tag: str, choices: dict[str, shapes.Record]) -> Form:
    forms = {name: form_of(choice) for name, choice in choices.items()}
    return Form(
        lambda value, base: forms[value[tag]].pack(value, base),
        lambda value, base: forms[value[tag]].unpack(value, base),
    )


def _reference(type_id: str) -> Form:
    """Leave out the usual type, and an id that is derived from the key."""

    def pack(reference: Tree, base: Base) -> Tree:
        own_type, key = reference["typeId"], reference.get("key")
        is_derived = key is not None and reference["id"] == derived_id(base.account, own_type, key)
        left_out = {"typeId"} if own_type == type_id else set()
        left_out |= {"id"} if is_derived else set()
        return {name: each for name, each in reference.items() if name not in left_out}

    def unpack(stored: Tree, base: Base) -> Tree:
        own_type, key = stored.get("typeId", type_id), stored.get("key")
        identity = (
            stored["id"] if "id" in stored else derived_id(base.account, own_type, stored["key"])
        )
        reference = {"typeId": own_type, "id": identity}
        return reference if key is None else {**reference, "key": key}

    return Form(pack, unpack)


def _key_reference(type_id: str) -> Form:
    """Leave out the type, and a key that is the id."""

    def pack(reference: Tree, _: Base) -> Tree:
        identity = reference.get("id")
        if identity == reference["key"]:
            return {"id": identity}
        return {name: each for name, each in reference.items() if name != "typeId"}

    def unpack(stored: Tree, _: Base) -> Tree:
        return {"typeId": type_id, "key": stored.get("id"), **stored}

    return Form(pack, unpack)


def _pack_money(amount: Money, base: Base) -> int | Tree:
    """Return an amount in cents of the order's currency as a number, any other as an object."""
    currency = {} if amount.currency == base.currency else {"currencyCode": amount.currency}
    if amount.precise is None or amount.digits is None:
        return {**currency, "centAmount": amount.cents} if currency else amount.cents
    rounded = cents_of(amount.precise, amount.digits, amount.currency)
    return {
        **currency,
        "preciseAmount": amount.precise,
        "fractionDigits": amount.digits,
        **({} if amount.cents == rounded else {"centAmount": amount.cents}),
    }


def _unpack_money(stored: int | Tree, base: Base) -> Money:
    if isinstance(stored, int):
        return Money(base.currency, stored)
    currency = stored.get("currencyCode", base.currency)
    if "preciseAmount" not in stored:
        return Money(currency, stored["centAmount"])
    precise, digits = stored["preciseAmount"], stored["fractionDigits"]
    cents = stored.get("centAmount")
    rounded = cents_of(precise, digits, currency) if cents is None else cents
    return Money(currency, rounded, precise, digits)


_MONEY = Form(_pack_money, _unpack_money)
_LEAVES: Mapping[object, Form] = {
    money_shapes.money: _MONEY,
    money_shapes.cent_money: _MONEY,
    money_shapes.rounded_money: _MONEY,
    # JSON reads a rate without a fraction as a whole number.
    shapes.rate: Form(lambda rate, _: rate, lambda rate, _: Decimal(rate)),
}
