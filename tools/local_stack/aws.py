"""AWS clients of the embedded AWS, which ignore the developer's AWS configuration."""

from typing import Any

from botocore.config import Config

from operator_cli.composition import local_session
from tools.local_stack.settings import REGION

CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"total_max_attempts": 2, "mode": "standard"},
    proxies={},
    # The adapters read all shards of an index at once.
    max_pool_connections=16,
    s3={"addressing_style": "path"},
)


class EmbeddedAws:
    """Creates clients of one embedded AWS."""

    def __init__(self, endpoint: str) -> None:
        """Use the embedded AWS at the URL `endpoint`."""
        self.endpoint = endpoint
        self._session = local_session(environment={})

    def client(self, service: str) -> Any:  # noqa: ANN401  # botocore creates its classes at run time
        """Create a client of a service, such as `dynamodb`."""
        create: Any = self._session.create_client
        return create(service, endpoint_url=self.endpoint, region_name=REGION, config=CONFIG)
