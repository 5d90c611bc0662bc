"""Environment variables of the children: the developer's AWS settings never reach them."""

import os
from collections.abc import Mapping

from tools.local_stack.settings import HOST, REGION, StackSettings

MARKER = "MARKET_ORDERS_LOCAL_STACK"

# What would bend a child: the developer's AWS account, an outer make, another Python.
FOREIGN_PREFIXES = (
    "AWS_",
    "SAM_",
    "__SAM_",
    "MAKE",
    "MFLAGS",
    "PYTHON",
    "VIRTUAL_ENV",
    "UV_PROJECT",
)
FOREIGN_PREFIXES_OF_EMULATOR = ("LAMBDA_", "MINISTACK_", "LOCALSTACK_", "SERVICES", "LOG_LEVEL")


def child_environment(settings: StackSettings) -> dict[str, str]:
    """Give what every child gets: the mark by which it is found again, and no AWS account."""
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), HOST, "localhost"]))
    nowhere = str(settings.scratch / "no-aws-files")
    return {
        **_inherited(FOREIGN_PREFIXES),
        MARKER: str(settings.state),
        "TMPDIR": str(settings.scratch),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def emulator_environment(settings: StackSettings) -> dict[str, str]:
    """Give the embedded AWS its settings; the functions that it runs inherit them."""
    environment = _without(child_environment(settings), FOREIGN_PREFIXES_OF_EMULATOR)
    return {
        **environment,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "LAMBDA_EXECUTOR": "local",
        "STATE_DIR": str(settings.scratch / "state"),
        "S3_DATA_DIR": str(settings.scratch / "s3"),
        # Its other listeners would open ports on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # At start it removes containers that look like its own from any Docker that it finds.
        "DOCKER_HOST": f"unix://{settings.scratch}/no-docker.sock",
        **settings.emulator_variables,
    }


def sam_environment(settings: StackSettings) -> dict[str, str]:
    """Give the SAM CLI the embedded AWS to talk to."""
    return {
        **child_environment(settings),
        "AWS_ENDPOINT_URL": settings.aws_endpoint,
        "LAYER_ARCHITECTURE": "host",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(settings.scratch / "sam"),
    }


def _inherited(foreign_prefixes: tuple[str, ...]) -> dict[str, str]:
    return _without(os.environ, foreign_prefixes)


def _without(environment: Mapping[str, str], prefixes: tuple[str, ...]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(prefixes)}
