"""The header Idempotency-Key, which every write has, and the answers to its misuse."""

from dataclasses import replace

from orders.protocols.idempotency import KEY_HEADER, MAX_KEY_CHARACTERS
from tools.api_contract.operations import Operation, Section, Tree, parameter, response

# Operations that read orders or issue tokens, although their method could be that of a write.
READS = frozenset(
    {
        "getAltcraftStatus",
        "issueToken",
        "listAltcraftOrders",
        "listBusinessOrders",
        "listProducts",
        "listSkus",
        "reconcileOrders",
    }
)
_SAFE = frozenset({"get", "head"})
# A string of RFC 9651, or a bare text. The hub also accepts a string that begins with a space.
_CHARACTER, _ESCAPED = "[!#-\\[\\]-~]", r'\\["\\\\]'
_PATTERN = (
    f'^("({_CHARACTER}|{_ESCAPED})( |{_CHARACTER}|{_ESCAPED}){{0,{MAX_KEY_CHARACTERS - 1}}}"'
    rf"|[!#-+\--:<-\[\]-~]{{1,{MAX_KEY_CHARACTERS}}})$"
)
# Of a request with a key, the body is always read.
_STATUSES = (400, 409, 413, 415, 422)
KEY: Tree = parameter(
    "header",
    KEY_HEADER,
    {"type": "string", "pattern": _PATTERN},
    "A key that the client chooses for this request, such as a UUID, in double quotes or bare. A "
    "repetition with the same key within 24 hours gets the same answer, and nothing is done twice",
    example='"8e03978e-40d5-43dd-bc93-6894a57f9324"',
)
OUTSTANDING = f"a request is outstanding for this {KEY_HEADER}"
RETRY_IF_OUTSTANDING = {"Retry_After": f"Seconds to wait, if {OUTSTANDING}"}
REUSED = f"The {KEY_HEADER} is already used for another request"


def with_keys(section: Section) -> Section:
    """Return a section whose writes have the header and its answers."""
    return replace(
        section,
        operations=tuple(
            _with_key(each, section) if is_write(each) else each for each in section.operations
        ),
    )


def is_write(operation: Operation) -> bool:
    """Return whether an operation changes orders."""
    return operation.method not in _SAFE and operation.id not in READS


def _with_key(operation: Operation, section: Section) -> Operation:
    prefix = operation.answers["400"]["$ref"].rpartition("/")[2].removesuffix("400")
    names = {str(status): f"{prefix}{status}" for status in _STATUSES}
    refusals = {
        status: response(name) for status, name in names.items() if name in section.responses
    }
    return replace(
        operation,
        answers=dict(sorted({**refusals, **operation.answers}.items())),
        parameters=(*operation.parameters, KEY),
    )
