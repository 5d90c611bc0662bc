"""A file is imported by the deployed state machine, although its workers are killed."""

import json
import time
from typing import Any

import urllib3

from tests.support.killed_workers import kill_workers
from tests.support.samples import order
from tools.local_stack.stack import LocalStack

ORDERS = 2000
BAD = (3, 77, 500, 1000, 1500, 1777, 1999)
PREFIX = "file"
JOBS = "/hub/v1/import_jobs"
ENDED_WITHIN_SECONDS = 300
type Tree = dict[str, Any]


class _Hub:
    """Calls the hub as a shop does."""

    def __init__(self, stack: LocalStack) -> None:
        self._endpoint = stack.endpoint
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(total=60), retries=False)

    def ask(self, method: str, path: str, body: Tree | None = None) -> Tree:
        headers = {"Authorization": f"Bearer {self._endpoint.token}"}
        url = self._endpoint.base_url + path
        answer = self._http.request(method, url, json=body, headers=headers)
        tree: Tree = answer.json()
        assert answer.status < 300, tree
        return tree

    def begin(self, file: bytes) -> str:
        """Create a job, upload its file, and start the import."""
        body = {"file": {"name": "orders.jsonl", "size": len(file)}, "mode": "import"}
        job = self.ask("POST", JOBS, body)
        for part in job["upload"]["parts"]:
            content = file[part["offset"] : part["offset"] + part["size"]]
            assert self._http.request("PUT", part["url"], body=content).status == 200
        job_id: str = job["job_id"]
        self.ask("POST", f"{JOBS}/{job_id}/start", {"mode": "import"})
        return job_id

    def wait(self, job_id: str, ended: str = "completed") -> Tree:
        """Return the job when it has ended."""
        until = time.monotonic() + ENDED_WITHIN_SECONDS
        while time.monotonic() < until:
            job = self.ask("GET", f"{JOBS}/{job_id}")
            if job["ended_at"]:
                assert job["state"] == ended, job
                return job
            time.sleep(0.5)
        raise AssertionError(job)

    def file(self, job_id: str, name: str) -> bytes:
        files = self.ask("GET", f"{JOBS}/{job_id}/files")["files"]
        [url] = [each["url"] for each in files if each["name"] == name]
        return self._http.request("GET", url).data

    def stored(self) -> dict[str, int]:
        """Return the versions of the orders of this test."""
        found: dict[str, int] = {}
        after = ""
        while True:
            page = self.ask("GET", f"/hub/v1/orders?limit=100{after}")
            for each in page["orders"]:
                if each["external_id"].startswith(PREFIX):
                    assert each["external_id"] not in found
                    found[each["external_id"]] = each["version"]
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"


def test_a_file_is_imported_once_although_its_workers_are_killed(stack: LocalStack) -> None:
    hub = _Hub(stack)
    lines = [
        json.dumps(order(external_id=f"{PREFIX} {n}", currency="XXX" if n in BAD else "USD"))
        for n in range(ORDERS)
    ]
    job_id = hub.begin("\n".join(lines).encode())
    while hub.ask("GET", f"{JOBS}/{job_id}")["counts"]["created"] == 0:
        time.sleep(0.1)
    assert kill_workers(stack, "import-chunk") > 0

    job = hub.wait(job_id)
    counts = {name: job["counts"][name] for name in ("received", "failed", "unprocessed")}
    assert counts == {"received": ORDERS, "failed": len(BAD), "unprocessed": 0}
    good = {f"{PREFIX} {n}": 1 for n in range(ORDERS) if n not in BAD}
    assert hub.stored() == good
    failed = hub.file(job_id, "failed")
    assert [json.loads(each)["external_id"] for each in failed.splitlines()] == [
        f"{PREFIX} {n}" for n in BAD
    ]
    assert all(lines[n].rstrip("}").encode() in failed for n in BAD)

    again = hub.begin(failed.replace(b"XXX", b"USD"))
    assert hub.wait(again)["counts"]["created"] == len(BAD)
    assert hub.stored() == {f"{PREFIX} {n}": 1 for n in range(ORDERS)}

    undo = hub.ask("POST", f"{JOBS}/{again}/undo", {"dry_run": False})
    assert hub.wait(undo["job_id"])["undone"]["deleted"] == len(BAD)
    assert hub.stored() == good
