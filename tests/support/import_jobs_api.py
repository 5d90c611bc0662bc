"""The hub's API of import jobs, for the tests of commands: jobs of JSON Lines, in memory."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from market_orders_testing.http_server import Asked, Given

type Tree = dict[str, Any]

START = "2026-11-27T10:00:00Z"
END = "2026-11-27T10:00:07Z"
COUNTS = ("received", "created", "updated", "unchanged", "failed", "unprocessed", "triggers")
RUNNING = ("splitting", "importing", "finishing")


@dataclass
class StoredJob:
    """A job, the parts of its file, and the states that the following reads return."""

    tree: Tree
    size: int
    part_bytes: int
    uploaded: dict[int, bytes] = field(default_factory=dict)
    following: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    is_written: bool = False

    @property
    def missing(self) -> list[int]:
        return [number for number, _ in self.parts() if number not in self.uploaded]

    def parts(self) -> list[tuple[int, int]]:
        return list(enumerate(range(0, max(self.size, 1), self.part_bytes), 1))

    def content(self) -> bytes:
        return b"".join(self.uploaded[number] for number, _ in self.parts())


@dataclass
class JobsApi:
    """Answers requests. `before` may return an answer instead, and `states` are those of a run.

    Orders with the external ids of `known` exist; those that begin with `bad` fail. `mappings` are
    those that the account keeps.
    """

    url: str = ""
    token: str = "shop-token"
    part_bytes: int = 64
    states: tuple[str, ...] = RUNNING
    end: str | None = None
    has_expired: Callable[[str], bool] = lambda _job_id: False
    known: set[str] = field(default_factory=set)
    mappings: dict[str, Tree] = field(default_factory=dict)
    before: Callable[[Asked], Given | None] = lambda _asked: None
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked) -> Given:
        with self.lock:
            self.asked.append(asked)
            instead = self.before(asked)
            return instead or self._answer(asked)

    @property
    def only(self) -> StoredJob:
        [job] = self.jobs.values()
        return job

    def targets(self, method: str) -> list[str]:
        return [urlsplit(each.target).path for each in self.asked if each.method == method]

    def _answer(self, asked: Asked) -> Given:
        path = urlsplit(asked.target).path
        steps = path.split("/")[1:]
        if steps[0] == "links":
            assert "authorization" not in asked.headers
            return self._link(asked, steps)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return _problem(401, "The token is unknown")
        job_id, action = [*steps[3:], "", ""][:2]
        route = asked.method, action
        if not job_id:
            query = parse_qs(urlsplit(asked.target).query)
            return self._list(query) if asked.method == "GET" else self._create(_body(asked))
        if job_id not in self.jobs:
            return _problem(404, "The job does not exist")
        job = self.jobs[job_id]
        answers: dict[tuple[str, str], Callable[[], Given]] = {
            ("GET", ""): lambda: self._get(job),
            ("DELETE", ""): lambda: self._cancel(job),
            ("POST", "start"): lambda: self._start(job, _body(asked)["mode"]),
            ("GET", "files"): lambda: self._files(job),
            ("POST", "undo"): lambda: self._undo(job, _body(asked)),
        }
        return answers[route]()

    def _create(self, body: Tree) -> Given:
        options = {"format": body.get("format"), **body.get("options", {})}
        if isinstance(options.get("mapping"), str):
            options["mapping"] = self.mappings[options["mapping"]]
        job = StoredJob(
            self._tree(
                "import",
                body["mode"],
                file=body["file"],
                options=options,
                **{
                    name: body[name]
                    for name in ("skip_triggers", "stop_above_percent", "on_duplicate")
                },
            ),
            body["file"]["size"],
            self.part_bytes,
        )
        self.jobs[job.tree["job_id"]] = job
        return _json(self._shown(job), HTTPStatus.CREATED)

    def _tree(self, kind: str, mode: str, **members: object) -> Tree:
        return {
            "job_id": f"0000-{len(self.jobs) + 1}",
            "kind": kind,
            "state": "created",
            "mode": mode,
            "run": 0,
            "created_at": START,
            "started_at": None,
            "updated_at": START,
            "ended_at": None,
            "client": "shop",
            "file": None,
            "options": None,
            "skip_triggers": True,
            "stop_above_percent": 10,
            "on_duplicate": "update",
            "undoes": None,
            "undone_by": None,
            "orders": None,
            "counts": dict.fromkeys(COUNTS, 0),
            "undone": None,
            "rate": None,
            "estimated_end": None,
            "problems": [],
            "failure": None,
            **members,
        }

    def _shown(self, job: StoredJob) -> Tree:
        upload = None
        if job.tree["state"] == "created" and not self.has_expired(job.tree["job_id"]):
            upload = {
                "part_bytes": job.part_bytes,
                "expires_at": END,
                "parts": [
                    {
                        "number": number,
                        "offset": offset,
                        "size": min(job.part_bytes, job.size - offset),
                        "uploaded": number in job.uploaded,
                        "url": None
                        if number in job.uploaded
                        else f"{self.url}/links/{job.tree['job_id']}/{number}?signature=secret",
                    }
                    for number, offset in job.parts()
                ],
            }
        return {**job.tree, "upload": upload}

    def _link(self, asked: Asked, steps: list[str]) -> Given:
        job = self.jobs[steps[1]]
        if asked.method == "PUT":
            job.uploaded[int(steps[2])] = asked.body
            return Given(200, b"", {"ETag": '"1"'})
        data = job.files[steps[2]]
        first = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=")[:-1])
        return Given(206 if first else 200, data[first:], {"Content-Type": "text/plain"})

    def _get(self, job: StoredJob) -> Given:
        if job.following:
            self._enter(job, job.following.pop(0))
        return _json(self._shown(job))

    def _start(self, job: StoredJob, mode: str) -> Given:
        if job.tree["state"] in RUNNING and job.tree["mode"] == mode:
            return _json(self._shown(job))
        if job.missing:
            return _problem(409, f"Parts are missing: {job.missing}")
        if job.tree["state"] not in {"created", "previewed"}:
            return _problem(409, f"The job is {job.tree['state']}")
        job.tree |= {"mode": mode, "run": job.tree["run"] + 1, "started_at": START}
        job.tree["ended_at"] = None
        states = self.states if job.tree["run"] == 1 else self.states[1:]
        end = self.end or ("previewed" if mode == "preview" else "completed")
        first, *job.following = (*states, end)
        self._enter(job, first)
        return _json(self._shown(job))

    def _enter(self, job: StoredJob, state: str) -> None:
        job.tree["state"] = state
        # The result files of a job that stopped are written later.
        if state in RUNNING or (state == "stopped" and not job.following and not job.is_written):
            job.following = job.following or [state]
            job.is_written = state == "stopped"
            return
        job.tree["ended_at"] = END
        if job.tree["kind"] == "undo":
            job.tree["undone"] = {"deleted": 2, "restored": 0, "unchanged": 0, "kept": 1} | {
                "failed": 0
            }
            job.files = {"kept": b'{"external_id":"kept"}\n'}
            if job.tree["mode"] == "import":
                self.jobs[job.tree["undoes"]].tree["undone_by"] = job.tree["job_id"]
            return
        content = job.content()
        assert hashlib.sha256(content).hexdigest() == job.tree["file"]["sha256"]
        self._import(job, content.splitlines(keepends=True))

    def _import(self, job: StoredJob, lines: list[bytes]) -> None:
        names = [json.loads(line)["external_id"] for line in lines]
        failed = [name.startswith("bad") for name in names]
        known = sum(name in self.known for name in names)
        job.tree["orders"] = len(lines)
        job.tree["counts"] |= {
            "received": len(lines),
            "created": len(lines) - sum(failed) - known,
            "updated": known,
            "failed": sum(failed),
        }
        rows = [row for row, is_failed in enumerate(failed, 1) if is_failed]
        if rows:
            samples = [
                {"row": row, "external_id": names[row - 1], "message": "status is bad"}
                for row in rows[:10]
            ]
            group = {"code": "unknown_status", "path": "/status", "count": len(rows)}
            job.tree["problems"] = [{**group, "samples": samples}]
        job.files = {
            "success": b"".join(line for line, bad in zip(lines, failed, strict=True) if not bad),
            "failed": b"".join(line for line, bad in zip(lines, failed, strict=True) if bad),
            "unprocessed": b"",
        }

    def _files(self, job: StoredJob) -> Given:
        if not job.tree["ended_at"] or job.tree["state"] in RUNNING:
            return _problem(409, "The run has not ended")
        job_id = job.tree["job_id"]
        files = [
            {
                "name": name,
                "size": len(data),
                "url": f"{self.url}/links/{job_id}/{name}?signature=secret",
            }
            for name, data in job.files.items()
            if data
        ]
        samples = []
        if job.tree["kind"] == "undo":
            samples = [{"row": 3, "external_id": "kept", "outcome": "kept", "changed": []}]
        elif job.tree["mode"] == "preview":
            change = {"path": "/status", "before": "new", "after": "paid"}
            samples = [
                {"row": 1, "external_id": name, "outcome": "updated", "changed": [change]}
                for name in sorted(self.known)
            ]
        return _json(
            {"run": job.tree["run"], "files": files, "samples": samples, "expires_at": END}
        )

    def _undo(self, job: StoredJob, body: Tree) -> Given:
        mode = "preview" if body["dry_run"] else "import"
        undo = StoredJob(
            self._tree(
                "undo",
                mode,
                undoes=job.tree["job_id"],
                options=job.tree["options"],
                skip_triggers=body["skip_triggers"],
                state="importing",
                run=1,
                started_at=START,
                orders=3,
            ),
            0,
            self.part_bytes,
            {1: b""},
            ["previewed" if body["dry_run"] else "completed"],
        )
        self.jobs[undo.tree["job_id"]] = undo
        return _json(self._shown(undo), HTTPStatus.CREATED)

    def _cancel(self, job: StoredJob) -> Given:
        if job.tree["state"] in {"completed", "failed", "stopped"}:
            return _problem(409, "The job has ended")
        job.tree |= {"state": "cancelled", "ended_at": END}
        job.following = []
        return _json(self._shown(job))

    def _list(self, query: dict[str, list[str]]) -> Given:
        newest = sorted(self.jobs, reverse=True)
        after = query.get("after", [""])[0]
        left = [each for each in newest if not after or each < after]
        limit = int(query["limit"][0])
        page = left[:limit]
        jobs = [
            {name: value for name, value in self.jobs[each].tree.items() if name != "problems"}
            for each in page
        ]
        return _json({"jobs": jobs, "next": page[-1] if len(left) > limit else None})


def _json(tree: Tree, status: int = 200) -> Given:
    return Given(status, json.dumps(tree).encode())


def _problem(status: int, detail: str) -> Given:
    body = json.dumps({"status": status, "code": "conflict", "detail": detail}).encode()
    return Given(status, body, {"Content-Type": "application/problem+json"})


def _body(asked: Asked) -> Tree:
    tree: Tree = json.loads(asked.body)
    return tree
