"""What commands change in a hub, through either adapter of the port `Hub`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from operator_cli.errors import OperatorError
from operator_cli.hub import LINE_STATUS, ORDER, RESTORATION, REVIVAL, UNDO, Hub, HubRequest
from operator_cli.hub_reads import Tree, accepted, detail_of
from orders.protocols.json_text import write_json

# The hub knows the order, or its line, and does not make the change.
_REFUSED = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE, HTTPStatus.CONTENT_TOO_LARGE}
)


@dataclass(frozen=True, slots=True)
class HubChanges:
    """Changes single orders of an account.

    Every method raises OperatorError if the order does not allow the change or does not exist,
    UnavailableError, and UsageError for what the hub rejects as invalid.
    """

    hub: Hub

    def delete(self, order_id: int, *, permanently: bool) -> Tree:
        """Delete an order. Return its ids and the version that the deletion is."""
        mode = {"mode": ("permanent" if permanently else "soft",)}
        return self._ask(HubRequest("DELETE", ORDER, _of(order_id), mode))

    def update_line_status(self, order_id: int, line: str, status: str) -> Tree:
        """Give a line another status. Return the order."""
        path = {**_of(order_id), "line_id": line}
        body = write_json({"status": status})
        return self._ask(HubRequest("PUT", LINE_STATUS, path, body=body))

    def revive(self, order_id: int) -> Tree:
        """End the soft deletion of an order. Return the order."""
        return self._ask(HubRequest("POST", REVIVAL, _of(order_id)))

    def restore(self, order_id: int, version: int, *, skip_triggers: bool) -> Tree:
        """Bring an earlier version of an order back. Return the order."""
        body = write_json({"version": version, "skip_triggers": skip_triggers})
        return self._ask(HubRequest("POST", RESTORATION, _of(order_id), body=body))

    def undo(
        self, request_id: str, *, dry_run: bool, skip_triggers: bool = False
    ) -> Iterator[Tree]:
        """Undo a request, or show what its undo would do. Yield one answer after the other."""
        wanted: dict[str, object] = {
            "request_id": request_id,
            "dry_run": dry_run,
            "skip_triggers": skip_triggers,
        }
        while True:
            answer = self._ask(HubRequest("POST", UNDO, body=write_json(wanted)))
            yield answer
            if answer["next"] is None:
                return
            wanted["after"] = answer["next"]

    def _ask(self, request: HubRequest) -> Tree:
        answer = self.hub.ask(request)
        if answer.status in _REFUSED:
            raise OperatorError(f"{detail_of(answer)}.")
        return accepted(answer)


def _of(order_id: int) -> Mapping[str, str]:
    return {"order_id": str(order_id)}
