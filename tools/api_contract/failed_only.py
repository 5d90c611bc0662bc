"""The members of Altcraft's answers to imports with `failed_only`."""

from orders.protocols.altcraft.failed_documents import DOCUMENT, OMITTED
from tools.api_contract.operations import Tree, array


def failed_only() -> Tree:
    """Return the members that an answer to a request with `failed_only` may have."""
    return {
        DOCUMENT: {
            "type": "string",
            "description": "The request without the token, with the failed elements of `data` "
            "only, as text in its own format. Correct it and send it as a body",
        },
        OMITTED: {
            **array({"type": "integer", "minimum": 0}),
            "description": "Positions in `data` of failed elements that the answer has no room for",
        },
    }
