"""Reads the products, SKUs and categories of a decoded import, and checks them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from orders.domain.catalogue_entries import CatalogueEntry, CatalogueRules, EntrySubmission
from orders.domain.custom_fields import FieldSet, FieldValue, read_values
from orders.domain.definition_bounds import excess_of_name
from orders.domain.known_products import EntryKind, EntryName
from orders.domain.money import format_amount
from orders.domain.problems import (
    NOTHING_REPORTED,
    Code,
    Problem,
    Reported,
    Steps,
    below,
    problems_left,
    shown,
)
from orders.domain.settings import Settings, UnknownMembers
from orders.domain.submissions import Rejection
from orders.protocols.altcraft.catalogue_requests import (
    KNOWN_OF_PRODUCT,
    KNOWN_OF_SKU,
    MAX_ENTRIES,
    PRODUCT,
    PRODUCT_SKU,
    SKU,
    CatalogueBody,
    EntryBody,
    OfferBody,
    ProductSkuBody,
    SkuBody,
)
from orders.protocols.altcraft.checks import unknown_reference
from orders.protocols.altcraft.errors import bad_request
from orders.protocols.altcraft.requests import problems_of
from orders.protocols.altcraft.submissions import echoed
from orders.protocols.altcraft.unknown_members import unknown_of_members


@dataclass(frozen=True, slots=True)
class AltcraftEntry:
    """A product or a SKU of a request: its bodies, or its problems.

    `bodies` are that of the product or SKU, and those of the SKUs below it, with their ways from
    the element. Paths of `problems` begin at the root of the request. `sent` are the members as
    sent.
    """

    kind: EntryKind
    position: int
    external_id: str | None
    bodies: tuple[tuple[Steps, EntryBody], ...]
    sent: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    def submit(
        self, rules: CatalogueRules, before: Reported = NOTHING_REPORTED
    ) -> EntrySubmission | Rejection:
        """Check the entry against the account's settings.

        `before` is what the entries before it report: that of one request is limited.
        """
        prefix = ("data", self.position)
        at_most = before.problems_left
        policy = rules.settings.policies.unknown_members
        problems, warnings = self._unknown_members(policy, prefix, before)
        if self.problems or not self.bodies:
            return Rejection((*self.problems, *problems)[:at_most], warnings)
        checked = _Checked(rules, at_most)
        entries = tuple(checked.entry(self._kind_of(way), way, body) for way, body in self.bodies)
        main = entries[0].name.external_id
        linked = tuple(
            replace(entry, product=main) if way else entry
            for (way, _), entry in zip(self.bodies, entries, strict=True)
        )
        problems = (*(below(prefix, each) for each in checked.problems), *problems)
        if problems:
            return Rejection(problems[:at_most], warnings)
        return EntrySubmission(linked, warnings, prefix)

    def _kind_of(self, way: Steps) -> EntryKind:
        return EntryKind.SKU if way else self.kind

    def _unknown_members(
        self, policy: UnknownMembers, prefix: Steps, before: Reported
    ) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
        """Return the problems and the warnings of unknown members."""
        known = KNOWN_OF_PRODUCT if self.kind is EntryKind.PRODUCT else KNOWN_OF_SKU
        if policy is UnknownMembers.REJECT:
            return unknown_of_members(self.sent, known, prefix).problems(before.problems_left), ()
        most = before.warnings_left
        if policy is UnknownMembers.IGNORE or not most:
            return (), ()
        return (), unknown_of_members(self.sent, known, prefix).warnings(policy)[:most]


@dataclass(slots=True)
class _Checked:
    """Checks entries against the settings, until `at_most` problems are found."""

    rules: CatalogueRules
    at_most: int
    problems: tuple[Problem, ...] = ()

    def entry(self, kind: EntryKind, way: Steps, body: EntryBody) -> CatalogueEntry:
        """Return the entry of a body. It is that of a good one if no problem was found."""
        is_product = kind is EntryKind.PRODUCT
        fields = self.rules.product_fields if is_product else self.rules.sku_fields
        in_region = replace(fields, required=())
        members = self._offer(body, fields, way)
        regions = [
            {
                "external_id": region.external_id,
                **self._offer(region, in_region, (*way, "regional_data", position)),
            }
            for position, region in enumerate(body.regional_data)
        ]
        self._note(_unknown_regions(body, self.rules.settings), way)
        product = body.product_external_id if isinstance(body, SkuBody) else None
        document = _present(
            {
                **members,
                "name": body.name,
                "tags": body.tags,
                "manufacturer_name": body.manufacturer_name,
                "description": body.description,
                "url": body.url,
                "pictures": body.pictures,
                "expiration_time": body.expiration_time,
                "barcode": body.barcode,
                "manufacturer_warranty": body.manufacturer_warranty,
                "regional_data": regions,
                "categories": body.categories,
            }
        )
        return CatalogueEntry(
            EntryName(kind, body.external_id), body.name, _written(document), product
        )

    def _offer(self, body: OfferBody, fields: FieldSet, way: Steps) -> dict[str, Any]:
        settings = self.rules.settings
        if body.currency is not None and body.currency not in settings.currencies:
            known = settings.currencies
            problem = unknown_reference(Code.UNKNOWN_CURRENCY, "currency", body.currency, known)
            self._note((problem,), way)
        values, faults = self._values(fields, body.custom_fields)
        self._note((below(("custom_fields",), each) for each in faults), way)
        return _present(
            {
                "price": None if body.price is None else format_amount(body.price),
                "old_price": None if body.old_price is None else format_amount(body.old_price),
                "currency": body.currency,
                "custom_fields": values,
                "count": body.count,
                "is_available": body.is_available,
                "delivery": body.delivery,
            }
        )

    def _values(
        self, fields: FieldSet, sent: Mapping[str, object]
    ) -> tuple[Mapping[str, FieldValue], Sequence[Problem]]:
        left = self.at_most - len(self.problems)
        return read_values(fields, sent, left) if left > 0 else ({}, ())

    def _note(self, found: Iterable[Problem], way: Steps) -> None:
        left = self.at_most - len(self.problems)
        self.problems += tuple(below(way, each) for each in islice(found, max(0, left)))


def read_entries(
    body: CatalogueBody, kind: EntryKind, faults: Iterable[Problem]
) -> list[AltcraftEntry]:
    """Read each element of `data`. `faults` are those that the decoder found inside it.

    Raises RequestRefusedError (400) if there are more than MAX_ENTRIES entries.
    """
    _expect_few(body)
    faults_at: dict[str | int, list[Problem]] = {}
    for fault in faults:
        faults_at.setdefault(fault.path[1], []).append(fault)
    entries: list[AltcraftEntry] = []
    found = 0
    for position, sent in enumerate(body.data):
        entry = _read(kind, position, sent, faults_at.get(position, ()), problems_left(found))
        found += len(entry.problems)
        entries.append(entry)
    return entries


def read_categories(body: CatalogueBody) -> tuple[CatalogueEntry, ...]:
    """Return the root's categories. Raises RequestRefusedError (400) for a long name."""
    for position, sent in enumerate(body.categories):
        message = excess_of_name(sent.name)
        if message:
            path = ("categories", position, "name")
            raise bad_request(message, Problem(Code.INVALID_VALUE, path, message))
    return tuple(
        CatalogueEntry(
            EntryName(EntryKind.CATEGORY, sent.external_id),
            sent.name,
            _written(_present({"name": sent.name, "parent_external_id": sent.parent_external_id})),
        )
        for sent in body.categories
    )


