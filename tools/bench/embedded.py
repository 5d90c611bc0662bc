"""Measures the largest permitted request on the whole stack with the embedded AWS."""

import json
import time
from dataclasses import dataclass
from http import HTTPStatus

import psutil
import urllib3

from orders.protocols.altcraft.decoded import MAX_ORDERS
from orders.protocols.http import MAX_BODY_BYTES
from tests.support.samples import IMPORT_RESOURCE, to_xml
from tools.bench import STACK
from tools.bench.processes import peak_mb
from tools.bench.requests import orders
from tools.local_stack.foreground import free_port
from tools.local_stack.settings import StackSettings
from tools.local_stack.stack import LocalStack

_PATIENCE = urllib3.Timeout(total=60)


@dataclass(frozen=True, slots=True)
class Largest:
    """A request with as many new orders as the published limits permit.

    `peak_mb` is the peak memory of the function's process.
    """

    kind: str
    orders: int
    megabytes: float
    seconds: float
    peak_mb: int


def measure_largest() -> list[Largest]:
    """Measure in both formats, each on a new stack, so that neither warms up the other."""
    return [_measure(kind) for kind in ("json", "xml")]


def _measure(kind: str) -> Largest:
    with LocalStack(StackSettings(port=free_port(), state=STACK)) as stack:
        endpoint = stack.endpoint
        headers = {
            "Content-Type": f"application/{kind}",
            "Authorization": f"Bearer {endpoint.token}",
        }

        def send(body: bytes) -> urllib3.BaseHTTPResponse:
            url = endpoint.base_url + IMPORT_RESOURCE
            return urllib3.request("POST", url, body=body, headers=headers, timeout=_PATIENCE)

        send(_body(kind, 1, first=MAX_ORDERS))
        count, body = _largest_body(kind)
        started = time.perf_counter()
        answer = send(body)
        seconds = time.perf_counter() - started
        text = answer.data.decode()
        done = text.count('"error":0,"external_id"' if kind == "json" else "<error>0</error><ext")
        if answer.status != HTTPStatus.OK or done != count:
            raise RuntimeError(f"Only {done} of {count} orders were imported: {text[:300]}")
        return Largest(kind, count, len(body) / 1024**2, round(seconds, 2), _peak_mb())


def _largest_body(kind: str) -> tuple[int, bytes]:
    few = 100
    count = min(MAX_ORDERS, MAX_BODY_BYTES * few // len(_body(kind, few)))
    while len(body := _body(kind, count)) > MAX_BODY_BYTES:
        count -= 1
    return count, body


def _body(kind: str, count: int, first: int = 0) -> bytes:
    tree = {"data": orders(count, first)}
    return json.dumps(tree).encode() if kind == "json" else to_xml(tree)


def _peak_mb() -> int:
    return max(
        peak_mb(process)
        for process in psutil.Process().children(recursive=True)
        if any("import-orders" in part for part in process.cmdline())
    )
