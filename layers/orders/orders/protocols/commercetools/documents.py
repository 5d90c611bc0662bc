"""The stored form of an imported order, and the complete order that it stands for.

The document is the draft in its compact form: the defaults of the protocol, calculated amounts and
derived ids are left out, because `complete_document` works them out when the order is read. Some
members are additional: the API client, its user (X-External-User-ID), the order number of the
import, which a later change of the external id does not affect, the currency, and what the
catalogue knew about the products. An update adds the fulfilment state that its order states stand
for, and its user. The document itself never changes: updates are kept beside it
(`orders.domain.overrides`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orders.domain.problems import Code
from orders.protocols.commercetools.errors import ApiError, money_overflow
from orders.protocols.commercetools.line_costs import (
    Pricing,
    charged_price,
    charged_shipping,
    pricing_of,
    with_total_tax,
)
from orders.protocols.commercetools.money import Money, MoneyOverflowError
from orders.protocols.commercetools.products import (
    Catalogue,
    ImportedCatalogue,
    described_product,
    resolved_line,
    stored_product,
)
from orders.protocols.commercetools.references import initial_state
from orders.protocols.commercetools.shapes import MAX_FAULTS, Tree
from orders.protocols.commercetools.shared_rates import RATES, with_own_rates, with_shared_rates
from orders.protocols.commercetools.stored_forms import Base, form_of
from orders.protocols.commercetools.stored_shapes import STORED_ORDER

CLIENT, EXTERNAL_USER, FIRST_NUMBER = "client_id", "external_user_id", "first_number"
# Added by updates: the name of the fulfilment state of the states, and the last update's user.
STATES_OF, UPDATED_BY = "fulfilment", "updated_by"
_CURRENCY, _PRODUCTS = "currency", "products"
_ADDED = (CLIENT, EXTERNAL_USER, FIRST_NUMBER, STATES_OF, UPDATED_BY)
_FORM = form_of(STORED_ORDER)
_MEMBERS = frozenset(member.name for member in STORED_ORDER.members) | {RATES}


@dataclass(frozen=True, slots=True)
class Provenance:
    """The account and the API client that imported an order, and the user whom the client named."""

    account: str
    client_id: str
    external_user_id: str | None = None


class DraftRefusedError(Exception):
    """The draft is rejected. `errors` are the protocol's errors, `code` is the hub's own code."""

    def __init__(self, code: Code, *errors: ApiError) -> None:
        super().__init__(errors[0].message)
        self.code = code
        self.errors = errors


def document_of(
    draft: Tree, provenance: Provenance, catalogue: Catalogue | ImportedCatalogue
) -> Tree:
    """Return the document of a draft for which check_draft returned no error.

    Raises DraftRefusedError, also for amounts that `complete_document` could not calculate.
    """
    account = provenance.account
    listed: dict[str, Tree] = {}
    if catalogue.is_checked:
        found = [catalogue.find(line) for line in draft["lineItems"]]
        errors = [each for each in found if isinstance(each, ApiError)]
        if errors:
            raise DraftRefusedError(Code.UNKNOWN_PRODUCT, *errors[:MAX_FAULTS])
        products = [each for each in found if not isinstance(each, ApiError)]
        lines = list(map(resolved_line, draft["lineItems"], products))
        draft = {**draft, "lineItems": lines}
        listed = {each["productId"]: stored_product(account, each) for each in products}
    try:
        _expect_amounts(draft)
    except MoneyOverflowError:
        raise DraftRefusedError(Code.INVALID_VALUE, money_overflow()) from None
    currency = draft["totalPrice"].currency
    members = {name: value for name, value in draft.items() if name != "orderNumber"}
    added = {
        CLIENT: provenance.client_id,
        EXTERNAL_USER: provenance.external_user_id,
        FIRST_NUMBER: draft.get("orderNumber"),
        _CURRENCY: currency,
        _PRODUCTS: listed or None,
    }
    packed: Tree = _FORM.pack(members, Base(account, currency))
    return with_shared_rates(packed) | _present(added)


def complete_document(document: Tree, account: str) -> Tree:
    """Return the order that a document stands for, as plain data.

    It has every member of the draft, with defaults and with `type` in all amounts, the members that
    are calculated for lines and taxes, and the API client, its user and the order number of the
    import. The order's own totals are as sent. Members that come from the store are missing: id,
    version, number, times, and the ids that derive from the order's id.
    """
    tree = _complete(draft_of(document, account), account, document.get(_PRODUCTS, {}))
    completed: Tree = plain(tree)
    return completed | {name: document[name] for name in _ADDED if name in document}


def draft_of(document: Tree, account: str) -> Tree:
    """Return the draft that a document stands for, with defaults, and amounts as Money.

    It also has what updates added.
    """
    draft: Tree = _FORM.unpack(with_own_rates(document), Base(account, document[_CURRENCY]))
    return draft


def revised_document(document: Tree, draft: Tree, account: str) -> Tree:
    """Return a document in which this draft takes the place of that of `draft_of`."""
    packed: Tree = _FORM.pack(draft, Base(account, document[_CURRENCY]))
    added = {name: value for name, value in document.items() if name not in _MEMBERS}
    return with_shared_rates(packed) | added


def members_of(document: Tree, account: str, names: Iterable[str]) -> Tree:
    """Return members of the order that a document stands for, without calculating its lines.

    They have their defaults. Amounts are Money.
    """
    stored = {name: document[name] for name in names if name in document}
    members: Tree = _FORM.unpack(stored, Base(account, document[_CURRENCY]))
    return members


def _expect_amounts(draft: Tree) -> None:
    """Calculate all amounts that `_complete` does. Raises MoneyOverflowError."""
    pricing = pricing_of(draft)
    with_total_tax(draft.get("taxedPrice"))
    _shipping_info(draft.get("shippingInfo"), pricing)
    for line in draft["lineItems"]:
        _costs(line, charged_price(line["price"]), pricing)
    for line in draft["customLineItems"]:
        _costs(line, line["money"], pricing)


def _costs(line: Tree, price: Money, pricing: Pricing) -> Tree:
    """Return the total of a line and its taxed price. Raises MoneyOverflowError."""
    quantity = line["quantity"]
    return {
        "totalPrice": pricing.total(price, quantity),
        "taxedPrice": pricing.taxed_price(line, price, quantity),
    }


def _complete(draft: Tree, account: str, listed: Mapping[str, Tree]) -> Tree:
    """Return a draft with the calculated members. Raises MoneyOverflowError."""
    lines = [_Line(line, draft, account) for line in draft["lineItems"]]
    customs = [_Line(line, draft, account) for line in draft["customLineItems"]]
    return _present(
        {
            **draft,
            "taxedPrice": with_total_tax(draft.get("taxedPrice")),
            "shippingInfo": _shipping_info(draft.get("shippingInfo"), pricing_of(draft)),
            "lineItems": [
                line.line_item(described_product(account, line.line, listed)) for line in lines
            ],
            "customLineItems": [line.custom_line_item() for line in customs],
        }
    )


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a copy of the value in which every Money is in its wire form."""
    # The kinds of values in the order of how often they occur.
    if isinstance(value, str | int):
        return value
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.tree() if isinstance(value, Money) else value