def _expect_few(body: CatalogueBody) -> None:
    nested = (sent.get("sku") for sent in body.data if isinstance(sent, dict))
    count = len(body.data) + sum(len(each) for each in nested if isinstance(each, list))
    if count > MAX_ENTRIES:
        message = f"data must have at most {MAX_ENTRIES} products and SKUs together; got {count}"
        raise bad_request(message, Problem(Code.INVALID_VALUE, ("data",), message))


def _read(
    kind: EntryKind, position: int, sent: object, faults: Sequence[Problem], at_most: int
) -> AltcraftEntry:
    members: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    bodies: list[tuple[Steps, EntryBody]] = []
    problems: list[Problem] = []
    model: TypeAdapter[Any] = PRODUCT if kind is EntryKind.PRODUCT else SKU
    for way, each in _parts(kind, sent):
        if len(faults) + len(problems) >= at_most:
            break
        try:
            body = (PRODUCT_SKU if way else model).validate_python(each)
        except ValidationError as error:
            subject = f"The {EntryKind.SKU if way else kind}"
            problems += problems_of(error, way, subject, at_most)
            continue
        bodies.append((way, body))
        problems += _other_product(way, body, members)
    prefix = ("data", position)
    found = (*faults, *(below(prefix, each) for each in problems))[:at_most]
    return AltcraftEntry(
        kind, position, echoed(members.get("external_id")), tuple(bodies), members, found
    )


def _parts(kind: EntryKind, sent: object) -> Iterator[tuple[Steps, object]]:
    """Yield an element and the SKUs below it, with their ways from the element."""
    yield (), sent
    nested = sent.get("sku") if isinstance(sent, dict) and kind is EntryKind.PRODUCT else None
    for position, each in enumerate(nested if isinstance(nested, list) else ()):
        yield ("sku", position), each


def _other_product(way: Steps, body: EntryBody, product: Mapping[str, Any]) -> Iterator[Problem]:
    """Find a SKU below a product that names another product."""
    if not isinstance(body, ProductSkuBody) or body.product_external_id is None:
        return
    expected = echoed(product.get("external_id"))
    if expected is not None and body.product_external_id != expected.strip():
        yield Problem(
            Code.INVALID_VALUE,
            (*way, "product_external_id"),
            f"product_external_id must be that of the product, {shown(expected)}; "
            f"got {shown(body.product_external_id)}",
        )


def _unknown_regions(body: EntryBody, settings: Settings) -> Iterator[Problem]:
    for position, region in enumerate(body.regional_data):
        if region.external_id not in settings.regions:
            problem = unknown_reference(
                Code.UNKNOWN_REGION, "external_id", region.external_id, settings.regions
            )
            yield below(("regional_data", position), problem)


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, [], {})}


def _written(document: Mapping[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()
