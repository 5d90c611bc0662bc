"""Bodies of the calls that change one order."""

from http import HTTPStatus
from typing import Annotated

from orders.protocols.altcraft.errors import RequestRefusedError
from orders.protocols.altcraft.parameters import BodyForm, OrderNameBody
from orders.protocols.altcraft.requests import Absent, Body, ExternalId, Flag, Id, Identity


class DeleteBody(OrderNameBody):
    """The body of a deletion, in the newer and in the older contract.

    `with_fire` is true for a permanent deletion. `group_id` has no effect: accounts have no access
    groups.
    """

    with_fire: Annotated[Flag | None, Absent] = None
    group_id: Annotated[Identity | None, Absent] = None
    dry_run: Annotated[Flag | None, Absent] = None

    @property
    def is_of_older_contract(self) -> bool:
        """Return whether the body has a member that only the older contract has."""
        return self.with_fire is not None or self.group_id is not None


class LineStatusBody(Body):
    """The body of a change of a line's status."""

    order_external_id: ExternalId
    order_line_external_id: ExternalId
    status_external_id: Id
    skip_triggers: Annotated[Flag | None, Absent] = None
    dry_run: Annotated[Flag | None, Absent] = None


DELETE = BodyForm.of(DeleteBody)
LINE_STATUS = BodyForm.of(LineStatusBody)


def outcome_unknown() -> RequestRefusedError:
    """Return the 503 error of a change whose answer from the store was lost."""
    text = "The change may or may not be stored; send the request again"
    return RequestRefusedError(HTTPStatus.SERVICE_UNAVAILABLE, text)
