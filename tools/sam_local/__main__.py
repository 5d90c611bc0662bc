"""`python -m tools.sam_local`: run one sample event, or serve all routes."""

import argparse
import contextlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from operator_cli.errors import OperatorError
from orders.runtime.composition import Aws
from orders.runtime.environment import Environment
from tools.local_stack.aws import EmbeddedAws
from tools.local_stack.environment import MARKER, sam_environment
from tools.local_stack.settings import STACK_NAME, StackSettings
from tools.sam_local.command import SamLocal, function_of, port_of_running_stack
from tools.sam_local.errors import SamLocalError
from tools.sam_local.forwarder import forwarded
from tools.sam_local.sample_order import place_sample_order

WRITER_SECONDS = 27


def main(arguments: list[str]) -> int:
    """Run the command; return the exit code."""
    options = _options(arguments)
    try:
        return _run(options)
    except (SamLocalError, OperatorError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _run(options: argparse.Namespace) -> int:
    state = StackSettings().state
    if options.event:
        function_of(options.event)
    settings = StackSettings(port=port_of_running_stack(state))
    local = SamLocal(settings.sam_program, state, settings.port, _bridge())
    local.write_variables()
    # These programs are not the stack's: its end must not end them, nor remove their files.
    own = {n: v for n, v in sam_environment(settings).items() if n not in {MARKER, "TMPDIR"}}
    environment = {**own, "LAYER_ARCHITECTURE": local.architecture}
    _call(local.build(), environment)
    place_sample_order(_aws(settings))
    with contextlib.ExitStack() as ended:
        if local.bridge:
            ended.enter_context(forwarded((local.bridge, settings.port), settings.port))
        command = local.invoke(options.event) if options.event else local.start_api(options.port)
        return _call(command, environment, must_succeed=False)


def _call(command: list[str], environment: dict[str, str], *, must_succeed: bool = True) -> int:
    code = subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # ours
    if code and must_succeed:
        raise SamLocalError("The build failed.")
    return code


def _aws(settings: StackSettings) -> Aws:
    embedded = EmbeddedAws(settings.aws_endpoint)
    return Aws(
        Environment(f"{STACK_NAME}-orders", f"{STACK_NAME}-triggers", WRITER_SECONDS),
        dynamodb=embedded.client("dynamodb"),
        events=embedded.client("events"),
    )


def _bridge() -> str | None:
    """Return this machine's address in Docker's network, None where Docker needs no forwarding.

    On macOS and Windows, Docker leads containers to this machine's loopback address.
    """
    docker = shutil.which("docker")
    if platform.system() != "Linux" or docker is None:
        return None
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    asked = subprocess.run(  # noqa: S603  # our command
        [docker, "network", "inspect", "bridge", "--format", gateway],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise SamLocalError(f"Docker must run; it answered: {asked.stderr.strip()}")
    return asked.stdout.strip() or None


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sam_local")
    commands = parser.add_subparsers(required=True)
    invoke = commands.add_parser("invoke", help="send a sample event to its function")
    invoke.add_argument("event", type=Path)
    api = commands.add_parser("start-api", help="serve all routes")
    api.add_argument("--port", type=int, default=3000)
    parser.set_defaults(event=None)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
