"""Measures a cold start: the time from the start of the process to the first answer.

The runtime interface emulator of the SAM CLI starts Lambda's runtime client, which loads the output
of `sam build`. A server on this machine replaces AWS. The measurement is compared with that of a
bare handler, which imports boto3 and creates one client. Both handlers run from compiled sources.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import psutil
import urllib3

from tests.support.slow_server import certificate
from tools.bench import SCRATCH, STACK
from tools.bench.cpu import low
from tools.bench.requests import event, orders
from tools.bench.stub_server import serving
from tools.bench.world import World
from tools.local_stack.children import Children
from tools.local_stack.deployment import build
from tools.local_stack.foreground import free_port
from tools.local_stack.interruption import Interruption
from tools.local_stack.settings import PROJECT, StackSettings

type Tree = dict[str, Any]
REPEATS = 9
# As long as the token of a role.
SESSION_TOKEN = "x" * 900
BARE_HANDLER = """
import boto3
boto3.client("dynamodb")
def lambda_handler(event, context):
    return {"statusCode": 200}
"""
# The packages of the bare handler, and those of Lambda's runtime client.
BARE = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
_EMULATOR = PROJECT / ".local/sam/lib/python3.13/site-packages/samcli/local/rapid"
_PATIENCE = urllib3.Timeout(total=30)
_UNTIL_IT_LISTENS = urllib3.Retry(connect=9, backoff_factor=0.002, read=0)


@dataclass(frozen=True, slots=True)
class Start:
    """Low percentiles of alternating runs over TLS, in milliseconds.

    `all_authorities_ms` is that of an import which trusts all authorities of botocore. `imports`
    has the import time of the slowest packages, without the packages that they import.
    """

    import_ms: float
    bare_ms: float
    xml_ms: float
    all_authorities_ms: float
    imports: Mapping[str, float]

    @property
    def ratio(self) -> float:
        """Return the import's cold start as a multiple of the bare one."""
        return self.import_ms / self.bare_ms


def measure_cold_start(world: World) -> Start | None:
    """Measure the cold starts; return None outside Linux, where the emulator does not run."""
    if platform.system() != "Linux":
        return None
    with ExitStack() as stack:
        folder = SCRATCH / "tls"
        folder.mkdir(parents=True, exist_ok=True)
        tls, authority = certificate(folder)
        endpoint = stack.enter_context(serving(world.aws, tls))
        runtime = _packages("runtime", RUNTIME)
        path = f"{_built()}:{runtime}"
        layer = StackSettings(state=STACK).build / "DependenciesLayer"
        roots = {
            name: _with_authority(layer / file, authority, folder / f"{name}.pem")
            for name, file in (
                ("amazon", "amazon-roots.pem"),
                ("all", "python/botocore/cacert.pem"),
            )
        }
        importer = {
            "AWS_ENDPOINT_URL": endpoint,
            "PYTHONPATH": path,
            **_variables(),
            "AWS_CA_BUNDLE": roots["amazon"],
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
        }
        all_roots = {**importer, "AWS_CA_BUNDLE": roots["all"]}
        bare = {"PYTHONPATH": f"{_bare()}:{runtime}", **_variables()}
        requests = {kind: event(orders(1), kind) for kind in ("json", "xml")}
        measured: dict[str, list[float]] = {"json": [], "xml": [], "bare": [], "all": []}
        for _ in range(REPEATS):
            measured["json"].append(_milliseconds(importer, requests["json"]))
            measured["bare"].append(_milliseconds(bare, requests["json"]))
            measured["all"].append(_milliseconds(all_roots, requests["json"]))
            measured["xml"].append(_milliseconds(importer, requests["xml"]))
        taken = {name: low(each) for name, each in measured.items()}
        return Start(taken["json"], taken["bare"], taken["xml"], taken["all"], _imports(importer))


def _with_authority(roots: Path, authority: Path, target: Path) -> str:
    """Write a file of trusted authorities with that of the server on this machine."""
    target.write_text(roots.read_text(encoding="utf-8") + authority.read_text(encoding="utf-8"))
    return str(target)


def _built() -> str:
    """Build the functions and layers for this machine; return the import path that Lambda sets."""
    settings = StackSettings(state=STACK)
    for folder in (settings.logs, settings.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    build(settings, Children(str(settings.state), settings.logs, Interruption()))
    layers = [settings.build / name / "python" for name in ("DependenciesLayer", "OrdersLayer")]
    return ":".join(map(str, (settings.build / "ImportOrdersFunction", *layers)))


def _bare() -> str:
    handler = SCRATCH / "bare" / "handler.py"
    handler.parent.mkdir(parents=True, exist_ok=True)
    handler.write_text(BARE_HANDLER)
    return f"{handler.parent}:{_packages('boto3', BARE)}"


def _packages(name: str, distributions: tuple[str, ...]) -> Path:
    """Return a folder of installed packages with compiled sources, as on Lambda."""
    folder = SCRATCH / name
    shutil.rmtree(folder, ignore_errors=True)
    for each in distributions:
        installed = distribution(each)
        for file in installed.files or ():
            target = folder / file
            if ".." in file.parts:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(Path(str(file.locate())).resolve())
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, str(folder)], check=True)  # noqa: S603 - the interpreter of this process
    return folder


def _variables() -> dict[str, str]:
    named = (
        *("TABLE_NAME", "EVENT_BUS_NAME", "WRITER_TIMEOUT_SECONDS", "POWERTOOLS_SERVICE_NAME"),
        *("POWERTOOLS_METRICS_NAMESPACE", "AWS_DEFAULT_REGION"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    )
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_FUNCTION_NAME": "import-orders",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        **{name: os.environ[name] for name in named},
    }


def _milliseconds(variables: Mapping[str, str], sent: Tree) -> float:
    """Return the time from the start of the processes to the first answer."""
    body = json.dumps(sent)
    started = time.perf_counter()
    with _emulated(variables) as url:
        answer = urllib3.request(
            "POST", url, body=body, timeout=_PATIENCE, retries=_UNTIL_IT_LISTENS
        )
        milliseconds = (time.perf_counter() - started) * 1000
    if answer.json().get("statusCode") != HTTPStatus.OK:
        raise RuntimeError(answer.data.decode()[:300])
    return milliseconds


@contextmanager
def _emulated(variables: Mapping[str, str]) -> Iterator[str]:
    machine = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
    port = free_port()
    command = [
        str(_EMULATOR / f"aws-lambda-rie-{machine}"),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{port}"),
        *("--runtime-api-address", f"127.0.0.1:{free_port()}"),
        *(sys.executable, "-s", "-S", "-m", "awslambdaric", "handler.lambda_handler"),
    ]
    process = subprocess.Popen(  # noqa: S603 - a program of the SAM CLI
        command, env=dict(variables), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        process.wait()


def _imports(variables: Mapping[str, str]) -> dict[str, float]:
    """Return the import time of the handler's packages in milliseconds, longest first."""
    report = subprocess.run(
        [sys.executable, "-s", "-S", "-X", "importtime", "-c", "import handler"],
        env=dict(variables),
        check=True,
        stderr=subprocess.PIPE,
        text=True,
    ).stderr
    taken: dict[str, float] = {}
    for line in report.splitlines():
        own, _, name = (part.strip() for part in line.removeprefix("import time:").split("|"))
        if own.isdigit():
            package = name.partition(".")[0]
            taken[package] = taken.get(package, 0) + int(own) / 1000
    largest = sorted(taken.items(), key=lambda each: -each[1])
    return {name: round(milliseconds, 1) for name, milliseconds in largest[:12]}
