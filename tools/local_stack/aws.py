"""Clients of the embedded AWS, which read none of the developer's AWS files."""

from typing import Any

from botocore.config import Config

from operator_cli.composition import local_session
from tools.local_stack.settings import REGION

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
        self._session = local_session(environment={})

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
        """Make a client of a service."""
        make: Any = self._session.client
        return make(service, endpoint_url=self.endpoint, region_name=REGION, config=CONFIG)
