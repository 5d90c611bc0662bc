"""`make run`: it starts, says how to use it, and ends without leaving anything."""

import http.client
import json
import shlex
import signal
import socket
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

# Like make: starts its arguments as a child and waits.
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
    ]


def check_printed_curl_line(process: StackProcess) -> None:
    start = process.output.index("curl ")
    command = process.output[start : process.output.index("\n\n", start)]
    answer = subprocess.run(  # noqa: S603  # the command is ours
        ["sh", "-c", command],  # noqa: S607  # the line is for a shell
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert json.loads(answer)["error"] == 0


def check_unknown_path(endpoint: dict[str, Any]) -> None:
    status, body = get(f"{endpoint['base_url']}/nowhere")
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
    # Triggers of earlier requests may still come in before it.
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


def check_refuses_a_second_one(start_stack: StartStack, first: StackProcess) -> None:
    second = start_stack()
    assert second.wait() == 1
    assert second.output.startswith("A local stack of this folder runs already, as process ")
    assert str(first.pid) in second.output
    assert first.endpoint_file.exists()


def test_stack_runs_until_ctrl_c(start_stack: StartStack) -> None:
    process = start_stack()
    process.wait_for("Ready.")
    endpoint = check_members(process)
    check_shell_assignments(process, endpoint)
    check_printed_curl_line(process)
    check_unknown_path(endpoint)
    check_events_log(endpoint)
    check_listens_on_loopback_only(process)
    check_refuses_a_second_one(start_stack, process)
    process.send(signal.SIGINT)
    assert process.wait() == 0
    assert_gone(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("progress", ["Starting", "Building", "Deploying"])
def test_stack_ends_in_the_middle_of_its_start(
    start_stack: StartStack, progress: str, number: signal.Signals
) -> None:
    process = start_stack()
    process.wait_for(progress)
    process.send(number)
    assert process.wait() == 0
    assert_gone(process)


def test_stack_ends_with_the_process_that_started_it(command_state: Path) -> None:
    command = [sys.executable, "-m", "tools.local_stack"]
    arguments = [*command, "--port", "0", "--state", str(command_state)]
    starter = subprocess.Popen(  # noqa: S603  # the command is ours
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


def test_start_after_a_kill_ends_what_was_left(start_stack: StartStack) -> None:
    killed = start_stack()
    killed.wait_for("Building")
    killed.send(signal.SIGKILL)
    killed.wait()
    left = {child.pid for child in killed.children()}
    assert left
    process = start_stack()
    process.wait_for("Building")
    assert not left & {child.pid for child in process.children()}
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert_gone(process)


def test_busy_port_is_named(start_stack: StartStack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as busy:
        busy.bind((HOST, 0))
        busy.listen()
        port = busy.getsockname()[1]
        process = start_stack(port)
        assert process.wait() == 1
    assert f"Port {port} cannot be used" in process.output
    assert "make run PORT=" in process.output
    assert_gone(process)


def test_failed_step_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    children = Children(str(tmp_path), tmp_path, Interruption())
    with pytest.raises(LocalStackError) as failure:
        children.run("sam build", ["sh", "-c", "echo no such layer; exit 3"], {})
    assert str(failure.value).startswith("sam build failed: ")
    assert str(tmp_path / "sam-build.log") in str(failure.value)
    assert str(failure.value).endswith("no such layer")


def test_missing_program_is_named(tmp_path: Path) -> None:
    children = Children(str(tmp_path), tmp_path, Interruption())
    with pytest.raises(LocalStackError, match="is missing: run `make setup`"):
        children.run("sam build", [str(tmp_path / "sam")], {})
