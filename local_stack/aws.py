"""Clients of the embedded AWS, which read none of the developer's AWS files."""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local_stack.settings import REGION

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"total_max_attempts": 2, "mode": "standard"},
    proxies={},
    s3={"addressing_style": "path"},
)


class EmbeddedAws:
    """Makes the clients of one embedded AWS."""

    def __init__(self, endpoint: str) -> None:
        """Talk to the embedded AWS at this URL."""
        self.endpoint = endpoint
        core = botocore.session.Session()
        for variable in ("config_file", "credentials_file"):
            core.set_config_variable(variable, os.devnull)
        self._session = boto3.Session(
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106  # the embedded AWS checks none
            region_name=REGION,
            botocore_session=core,
        )

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """Make a client of a service."""
        make: Any = self._session.client
        return make(service, endpoint_url=self.endpoint, config=CONFIG)
