"""`make run` starts a stack, prints how to use it, and leaves nothing behind when it ends."""

import http.client
import json
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import StartStack
from tests.e2e.stack_process import StackProcess
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.children import Children
from tools.local_stack.errors import LocalStackError
from tools.local_stack.foreground import free_port
from tools.local_stack.interruption import Interruption
from tools.local_stack.settings import HOST

pytestmark = pytest.mark.enable_socket

MEMBERS = {
    "base_url",
    "account",
    "token",
    "project_key",
    "token_url",
    "client_id",
    "client_secret",
    "campaign_id",
    "api_key",
    "events_log",
    "aws_endpoint",
}

# Like make, this program starts its arguments as a child process and waits for it.
STARTER = "import subprocess, sys; subprocess.run(sys.argv[1:])"


def get(url: str) -> tuple[int, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def assert_gone(process: StackProcess) -> None:
    assert process.children() == []
    assert not process.endpoint_file.exists()
    assert not (process.state / "endpoint.env").exists()
    assert "Traceback" not in process.output


def check_members(process: StackProcess) -> dict[str, Any]:
    endpoint: dict[str, Any] = json.loads(process.endpoint_file.read_text())
    assert set(endpoint) == MEMBERS
    assert endpoint["account"] == "demo"
    assert endpoint["token_url"] == f"{endpoint['base_url']}/oauth/token"
    return endpoint


def check_shell_assignments(process: StackProcess, endpoint: dict[str, Any]) -> None:
    assignments = shlex.split((process.state / "endpoint.env").read_text())
    assert assignments == [
        "export",
        f"BASE_URL={endpoint['base_url']}",
        "export",
        f"TOKEN={endpoint['token']}",
        "export",
        f"CAMPAIGN_ID={endpoint['campaign_id']}",
        "export",
        f"API_KEY={endpoint['api_key']}",
        "export",
        f"PROJECT_KEY={endpoint['project_key']}",
        "export",
        f"CLIENT_ID={endpoint['client_id']}",
        "export",
        f"CLIENT_SECRET={endpoint['client_secret']}",
        "export",
        f"ORDERS_ENDPOINT_URL={endpoint['aws_endpoint']}",
        "export",
        f"ORDERS_ACCOUNT={endpoint['account']}",
    ]


def check_printed_curl_line(process: StackProcess) -> None:
    start = process.output.index("curl ")
    command = process.output[start : process.output.index("\n\n", start)]
    answer = subprocess.run(  # noqa: S603  # the stack prints the command
        ["sh", "-c", command],  # noqa: S607  # the printed line is a shell command
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert json.loads(answer)["error"] == 0


def check_unknown_path(endpoint: dict[str, Any]) -> None:
    status, body = get(f"{endpoint['base_url']}/no/such/path")
    assert status == 404
    assert body["errors"][0]["code"] == "NOT_FOUND"


def check_events_log(endpoint: dict[str, Any]) -> None:
    events = EmbeddedAws(endpoint["aws_endpoint"]).client("events")
    entry = {
        "Source": "market.orders",
        "DetailType": "Test",
        "Detail": '{"name": "café"}',
        "EventBusName": "market-orders-triggers",
    }
    log = Path(endpoint["events_log"])
    events.put_events(Entries=[entry])
    deadline = time.monotonic() + 10
    # Triggers of earlier requests may arrive first.
    while not any(
        json.loads(line)["detail"] == {"name": "café"} for line in log.read_text().splitlines()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def check_listens_on_loopback_only(process: StackProcess) -> None:
    listening = [
        connection.laddr.ip
        for child in process.children()
        for connection in child.net_connections(kind="inet")
        if connection.status == "LISTEN"
    ]
    assert set(listening) == {HOST}


def check_a_second_stack_is_rejected(start_stack: StartStack, first: StackProcess) -> None:
    second = start_stack()
    assert second.wait() == 1
    assert second.output.startswith("A local stack already runs in this folder, as process ")
    assert str(first.pid) in second.output
    assert first.endpoint_file.exists()


def statuses_of_foreign_requests(endpoint: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Return the status of each request that a foreign web page can send, and its CORS header."""
    create = "Action=CreateQueue&QueueName=of-a-stranger"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    text = {"Content-Type": "text/plain"}
    evil = {"Origin": "http://evil.example"}
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "*"}
    host = urlsplit(endpoint["aws_endpoint"]).netloc
    imports = urlsplit(endpoint["base_url"]).path + "/api/v1.1/market/orders/import"
    port = host.rpartition(":")[2]
    sent: dict[str, tuple[str, str, dict[str, str], str]] = {
        "rebinding": ("POST", "/", form | {"Host": f"evil.example:{port}"}, create),
        "rebinding, read": ("GET", "/_ministack/health", {"Host": f"evil.example:{port}"}, ""),
        "foreign form": ("POST", "/", form | evil, create),
        "foreign text": ("POST", imports, text | evil, "{}"),
        "sandboxed frame": ("POST", "/", form | {"Origin": "null"}, create),
        "other port": ("POST", "/", form | {"Origin": "http://localhost:3000"}, create),
        "preflight": ("OPTIONS", "/", evil | preflight, ""),
        "reset": ("POST", "/_ministack/reset", evil, ""),
        "image": ("GET", f"/?{create}", {"Sec-Fetch-Site": "cross-site"}, ""),
        "own preflight": ("OPTIONS", "/", {"Origin": f"http://{host}"} | preflight, ""),
        "own page": ("GET", "/_ministack/health", {"Origin": f"http://{host}"}, ""),
    }
    answered = {}
    for name, (method, path, headers, body) in sent.items():
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        permitted = response.getheader("Access-Control-Allow-Origin", "nobody")
        answered[name] = (response.status, permitted)
        connection.close()
    return answered


def check_web_pages_cannot_use_the_stack(endpoint: dict[str, Any]) -> None:
    answered = statuses_of_foreign_requests(endpoint)
    own = {name: answered.pop(name) for name in ("own page", "own preflight")}
    assert set(own.values()) == {(200, "nobody")}
    assert set(answered.values()) == {(403, "nobody")}
    queues = EmbeddedAws(endpoint["aws_endpoint"]).client("sqs").list_queues()["QueueUrls"]
    assert not [url for url in queues if "of-a-stranger" in url]


def check_functions_see_no_secrets(process: StackProcess) -> None:
    workers = [child for child in process.children() if "worker" in " ".join(child.cmdline())]
    assert workers
    for child in process.children():
        assert "MARKET_ORDERS_TEST_SECRET" not in child.environ(), child.cmdline()


def check_files_are_private(process: StackProcess) -> None:
    secret = ["endpoint.json", "endpoint.env", "triggers.jsonl", "logs/ministack.log"]
    assert {stat.S_IMODE((process.state / name).stat().st_mode) for name in secret} == {0o600}
    folders = {stat.S_IMODE((process.state / name).stat().st_mode) for name in ("logs", "scratch")}
    assert folders == {0o700}


def check_description(endpoint: dict[str, Any]) -> None:
    status, description = get(f"{endpoint['base_url']}/openapi.json")
    assert (status, description["openapi"][:2]) == (200, "3.")


def test_a_stack_runs_until_ctrl_c(
    start_stack: StartStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts in the folder of a killed one, whose processes it ends."""
    killed = start_stack()
    killed.wait_for("Building")
    killed.send(signal.SIGKILL)
    killed.wait()
    left = {child.pid for child in killed.children()}
    assert left
    port = free_port()
    monkeypatch.setenv("MARKET_ORDERS_TEST_SECRET", "of the developer")
    process = start_stack(port)
    process.wait_for("Building")
    assert not left & {child.pid for child in process.children()}
    process.wait_for("Ready.")
    endpoint = check_members(process)
    # It depends on nothing but the port, so that it is the same at each start.
    assert endpoint["base_url"] == f"http://{HOST}:{port}/_aws/execute-api/market-orders/prod"
    [base_url] = re.findall(r"^Base URL: (\S+)$", process.output, re.MULTILINE)
    assert base_url == endpoint["base_url"]
    check_description(endpoint)
    check_shell_assignments(process, endpoint)
    check_printed_curl_line(process)
    check_unknown_path(endpoint)
    check_events_log(endpoint)
    check_listens_on_loopback_only(process)
    check_web_pages_cannot_use_the_stack(endpoint)
    check_functions_see_no_secrets(process)
    check_files_are_private(process)
    check_a_second_stack_is_rejected(start_stack, process)
    process.send(signal.SIGINT)
    assert process.wait() == 0
    assert_gone(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("progress", ["Starting", "Building", "Deploying"])
def test_a_signal_stops_a_stack_that_is_starting(
    start_stack: StartStack, progress: str, number: signal.Signals
) -> None:
    process = start_stack()
    process.wait_for(progress)
    process.send(number)
    assert process.wait() == 0
    assert_gone(process)


def test_a_stack_ends_with_the_process_that_started_it(command_state: Path) -> None:
    command = [sys.executable, "-m", "tools.local_stack"]
    arguments = [*command, "--port", "0", "--state", str(command_state)]
    starter = subprocess.Popen(  # noqa: S603  # the test defines the command
        [sys.executable, "-c", STARTER, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    with starter.stdout as output:
        assert output.readline().startswith("Starting")
        starter.kill()
        starter.wait()
        assert output.read().endswith("Stopped.\n")
    assert not (command_state / "scratch").exists()
    assert not (command_state / "endpoint.json").exists()


def test_a_port_in_use_is_named(start_stack: StartStack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as busy:
        busy.bind((HOST, 0))
        busy.listen()
        port = busy.getsockname()[1]
        process = start_stack(port)
        assert process.wait() == 1
    assert f"Port {port} cannot be used" in process.output
    assert "make run PORT=" in process.output
    assert_gone(process)


def test_a_failed_step_is_named_with_the_last_lines_of_its_log(tmp_path: Path) -> None:
    children = Children(str(tmp_path), tmp_path, Interruption())
    with pytest.raises(LocalStackError) as failure:
        children.run("sam build", ["sh", "-c", "echo no such layer; exit 3"], {})
    assert str(failure.value).startswith("sam build failed: ")
    assert str(tmp_path / "sam-build.log") in str(failure.value)
    assert str(failure.value).endswith("no such layer")


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    children = Children(str(tmp_path), tmp_path, Interruption())
    with pytest.raises(LocalStackError, match="is missing: run `make setup`"):
        children.run("sam build", [str(tmp_path / "sam")], {})
