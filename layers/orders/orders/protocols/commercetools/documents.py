"""The stored form of an imported order.

It is the order's representation without the members that come from the store: id, version, number,
times, and the ids that derive from the order's id. Two members are additional: the API client, and
the order number of the import, which a later change of the external id does not affect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orders.domain.problems import Code
from orders.protocols.commercetools.errors import ApiError, money_overflow
from orders.protocols.commercetools.money import Money, MoneyOverflowError, RoundingMode, times
from orders.protocols.commercetools.products import Catalogue
from orders.protocols.commercetools.references import derived_id
from orders.protocols.commercetools.shapes import MAX_FAULTS, Tree
from orders.protocols.commercetools.taxes import (
    TaxCalculationMode,
    TaxModes,
    TaxRate,
    tax_amount_of,
    tax_line,
)

CLIENT, FIRST_NUMBER = "client_id", "first_number"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The account and the API client that imported an order."""

    account: str
    client_id: str


class DraftRefusedError(Exception):
    """The draft is rejected. `errors` are the protocol's errors, `code` is the hub's own code."""

    def __init__(self, code: Code, *errors: ApiError) -> None:
        super().__init__(errors[0].message)
        self.code = code
        self.errors = errors


def document_of(draft: Tree, provenance: Provenance, catalogue: Catalogue) -> Tree:
    """Return the document of a draft for which check_draft returned no error.

    Line totals and line taxes are calculated. The order's own totals stay as sent. Raises
    DraftRefusedError.
    """
    lines = [_Line(line, draft, provenance.account) for line in draft["lineItems"]]
    customs = [_Line(line, draft, provenance.account) for line in draft["customLineItems"]]
    found = [catalogue.find(line) for line in draft["lineItems"]]
    errors = [each for each in found if isinstance(each, ApiError)]
    if errors:
        raise DraftRefusedError(Code.UNKNOWN_PRODUCT, *errors[:MAX_FAULTS])
    try:
        line_items = [
            line.line_item(product)
            for line, product in zip(lines, found, strict=True)
            if not isinstance(product, ApiError)
        ]
        custom_items = [line.custom_line_item() for line in customs]
        totals = {
            "taxedPrice": _with_total_tax(draft.get("taxedPrice")),
            "shippingInfo": _shipping_info(draft.get("shippingInfo")),
        }
    except MoneyOverflowError:
        raise DraftRefusedError(Code.INVALID_VALUE, money_overflow()) from None
    members = {
        **{name: value for name, value in draft.items() if name != "orderNumber"},
        **totals,
        "lineItems": line_items,
        "customLineItems": custom_items,
        CLIENT: provenance.client_id,
        FIRST_NUMBER: draft.get("orderNumber"),
    }
    document: Tree = plain(_present(members))
    return document


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a copy of the value in which every Money is in its wire form."""
    if isinstance(value, Money):
        return value.tree()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


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
                **self._shared(line["price"]["value"]),
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
        quantity = self.line["quantity"]
        total = times(price, quantity, RoundingMode(self.draft["priceRoundingMode"]))
        return {
            "quantity": quantity,
            "totalPrice": total,
            "discountedPricePerQuantity": [],
            "taxedPrice": self._taxed_price(price, total),
            "taxedPricePortions": [],
            "taxRate": self.line.get("taxRate"),
            "perMethodTaxRate": [],
            "state": self.line.get("state") or [self._initial_state()],
        }

    def _taxed_price(self, price: Money, total: Money) -> Tree | None:
        rate = self.line.get("taxRate")
        if "taxedPrice" in self.line or rate is None:
            return _with_total_tax(self.line.get("taxedPrice"))
        modes = TaxModes(
            TaxCalculationMode(self.draft["taxCalculationMode"]),
            RoundingMode(self.draft["taxRoundingMode"]),
        )
        own = TaxRate(rate["name"], rate["amount"], rate["includedInPrice"])
        taxed: Tree = tax_line(price, self.line["quantity"], total, own, modes).tree()
        return taxed

    def _initial_state(self) -> Tree:
        state = {"typeId": "state", "id": derived_id(self.account, "state", "Initial")}
        return {"quantity": self.line["quantity"], "state": state}

    def _last(self) -> Tree:
        details = self.line.get("shippingDetails")
        return _present(
            {
                "shippingDetails": details and {**details, "valid": True},
                "custom": self.line.get("custom"),
            }
        )


def _shipping_info(sent: Tree | None) -> Tree | None:
    if sent is None:
        return None
    return _present({**sent, "taxedPrice": _with_total_tax(sent.get("taxedPrice"))})


def _with_total_tax(taxed: Tree | None) -> Tree | None:
    """Return a taxed price with its totalTax, calculated if absent. Raises MoneyOverflowError."""
    if taxed is None:
        return None
    tax = taxed.get("totalTax") or tax_amount_of(taxed["totalNet"], taxed["totalGross"])
    return {**taxed, "totalTax": tax}


def _present(members: Mapping[str, Any]) -> Tree:
    return {name: value for name, value in members.items() if value is not None}
