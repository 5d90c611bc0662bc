"""The import jobs of an account, through the hub's API."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4

from operator_cli.errors import OperatorError
from operator_cli.hub import JOB, JOB_FILES, JOB_START, JOB_UNDO, JOBS, Hub, HubRequest
from operator_cli.hub_reads import Tree, accepted, detail_of, tree_of
from orders.protocols.json_text import write_json


class JobNotFoundError(OperatorError):
    """The account has no such job."""


class JobRefusedError(OperatorError):
    """The state of the job does not allow the request."""


@dataclass(frozen=True, slots=True)
class HubImportJobs:
    """Creates, starts and follows the import jobs of an account.

    Every method raises UnavailableError, and UsageError for what the hub rejects as invalid. Those
    that name a job raise JobNotFoundError and JobRefusedError.
    """

    hub: Hub

    def create(self, wanted: Mapping[str, object]) -> Tree:
        """Create a job. Return it with the parts of its upload."""
        return self._ask(HubRequest("POST", JOBS, body=write_json(wanted), key=str(uuid4())))

    def get(self, job_id: str) -> Tree:
        """Return a job. One that waits for its file has the parts of its upload, with new links."""
        return self._ask(HubRequest("GET", JOB, _of(job_id)))

    def start(self, job_id: str, mode: str) -> Tree:
        """Start a run of a job. A repetition starts nothing."""
        return self._ask(
            HubRequest("POST", JOB_START, _of(job_id), body=write_json({"mode": mode}))
        )

    def files(self, job_id: str) -> Tree:
        """Return the result files of the last run, with links, and the samples of a preview."""
        return self._ask(HubRequest("GET", JOB_FILES, _of(job_id)))

    def cancel(self, job_id: str) -> Tree:
        """Cancel a job. Return it."""
        return self._ask(HubRequest("DELETE", JOB, _of(job_id)))

    def undo(self, job_id: str, *, dry_run: bool, skip_triggers: bool) -> Tree:
        """Begin the undo of a job, or the preview of it. Return the job that undoes it."""
        body = write_json({"dry_run": dry_run, "skip_triggers": skip_triggers})
        return self._ask(HubRequest("POST", JOB_UNDO, _of(job_id), body=body, key=str(uuid4())))

    def page(self, limit: int, after: str | None = None) -> Tree:
        """Return the newest jobs, and the cursor of those before them."""
        query = {"limit": (str(limit),), **({} if after is None else {"after": (after,)})}
        return self._ask(HubRequest("GET", JOBS, query=query))

    def _ask(self, request: HubRequest) -> Tree:
        answer = self.hub.ask(request)
        match answer.status:
            case HTTPStatus.CREATED | HTTPStatus.ACCEPTED:
                return tree_of(answer)
            case HTTPStatus.NOT_FOUND if request.path:
                raise JobNotFoundError(f"{detail_of(answer)}.")
            case HTTPStatus.CONFLICT:
                raise JobRefusedError(f"{detail_of(answer)}.")
        return accepted(answer)


def _of(job_id: str) -> Mapping[str, str]:
    return {"job_id": job_id}
