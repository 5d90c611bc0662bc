"""The real endpoints, use cases and formats of import jobs behind HTTP. The stores are fakes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from market_orders_testing.http_server import Asked, Given
from orders.application.cancel_import_job import CancelImportJob
from orders.application.create_import_job import CreateImportJob
from orders.application.get_import_job import GetImportJob
from orders.application.import_job_ports import Part, ResultLink
from orders.application.keep_mapping import FindMapping
from orders.application.list_import_files import ListImportFiles
from orders.application.list_import_jobs import ListImportJobs
from orders.application.ports import Deadline
from orders.application.start_import_job import StartImportJob
from orders.domain.clients import Role
from orders.domain.import_jobs import FileInfo, Job, Upload
from orders.domain.settings import Settings, StoredSettings
from orders.file_formats.registry import NAMES, Registry, mapping_fault
from orders.protocols.http import Endpoint, HttpRequest
from orders.protocols.hub import import_jobs
from orders.protocols.hub.access import WriteAccess
from orders.protocols.hub.answers import answer_error
from tests.support.deadlines import DEADLINE
from tests.support.fakes import FakeSettings, FakeTokens, client
from tests.support.file_job_worlds import JOB_ID, Engine, MortalFiles
from tests.support.http import answered
from tests.support.import_jobs import FakeImportJobs

TOKEN = "shop-token"
PART_BYTES = 1000
_LINKS = "/links/"


@dataclass
class LinkedFiles(MortalFiles):
    """Files whose links lead to this process."""

    place: Callable[[], str] = lambda: ""
    data: dict[int, bytes] = field(default_factory=dict)

    def begin_upload(self, account: str, job_id: str, file: FileInfo) -> Upload:
        return replace(super().begin_upload(account, job_id, file), part_bytes=PART_BYTES)

    def parts(self, account: str, job_id: str, file: FileInfo, upload: Upload) -> Sequence[Part]:
        return [
            replace(each, url=each.url and f"{self.place()}part/{each.number}")
            for each in super().parts(account, job_id, file, upload)
        ]

    def receive(self, number: int, data: bytes) -> None:
        """Keep a part of the only upload."""
        [sizes] = self.sent.values()
        sizes[number] = len(data)
        self.data[number] = data

    def complete_upload(
        self, account: str, job_id: str, file: FileInfo, upload: Upload
    ) -> Sequence[int]:
        whole = b"".join(self.data[number] for number in sorted(self.data))
        self.files[f"{account}/{job_id}/file"] = whole
        return super().complete_upload(account, job_id, file, upload)

    def links(self, account: str, job_id: str, run: int) -> Sequence[ResultLink]:
        return [
            replace(each, url=f"{self.place()}result/{run}/{each.name}")
            for each in super().links(account, job_id, run)
        ]


@dataclass
class ImmediateEngine:
    """JobEngine that works at once, in the request that starts the run."""

    engine: Engine

    def within(self, _deadline: Deadline) -> "ImmediateEngine":
        return self

    def start(self, job: Job, *, split: bool) -> None:
        del job, split
        self.engine.run()

    def is_working(self, job: Job) -> bool:
        del job
        return False

    def finish(self, job: Job) -> None:
        self.engine.finish()(job.account, job.job_id, job.run, "Interrupted", DEADLINE)


def _engine() -> Engine:
    stores: dict[str, Any] = {"jobs": FakeImportJobs(), "formats": Registry()}
    return Engine(**stores)


@dataclass
class JobsOverHttp:
    """Answers requests about one job of the account `demo`."""

    url: str = ""
    engine: Engine = field(default_factory=_engine)
    mappings: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine.files = LinkedFiles(life=self.engine.life, place=lambda: self.url + _LINKS)
        jobs, files, clock = self.engine.jobs, self.engine.files, self.engine.clock
        access = WriteAccess(FakeTokens({TOKEN: client("demo", Role.ORDERS_WRITE)}))
        runs = ImmediateEngine(self.engine)
        self.endpoints: Mapping[tuple[str, str], Endpoint] = {
            ("POST", ""): import_jobs.CreateImportJobEndpoint(
                access,
                CreateImportJob(jobs, files, clock),
                NAMES,
                lambda: JOB_ID,
                FindMapping(
                    FakeSettings({"demo": StoredSettings(Settings(mappings=self.mappings), 1)})
                ),
                mapping_fault,
            ),
            ("GET", ""): import_jobs.ListImportJobsEndpoint(access, ListImportJobs(jobs, clock)),
            ("GET", "job"): import_jobs.GetImportJobEndpoint(
                access, GetImportJob(jobs, files, clock)
            ),
            ("POST", "start"): import_jobs.StartImportJobEndpoint(
                access, StartImportJob(jobs, files, runs, clock)
            ),
            ("DELETE", "job"): import_jobs.CancelImportJobEndpoint(
                access, CancelImportJob(jobs, files, runs, clock)
            ),
            ("GET", "files"): import_jobs.ListImportFilesEndpoint(
                access, ListImportFiles(jobs, files, clock)
            ),
        }

    def __call__(self, asked: Asked) -> Given:
        parts = urlsplit(asked.target)
        if parts.path.startswith(_LINKS):
            return self._link(asked, parts.path.removeprefix(_LINKS).split("/"))
        steps = parts.path.removeprefix("/hub/v1/import_jobs").split("/")[1:]
        route = ["", "job", *steps[1:]][len(steps)]
        query = dict(parse_qsl(parts.query))
        sent = HttpRequest(
            headers=asked.headers,
            query=query,
            queries={name: (value,) for name, value in query.items()},
            path={"job_id": steps[0]} if steps else {},
            read_body=lambda: asked.body,
        )
        answer = answered(self.endpoints[asked.method, route], sent, answer_error).answer
        return Given(answer.status, answer.body, answer.headers)

    def _link(self, asked: Asked, steps: Sequence[str]) -> Given:
        files = self.engine.files
        assert isinstance(files, LinkedFiles)
        if asked.method == "PUT":
            files.receive(int(steps[1]), asked.body)
            return Given(200, b"", {})
        _, run, name = steps
        [found] = (each for key, each in files.files.items() if f"/runs/{run}/{name}." in key)
        return Given(200, found, {})
