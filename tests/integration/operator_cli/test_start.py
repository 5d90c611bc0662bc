"""A command starts fast: it imports only what it needs.

The tests count modules, because times depend on the load of the machine. The times are printed.
"""

import subprocess
import sys
import time

import pytest

# Modules whose import takes a large part of the permitted 0.6 seconds.
SDK = ("boto3", "botocore", "s3transfer", "urllib3")
OF_SOME_COMMANDS = ("aws_lambda_powertools", "lxml", "pydantic", "rich.table", "yaml")
NO_ANSWER = "account list --endpoint-url http://127.0.0.1:9"
# Runs a command, and prints the modules that it has imported.
PROGRAM = """
import sys
from operator_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("imported:", *sys.modules)
"""


def _imported(command: str) -> set[str]:
    begun = time.perf_counter()
    ended = subprocess.run(  # noqa: S603 - the command is written here
        [sys.executable, "-c", PROGRAM, *command.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"orders {command}: {time.perf_counter() - begun:.2f} s")  # noqa: T201
    return set(ended.stdout.rpartition("imported:")[2].split())


@pytest.mark.parametrize("command", ["--version", "--help", "settings apply --help"])
def test_a_command_that_does_not_connect_imports_no_aws_sdk(command: str) -> None:
    assert not _imported(command) & {*SDK, *OF_SOME_COMMANDS} - {"rich.table"}


def test_a_command_imports_neither_the_transfer_manager_nor_formats_that_it_does_not_use() -> None:
    imported = _imported(NO_ANSWER)
    assert "botocore" in imported
    assert not imported & {"boto3", "s3transfer", *OF_SOME_COMMANDS}
