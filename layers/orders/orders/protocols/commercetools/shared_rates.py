"""Tax rates that the lines of a stored order share: each is stored once."""

from collections.abc import Callable

from orders.protocols.commercetools.shapes import Tree
from orders.protocols.json_text import write_json

RATES = "taxRates"


def with_shared_rates(document: Tree) -> Tree:
    """Return a document whose lines have the positions of their tax rates in a list of them."""
    positions: dict[bytes, int] = {}
    rates: list[Tree] = []

    def position_of(rate: Tree) -> int:
        position = positions.setdefault(write_json(rate), len(rates))
        if position == len(rates):
            rates.append(rate)
        return position

    shared = _with_rates(document, position_of)
    return {**shared, RATES: rates} if rates else document


def with_own_rates(document: Tree) -> Tree:
    """Return the document to which `with_shared_rates` was applied."""
    rates: list[Tree] = document.get(RATES, [])
    return _with_rates(document, rates.__getitem__) if rates else document


def _with_rates[Old, New](document: Tree, convert: Callable[[Old], New]) -> Tree:
    kinds = [name for name in ("lineItems", "customLineItems") if name in document]
    return {
        **document,
        **{
            name: [
                {**line, "taxRate": convert(line["taxRate"])} if "taxRate" in line else line
                for line in document[name]
            ]
            for name in kinds
        },
    }