@dataclass(frozen=True, slots=True)
class _Line:
    """Converts a line of a draft to a line of an order."""

    line: Tree
    draft: Tree
    account: str

    def line_item(self, product: Tree) -> Tree:
        """Return the line item (commercetools, LineItem)."""
        line = self.line
        variant = {
            **product["variant"],
            **{name: line["variant"][name] for name in ("prices", "images", "attributes")},
            "assets": [],
        }
        own_mode = line.get("inventoryMode")
        members = _present(
            {
                "key": line.get("key"),
                "productId": product["productId"],
                "productKey": product.get("productKey"),
                "name": line["name"],
                "productSlug": product.get("productSlug"),
                "productType": product["productType"],
                "variant": variant,
                "price": line["price"],
                **self._shared(charged_price(line["price"])),
                "priceMode": "Platform",
                "lineItemMode": "Standard",
                "inventoryMode": None if own_mode == self.draft["inventoryMode"] else own_mode,
                "supplyChannel": line.get("supplyChannel"),
                "distributionChannel": line.get("distributionChannel"),
            }
        )
        return members | self._last()

    def custom_line_item(self) -> Tree:
        """Return the custom line item (commercetools, CustomLineItem)."""
        line = self.line
        members = _present(
            {
                "key": line.get("key"),
                "name": line["name"],
                "money": line["money"],
                "slug": line["slug"],
                **self._shared(line["money"]),
                "taxCategory": line.get("taxCategory"),
                "priceMode": line["priceMode"],
            }
        )
        return members | self._last()

    def _shared(self, price: Money) -> Tree:
        costs = _costs(self.line, price, pricing_of(self.draft))
        return {
            "quantity": self.line["quantity"],
            "totalPrice": costs["totalPrice"],
            "discountedPricePerQuantity": [],
            "taxedPrice": costs["taxedPrice"],
            "taxedPricePortions": [],
            "taxRate": self.line.get("taxRate"),
            "perMethodTaxRate": [],
            "state": self.line.get("state") or [self._initial_state()],
        }

    def _initial_state(self) -> Tree:
        return {"quantity": self.line["quantity"], "state": initial_state(self.account)}

    def _last(self) -> Tree:
        details = self.line.get("shippingDetails")
        return _present(
            {
                "shippingDetails": details and {**details, "valid": True},
                "custom": self.line.get("custom"),
            }
        )


def _shipping_info(sent: Tree | None, pricing: Pricing) -> Tree | None:
    if sent is None:
        return None
    taxed = pricing.taxed_price(sent, charged_shipping(sent), 1)
    return _present({**sent, "taxedPrice": taxed})


def _present(members: Mapping[str, Any]) -> Tree:
    return {name: value for name, value in members.items() if value is not None}
