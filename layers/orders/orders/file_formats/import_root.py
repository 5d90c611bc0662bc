"""The members beside the orders of a document of the Altcraft import, as a file has them.

A document must mean the same in a file as in a request. What a file cannot do is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orders.domain.file_records import Frame, UnreadableFileError
from orders.domain.importing import ErrorPolicy
from orders.domain.problems import Problem
from orders.protocols.altcraft.decoded import Decoded
from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.requests import (
    ROOT_MEMBERS,
    ImportBody,
    is_blank,
    is_of_order,
    read_import,
)
from orders.protocols.altcraft.unknown_members import unknown_of_request

DATA = "data"
# They are about the sender and the answer of a request.
_WITHOUT_MEANING = frozenset({"token", "format"})
# A job has results of its own.
_OF_ANSWERS = frozenset({"result_details", "failed_only"})
_DEFINITIONS = ("custom_fields", "custom_line_statuses")
# The members that a file must be asked for.
MEMBERS = ROOT_MEMBERS - {DATA} - _WITHOUT_MEANING


def with_root(frame: Frame, tree: Mapping[str, Any], faults: Iterable[Problem] = ()) -> Frame:
    """Return the frame with what the members beside `data` mean for all orders.

    Raises UnreadableFileError for members that a file cannot have.
    """
    for name in _DEFINITIONS:
        if not is_blank(tree.get(name)) and tree.get(name) != []:
            message = (
                f"{name} must be empty in a file; send the definitions in a request of the orders "
                "import with an empty data, then import the file without them"
            )
            raise _unsupported(message)
    around = [
        each
        for each in faults
        if not is_of_order(each) and not _WITHOUT_MEANING.intersection(map(str, each.path[:1]))
    ]
    try:
        body = read_import(Decoded({**tree, DATA: []}, tuple(around)))
    except RequestRefusedError as refusal:
        raise _unsupported(refusal.text.replace("The body", "The file", 1)) from None
    _expect_possible(body)
    unknown = unknown_of_request(tree).members
    for each in unknown:
        if each.meant:
            raise _unsupported(each.text("must be corrected or removed"))
    names = [name for name in tree if name in _OF_ANSWERS or name not in ROOT_MEMBERS]
    return replace(
        frame,
        ignored=tuple(names),
        unknown=tuple(each.name for each in unknown),
        skip_triggers=bool(body.skip_triggers),
    )


def _expect_possible(body: ImportBody) -> None:
    if body.dry_run:
        message = (
            "dry_run must not be true in a file; preview the file instead, and remove dry_run "
            "to import it"
        )
        raise _unsupported(message)
    if body.error_policy is ErrorPolicy.REJECT_ALL:
        message = (
            f"error_policy must be {ErrorPolicy.IMPORT_VALID} in a file; got {body.error_policy}. "
            "A request can import all of at most 100 orders or none"
        )
        raise _unsupported(message)


def _unsupported(message: str) -> UnreadableFileError:
    return UnreadableFileError("unsupported_member", message)
