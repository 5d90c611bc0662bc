"""Paths below `/api/v1.1/market/` that are no call of this service."""

from orders.application.ports import Deadline
from orders.domain.problems import shown
from orders.protocols.altcraft.errors import not_found
from orders.protocols.http import EndpointResult, HttpRequest, only_reads

ROOT = "/api/v1.1/market"
# The calls that all functions of the stack serve together.
CALLS = (
    *(f"orders/{call}" for call in ("delete", "get_status", "import", "list")),
    "orders/update_order_line_status",
    *(f"products/{call}" for call in ("delete", "import", "list")),
    *(f"sku/{call}" for call in ("delete", "import", "list")),
)


@only_reads
def refuse_unknown_call(request: HttpRequest, _deadline: Deadline) -> EndpointResult:
    """Raise RequestRefusedError (404) with the paths of the calls that exist."""
    paths = ", ".join(f"{ROOT}/{call}" for call in CALLS)
    folder = request.resource.removesuffix("{call+}")
    sent = f"{folder}{request.path.get('call', '')}"
    raise not_found(f"The path must be one of {paths}; got {shown(sent)}")
