"""Checks of a sent order against its account's settings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from orders.domain.custom_fields import FieldValue, defaults_for, read_values
from orders.domain.known_products import EntryKind, EntryName
from orders.domain.money import exact_sum, format_amount, line_total
from orders.domain.problems import MAX_PROBLEMS, Code, Problem, below, listed, shown
from orders.domain.settings import (
    LINE_STATUS_TYPES,
    Rulebook,
    Settings,
    TotalCheck,
    UnknownProducts,
)
from orders.protocols.altcraft.drafts import LineDraft, OrderDraft
from orders.protocols.altcraft.states import ORDER_STATUSES
from orders.protocols.altcraft.unknown_members import Notice


@dataclass(frozen=True, slots=True)
class Checked:
    """Custom field values, the defaults of absent ones, and the problems and warnings of a draft.

    If there is no problem, `line_fields` and `line_defaults` have one entry for each line, in the
    order of the lines. If there is one, no defaults are worked out.
    """

    order_fields: Mapping[str, FieldValue]
    line_fields: tuple[Mapping[str, FieldValue], ...]
    order_defaults: Mapping[str, FieldValue]
    line_defaults: tuple[Mapping[str, FieldValue], ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check_order(draft: OrderDraft, rules: Rulebook, at_most: int = MAX_PROBLEMS) -> Checked:
    """Check one order, until `at_most` problems are found. Paths are relative to the order."""
    problems = list(islice(_unknown_references(draft, rules.settings), at_most))
    order_fields, faults = read_values(rules.order_fields, draft.custom_fields, at_most)
    problems += (below(("custom_fields",), fault) for fault in faults)
    line_fields = []
    for position, line in enumerate(draft.lines):
        if len(problems) >= at_most:
            break
        values, line_problems = _check_line(line, rules, at_most)
        problems += (below(("lines", position), problem) for problem in line_problems)
        line_fields.append(values)
    if len(problems) < at_most:
        problems += islice(_repeated_lines(draft.lines), at_most)
    policies = rules.settings.policies
    unknown = tuple(islice(_unknown_products(draft, rules), at_most))
    if policies.unknown_products is UnknownProducts.REJECT:
        problems += unknown
    mismatch = tuple(_total_mismatch(draft, policies.total_check))
    rejecting = policies.total_check is TotalCheck.REJECT
    found = (*problems, *(mismatch if rejecting else ()))[:at_most]
    warned = unknown if policies.unknown_products is UnknownProducts.WARN else ()
    is_good = not found
    return Checked(
        order_fields=order_fields,
        line_fields=tuple(line_fields),
        order_defaults=defaults_for(rules.order_fields, order_fields) if is_good else {},
        line_defaults=tuple(defaults_for(rules.line_fields, values) for values in line_fields)
        if is_good
        else (),
        problems=found,
        warnings=(*warned, *(() if rejecting else mismatch)),
    )


def product_names(line: LineDraft) -> list[tuple[str, EntryName]]:
    """Return the names of a line's product and SKU, with the members that have them."""
    named = ((EntryKind.PRODUCT, line.product), (EntryKind.SKU, line.sku))
    return [(str(kind), EntryName(kind, name)) for kind, name in named if name is not None]


def _unknown_products(draft: OrderDraft, rules: Rulebook) -> Iterator[Problem]:
    """Find products and SKUs that the catalogue does not have. Warnings are in every answer."""
    policy = rules.settings.policies.unknown_products
    if policy is UnknownProducts.ACCEPT:
        return
    kind = Notice if policy is UnknownProducts.WARN else Problem
    for position, line in enumerate(draft.lines):
        for member, name in product_names(line):
            if name not in rules.products.entries:
                message = (
                    f"{member} must be in the account's catalogue; got {shown(name.external_id)}"
                )
                yield kind(Code.UNKNOWN_PRODUCT, ("lines", position, member), message)


def _unknown_references(draft: OrderDraft, settings: Settings) -> Iterator[Problem]:
    if draft.currency not in settings.currencies:
        yield unknown_reference(
            Code.UNKNOWN_CURRENCY, "currency", draft.currency, settings.currencies
        )
    if draft.endpoint not in settings.endpoints:
        yield unknown_reference(
            Code.UNKNOWN_ENDPOINT, "endpoint", draft.endpoint, settings.endpoints
        )
    if draft.region is not None and draft.region not in settings.regions:
        yield unknown_reference(Code.UNKNOWN_REGION, "region", draft.region, settings.regions)
    if draft.status not in ORDER_STATUSES:
        yield _unknown_status(Code.UNKNOWN_STATUS, "order", draft.status, ORDER_STATUSES)


def unknown_reference(code: Code, member: str, sent: str, allowed: Iterable[str]) -> Problem:
    """Return the problem of a member that must be one of the values that the settings have."""
    return Problem(
        code,
        (member,),
        f"Unknown {member} {shown(sent)}; allowed values: {listed(list(allowed))}",
    )


def _unknown_status(code: Code, owner: str, sent: str, allowed: Iterable[str]) -> Problem:
    """Return the problem of a status that `owner`, an order or a line, cannot have."""
    return Problem(
        code,
        ("status",),
        f"Unknown {owner} status {shown(sent)}; allowed values: {listed(list(allowed))}",
    )


def _check_line(
    line: LineDraft, rules: Rulebook, at_most: int
) -> tuple[Mapping[str, FieldValue], list[Problem]]:
    values, faults = read_values(rules.line_fields, line.custom_fields, at_most)
    problems = [below(("custom_fields",), fault) for fault in faults]
    if line.status not in LINE_STATUS_TYPES and line.status not in rules.settings.line_statuses:
        names = rules.settings.line_status_names()
        problems.append(_unknown_status(Code.UNKNOWN_LINE_STATUS, "line", line.status, names))
    return values, problems


def _repeated_lines(lines: tuple[LineDraft, ...]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for position, line in enumerate(lines):
        if first.setdefault(line.external_id, position) != position:
            yield Problem(
                Code.DUPLICATE_LINE,
                ("lines", position, "external_id"),
                "external_id must be unique among the order's lines; "
                f"lines[{first[line.external_id]}] has {shown(line.external_id)} too",
            )


def _total_mismatch(draft: OrderDraft, policy: TotalCheck) -> Iterator[Problem]:
    if policy is TotalCheck.OFF:
        return
    totals = [line_total(line.final_price_per_item, line.count) for line in draft.lines]
    expected = exact_sum([*totals, draft.delivery_cost or Decimal(0)])
    if expected != draft.total_price:
        yield Problem(
            Code.TOTAL_MISMATCH,
            ("total_price",),
            f"total_price must be the sum of the lines and the delivery, "
            f"{format_amount(expected)}; got {format_amount(draft.total_price)}",
        )
