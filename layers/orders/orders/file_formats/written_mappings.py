"""Mappings as plain data, as YAML or JSON has it, and what is wrong with them."""

import json
from collections.abc import Iterator, Mapping, Sequence

from orders.domain.problems import listed, shown
from orders.file_formats.mappings import (
    FIELDS,
    LINE_MEMBERS,
    MONEY,
    ORDER_MEMBERS,
    PLACE,
    ColumnMapping,
    Source,
)

_SOURCE_MEMBERS = frozenset(
    {
        "column",
        "constant",
        "template",
        "sum",
        "lookup",
        "default",
        "less",
        "less_divided_by",
        "divide_by",
        "split",
        "if_filled",
    }
)
# What says where a value comes from, and what may be beside it.
_KINDS = ("column", "constant", "template", "sum")
_OF_AMOUNTS = frozenset({"less", "less_divided_by", "divide_by"})
_BESIDE = {
    "column": frozenset({"lookup", "default", "split", "if_filled", *_OF_AMOUNTS}),
    "constant": frozenset[str](),
    "template": frozenset({"lookup", "default", "split", "if_filled"}),
    "sum": frozenset({"default", "if_filled", *_OF_AMOUNTS}),
}
# Each line of an order needs the values of all sources of lines, so there may not be very many.
MAX_SOURCES = 500
MAX_LINE_SOURCES = 100

_PARTS = ("group_by", "line_if", "order", "line")


class MappingError(ValueError):
    """A mapping has a fault. The message names the member and what is allowed."""


def read_mapping(tree: object) -> ColumnMapping:
    """Read a mapping. Raises MappingError."""
    if not isinstance(tree, Mapping):
        raise MappingError("The mapping must be an object with group_by, order and line")
    return ColumnMapping(
        _group_by(tree.get("group_by")),
        dict(_sources(tree.get("order"), "order", ORDER_MEMBERS)),
        dict(_sources(tree.get("line"), "line", LINE_MEMBERS)),
        *_line_if(tree.get("line_if")),
    )


def _group_by(tree: object) -> tuple[str, ...]:
    names = [tree] if isinstance(tree, str) else tree
    if isinstance(names, list) and names and all(isinstance(each, str) and each for each in names):
        return tuple(names)
    raise MappingError("group_by must name the column with the number of the order")


def _line_if(tree: object) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    """Return the columns that say whether a row is a line, and the values that do."""
    if tree is None:
        return (), frozenset(), frozenset()
    found = tree if isinstance(tree, Mapping) else {"column": tree}
    is_known = isinstance(found.get("column"), str | list) and found["column"]
    if not is_known or set(found) - {"column", "is", "is_not"}:
        raise MappingError(
            "line_if must name a column that is blank in rows without a line, or have column, and "
            "is or is_not"
        )
    if {"is", "is_not"} <= found.keys():
        raise MappingError("line_if must have only one of is and is_not")
    return _names(found["column"], "line_if"), _values(found, "is"), _values(found, "is_not")


def _values(tree: Mapping[str, object], name: str) -> frozenset[str]:
    return frozenset(each.lower() for each in _texts(tree.get(name, []), f"line_if.{name}"))


def is_whole(tree: Mapping[str, object]) -> bool:
    """Return whether a mapping has what a file of no known system needs."""
    return {"group_by", "order", "line"} <= tree.keys()


def check_mapping(tree: Mapping[str, object]) -> None:
    """Check a mapping, which may change only some members of a preset. Raises MappingError."""
    unknown = [name for name in tree if name not in _PARTS]
    if unknown or not tree:
        got = shown(unknown[0]) if unknown else "none of them"
        raise MappingError(f"The mapping must have only {listed(_PARTS)}; got {got}")
    read_mapping({"group_by": "any", "order": {}, "line": {}, **tree})


def overridden(mapping: ColumnMapping, changes: Mapping[str, object]) -> ColumnMapping:
    """Return the mapping with other sources for some members. Raises MappingError."""
    if not changes:
        return mapping
    order = dict(_sources(changes.get("order", {}), "order", ORDER_MEMBERS))
    line = dict(_sources(changes.get("line", {}), "line", LINE_MEMBERS))
    line_if = changes.get("line_if")
    present = mapping.line_if, mapping.line_values, mapping.other_values
    return ColumnMapping(
        _group_by(changes["group_by"]) if "group_by" in changes else mapping.group_by,
        {**mapping.order, **order},
        {**mapping.line, **line},
        *(present if line_if is None else _line_if(line_if)),
    )


