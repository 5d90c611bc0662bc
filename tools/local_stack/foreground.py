"""Runs the stack in the foreground of a terminal."""

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tools.local_stack.endpoint import Endpoint, curl_line
from tools.local_stack.errors import LocalStackError
from tools.local_stack.interruption import Interruption, StopRequestedError
from tools.local_stack.settings import DEFAULT_PORT, HOST, StackSettings
from tools.local_stack.stack import LocalStack


def main(arguments: Sequence[str], interruption: Interruption) -> int:
    """Run the stack until somebody stops it; return the exit code."""
    settings = _settings(arguments)
    try:
        with LocalStack(settings, interruption, _print) as stack:
            _print(_greeting(stack.endpoint))
            stack.wait()
    except StopRequestedError:
        _print("Stopped.")
        return 0
    except LocalStackError as error:
        _print_error(str(error))
        return 1
    except (BotoCoreError, ClientError) as error:
        _print_error(
            f"A call of the embedded AWS failed ({error}): see the logs in {settings.logs}."
        )
        return 1
    return 0


def _settings(arguments: Sequence[str]) -> StackSettings:
    parser = argparse.ArgumentParser(
        prog="python -m tools.local_stack", description="Run the order hub on this machine."
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port of the stack; 0 chooses a free one"
    )
    parser.add_argument(
        "--state", type=Path, default=StackSettings().state, help="folder of the stack's files"
    )
    options = parser.parse_args(arguments)
    return StackSettings(port=options.port or free_port(), state=options.state.resolve())


def free_port() -> int:
    """Return a port that no program uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _greeting(endpoint: Endpoint) -> str:
    return "\n".join(
        [
            "",
            f"Base URL: {endpoint.base_url}",
            f"Triggers: {endpoint.events_log}",
            "",
            "Import an order:",
            "",
            curl_line(endpoint.base_url, endpoint.token),
            "",
            "Ready. Press Ctrl-C to stop.",
        ]
    )


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_error(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
