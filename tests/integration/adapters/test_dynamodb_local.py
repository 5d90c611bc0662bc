"""The engine of the tests cannot be reached from other machines."""

import os
from urllib.parse import urlsplit

import psutil
from mypy_boto3_dynamodb.client import DynamoDBClient


def test_the_engine_listens_on_the_loopback_interface_only(dynamodb: DynamoDBClient) -> None:
    port = urlsplit(dynamodb.meta.endpoint_url).port
    listening = {
        connection.laddr.ip.removeprefix("::ffff:")
        for child in psutil.Process(os.getpid()).children(recursive=True)
        for connection in child.net_connections(kind="inet")
        if connection.status == "LISTEN" and connection.laddr.port == port
    }
    assert listening == {"127.0.0.1"}