def _sources(tree: object, where: str, members: frozenset[str]) -> Iterator[tuple[str, Source]]:
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be an object of members with their sources")
    most = MAX_LINE_SOURCES if where == "line" else MAX_SOURCES
    needed = 0
    for member, source in tree.items():
        if member not in members and not str(member).startswith(FIELDS):
            allowed = listed(sorted(members))
            raise MappingError(
                f"{where} must have only the members {allowed} and custom_fields.<id>; "
                f"got {shown(str(member))}"
            )
        read = _source(source, str(member), f"{where}.{member}")
        needed += 1 + len(read.needed)
        if needed > most:
            message = f"{where} must have at most {most} members and columns together"
            raise MappingError(message)
        yield str(member), read


def _source(tree: object, member: str, where: str) -> Source:
    if isinstance(tree, str):
        return Source(columns=_names(tree, where))
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be the name of a column, or an object")
    unknown = [str(name) for name in tree if name not in _SOURCE_MEMBERS]
    if unknown:
        allowed = listed(sorted(_SOURCE_MEMBERS))
        raise MappingError(f"{where} must have only {allowed}; got {shown(unknown[0])}")
    kinds = [name for name in _KINDS if name in tree]
    if len(kinds) != 1:
        raise MappingError(f"{where} must have exactly one of {listed(_KINDS)}")
    _check_beside(kinds[0], tree, member, where)
    divide_by, divisor = _divide_by(tree.get("divide_by", []), f"{where}.divide_by")
    return Source(
        columns=_names(tree["column"], f"{where}.column") if "column" in tree else (),
        constant=_constant(tree["constant"], f"{where}.constant") if "constant" in tree else None,
        template=_template(tree.get("template"), f"{where}.template"),
        lookup=_lookup(tree.get("lookup", {}), f"{where}.lookup"),
        default=_word(tree["default"], f"{where}.default") if "default" in tree else None,
        total=_names(tree["sum"], f"{where}.sum") if "sum" in tree else (),
        less=_names(tree["less"], f"{where}.less") if "less" in tree else (),
        less_divided_by=(
            _names(tree["less_divided_by"], f"{where}.less_divided_by")
            if "less_divided_by" in tree
            else ()
        ),
        divide_by=divide_by,
        divisor=divisor,
        split=_text(tree.get("split"), f"{where}.split"),
        if_filled=_lookup(tree.get("if_filled", {}), f"{where}.if_filled"),
    )


def _check_beside(kind: str, tree: Mapping[str, object], member: str, where: str) -> None:
    """Raise MappingError for a member of a source that would have no effect."""
    beside = [name for name in tree if name != kind]
    allowed = set(_BESIDE[kind])
    if member not in MONEY:
        allowed -= _OF_AMOUNTS
    elif allowed & _OF_AMOUNTS & set(beside):
        allowed.discard("lookup")
    if kind == "sum" and member not in MONEY:
        raise MappingError(f"{where} must not have sum: only {listed(sorted(MONEY))} may have it")
    if member != "tags" and not member.startswith(FIELDS):
        allowed.discard("split")
    wrong = next((name for name in beside if name not in allowed), None)
    if wrong is not None:
        others = f"only {listed(sorted(allowed))}" if allowed else "nothing"
        raise MappingError(f"{where} must have {others} beside {kind}; got {wrong}")


def _divide_by(value: object, where: str) -> tuple[tuple[str, ...], int]:
    """Return the columns, and the number, that an amount is divided by."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise MappingError(f"{where} must be 1 or more; got {value}")
        return (), value
    return (_names(value, where) if value != [] else ()), 1


def _constant(value: object, where: str) -> object:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    if isinstance(value, bool | int):
        return value
    return _word(value, where)


def _template(value: object, where: str) -> str | None:
    text = _text(value, where)
    if text is not None and (not PLACE.search(text) or set("{}") & set(PLACE.sub("", text))):
        raise MappingError(
            f'{where} must have names of columns in braces, such as "{{Date}} {{Time}}"; '
            f"got {shown(text)}"
        )
    return text


def _lookup(tree: object, where: str) -> Mapping[str, str]:
    if not isinstance(tree, Mapping):
        raise MappingError(f"{where} must be an object of values and what replaces them")
    return {str(name): _word(value, f"{where}.{name}") for name, value in tree.items()}


def _word(value: object, where: str) -> str:
    """Return a text, or a number as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise MappingError(f"{where} must be text or a number; got {shown(json.dumps(value))}")


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise MappingError(f"{where} must be text; got {shown(json.dumps(value))}")
    return value


def _texts(value: object, where: str) -> Sequence[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise MappingError(f"{where} must be text, or a list of texts")
    return texts


def _names(value: object, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    is_list = isinstance(names, list) and all(isinstance(each, str) and each for each in names)
    if not isinstance(names, list) or not is_list or not names:
        raise MappingError(f"{where} must be the text of a column's name, or a list of such texts")
    return tuple(names)
