"""Compares the answers that clients received with the stored orders and the published triggers.

Every order of a journal belongs to one client, which waits for an answer before it sends the next
request about that order. So the expected content of the store is known, except for requests without
an answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from tools.load.journal import Entry, Kind, Reply

type Document = Mapping[str, Any]
_IMPORTS = frozenset({Kind.IMPORT, Kind.CREATE})
# An account and an external id, or an account and an order id.
type Name = tuple[str, str]
type Number = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Stored:
    """An order in the table."""

    account: str
    external_id: str
    order_id: int
    version: int
    document: Document
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """A trigger that a consumer received."""

    account: str
    id: str
    kind: str
    order_id: int
    version: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference between the expected and the actual data. `kind` is a word such as "lost"."""

    kind: str
    account: str
    order: str
    detail: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected state of one order. The outcome of the `uncertain` requests is unknown.

    `lines` are the statuses of lines that requests changed, which imports keep.
    """

    account: str
    order: str
    external_id: str
    exists: bool = False
    document: Document = field(default_factory=dict)
    version: int = 0
    uncertain: tuple[Entry, ...] = ()
    is_deleted: bool = False
    is_hidden: bool = False
    lines: Mapping[str, str] = field(default_factory=dict)


def expectations(journal: Iterable[Entry]) -> dict[Name, Expected]:
    """Return the expected state of each order, by its account and its first external id."""
    expected: dict[Name, Expected] = {}
    for entry in journal:
        name = (entry.account, entry.order)
        known = expected.get(name, Expected(entry.account, entry.order, entry.order))
        expected[name] = _after(known, entry)
    return expected


def _after(known: Expected, entry: Entry) -> Expected:
    if entry.reply is Reply.REFUSED:
        return known
    if entry.reply is Reply.UNKNOWN:
        return replace(known, uncertain=(*known.uncertain, entry))
    return replace(known, **_settled(known, entry))


def _settled(known: Expected, entry: Entry) -> Mapping[str, Any]:
    """Return what an acknowledged request changes in the expected state."""
    match entry.kind:
        case Kind.IMPORT | Kind.CREATE:
            # This answer settles the document: earlier uncertain imports no longer matter.
            still_open = {Kind.RENAME, Kind.LINE}
            return {
                "exists": True,
                "document": entry.document,
                "version": max(entry.version, known.version),
                "uncertain": tuple(each for each in known.uncertain if each.kind in still_open),
                "is_deleted": False,
                "is_hidden": False,
            }
        case Kind.DELETE:
            gone = {"exists": False, "is_deleted": True, "is_hidden": False}
            return {**gone, "uncertain": (), "lines": {}}
        case Kind.RENAME | Kind.HIDE | Kind.REVIVE | Kind.MOVE:
            return _settled_state(entry)
        case Kind.UPDATE:
            document = {**known.document, **entry.document}
            # The version in the request makes this update the only next one.
            uncertain = tuple(each for each in known.uncertain if each.kind is not Kind.UPDATE)
            return {"document": document, "version": entry.version, "uncertain": uncertain}
        case Kind.LINE:
            return {"lines": {**known.lines, **line_statuses(entry.document)}}


def _settled_state(entry: Entry) -> Mapping[str, Any]:
    """Return what a request changes that leaves the document unchanged."""
    match entry.kind:
        case Kind.RENAME:
            return {"external_id": entry.external_id}
        case Kind.HIDE | Kind.REVIVE:
            return {"is_hidden": entry.kind is Kind.HIDE}
        case _:
            return {}


def differences(
    journal: Sequence[Entry], stored: Sequence[Stored], published: Sequence[Published]
) -> list[Difference]:
    """Return every order and trigger that is lost, doubled, altered or invented."""
    expected = expectations(journal)
    by_name = {(each.account, each.external_id): each for each in stored}
    found = [
        *_doubled(stored),
        *(each for one in expected.values() for each in _of_order(one, by_name)),
        *_of_triggers(stored, published, _last_versions(published)),
        *_invented(stored, published, expected),
        *_unpublished_deletions(published, expected.values()),
    ]
    return sorted(found, key=lambda each: (each.kind, each.account, each.order))


def _doubled(stored: Iterable[Stored]) -> Iterator[Difference]:
    holders = defaultdict(list)
    for each in stored:
        holders[each.account, each.order_id].append(each.external_id)
    for (account, order_id), names in holders.items():
        if len(names) > 1:
            yield Difference("doubled", account, names[0], f"order id {order_id}: {names}")


def _of_order(expected: Expected, by_name: Mapping[Name, Stored]) -> Iterator[Difference]:
    def differs(kind: str, detail: str) -> Difference:
        return Difference(kind, expected.account, expected.order, detail)

    names = dict.fromkeys(
        (
            expected.external_id,
            expected.order,
            *(each.external_id for each in expected.uncertain if each.kind is Kind.RENAME),
        )
    )
    holders = [by_name[expected.account, name] for name in names if _has(by_name, expected, name)]
    if len(holders) > 1:
        yield differs("doubled", f"stored as {[each.external_id for each in holders]}")
    if not holders:
        may_be_gone = any(each.kind is Kind.DELETE for each in expected.uncertain)
        if expected.exists and not may_be_gone:
            yield differs("lost", f"version {expected.version} was acknowledged")
        return
    [order, *_] = holders
    may_be_there = any(each.kind in _IMPORTS for each in expected.uncertain)
    if not expected.exists and not may_be_there:
        yield differs("back again", "it was deleted, or never accepted")
        return
    is_uncertain_name = any(each.kind is Kind.RENAME for each in expected.uncertain)
    if order.external_id != expected.external_id and not is_uncertain_name:
        yield differs("renamed", f"{order.external_id} instead of {expected.external_id}")
    if order.version < expected.version:
        yield differs("older", f"version {order.version} of {expected.version}")
    if order.is_hidden != expected.is_hidden and not _may_be_either(expected):
        is_hidden = "is" if order.is_hidden else "is not"
        yield differs("hidden", f"it {is_hidden} softly deleted")
    yield from _altered(expected, order)


def _may_be_either(expected: Expected) -> bool:
    """Return whether a request without an answer may have hidden or revived the order."""
    kinds = {Kind.HIDE, Kind.REVIVE, *_IMPORTS}
    return any(each.kind in kinds for each in expected.uncertain)


def line_statuses(document: Document) -> dict[str, str]:
    """Return the status of each line of a document that has one, by its external id."""
    lines = document.get("lines", ())
    return {each["external_id"]: each["status"] for each in lines if "status" in each}


def _has(by_name: Mapping[Name, Stored], expected: Expected, name: str) -> bool:
    return (expected.account, name) in by_name


def _altered(expected: Expected, order: Stored) -> Iterator[Difference]:
    candidates = [
        *([expected.document] if expected.exists else []),
        *(each.document for each in expected.uncertain if each.kind in _IMPORTS),
        *(
            {**expected.document, **each.document}
            for each in expected.uncertain
            if each.kind is Kind.UPDATE
        ),
    ]
    if not any(each.kind is Kind.LINE for each in expected.uncertain):
        kept = line_statuses(order.document)
        for line, status in expected.lines.items():
            # A later import may have left the line out.
            if kept.get(line, status) != status:
                detail = f"line {line} has the status {kept[line]} instead of {status}"
                yield Difference("altered", expected.account, expected.order, detail)
    found = [list(altered_members(sent, order.document)) for sent in candidates]
    if found and all(found):
        detail = "; ".join(found[0][:3])
        yield Difference("altered", expected.account, expected.order, detail)


def altered_members(sent: Any, kept: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401
    """Describe each member that is not stored as it was sent. Amounts are compared as decimals."""
    if isinstance(sent, Mapping):
        if not isinstance(kept, Mapping):
            yield f"{path or '/'} is missing"
            return
        for name, value in sent.items():
            yield from altered_members(value, kept.get(name), f"{path}/{name}")
    elif isinstance(sent, list):
        if not isinstance(kept, list) or len(kept) != len(sent):
            yield f"{path} has a different length"
            return
        for position, (one, other) in enumerate(zip(sent, kept, strict=True)):
            yield from altered_members(one, other, f"{path}/{position}")
    elif not _equal(sent, kept):
        yield f"{path}: {kept!r} instead of {sent!r}"


def _equal(sent: object, kept: object) -> bool:
    if sent == kept:
        return True
    try:
        return Decimal(str(sent)) == Decimal(str(kept))
    except InvalidOperation:
        return False


def _last_versions(published: Iterable[Published]) -> dict[Number, int]:
    """Return the version of the last deletion of each deleted order, also of a soft one."""
    last: dict[Number, int] = {}
    for each in published:
        if each.kind == "OrderDeleted":
            number = (each.account, each.order_id)
            last[number] = max(each.version, last.get(number, 0))
    return last


def _of_triggers(
    stored: Sequence[Stored], published: Sequence[Published], deleted: Mapping[Number, int]
) -> Iterator[Difference]:
    seen: dict[Number, dict[int, set[Published]]] = defaultdict(lambda: defaultdict(set))
    for each in published:
        seen[each.account, each.order_id][each.version].add(each)
    last = {(each.account, each.order_id): each.version for each in stored}
    names = {(each.account, each.order_id): each.external_id for each in stored}
    for number, version in {**deleted, **last}.items():
        account, order_id = number
        name = names.get(number, f"order id {order_id}")
        versions = seen.get(number, {})
        missing = sorted(set(range(1, version + 1)) - set(versions))
        if missing:
            yield Difference("no trigger", account, name, f"versions {missing}")
        for seen_version, copies in versions.items():
            if len(copies) > 1:
                yield Difference(
                    "two triggers", account, name, f"of version {seen_version}: {copies}"
                )


def _unpublished_deletions(
    published: Iterable[Published], expected: Iterable[Expected]
) -> Iterator[Difference]:
    deleted = {
        (each.account, each.external_id) for each in published if each.kind == "OrderDeleted"
    }
    for each in expected:
        if each.is_deleted and (each.account, each.external_id) not in deleted:
            yield Difference("no trigger", each.account, each.order, "of its deletion")


def _invented(
    stored: Sequence[Stored], published: Sequence[Published], expected: Mapping[Name, Expected]
) -> Iterator[Difference]:
    last = {(each.account, each.order_id): each.version for each in stored}
    deleted = _last_versions(published)
    ids: dict[str, set[tuple[str, int, int]]] = defaultdict(set)
    accounts = {account for account, _ in expected}
    for each in published:
        number = (each.account, each.order_id)
        ids[each.id].add((*number, each.version))
        if each.account not in accounts:
            continue
        if each.version > max(last.get(number, 0), deleted.get(number, 0)):
            detail = f"version {each.version} was never committed"
            yield Difference("invented", each.account, each.external_id, detail)
    for identity, changes in ids.items():
        if len(changes) > 1:
            account = next(iter(changes))[0]
            yield Difference("one id", account, identity, f"shared by {sorted(changes)}")
