"""The environment variables of the child processes, without the developer's AWS settings."""

import os

from tools.local_stack.settings import HOST, REGION, StackSettings

MARKER = "MARKET_ORDERS_LOCAL_STACK"

# These variables would change what a child does: AWS accounts, an outer make, another Python.
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
# The functions inherit the variables of the embedded AWS, so it gets only these ones of the
# developer's, which hold no secrets.
HARMLESS = frozenset({"PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
HARMLESS_PREFIX = "LC_"


def emulator_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables of the embedded AWS; the functions that it runs inherit them."""
    return {
        **{name: value for name, value in os.environ.items() if _is_harmless(name)},
        **_local_variables(settings),
        "NO_PROXY": "*",
        "no_proxy": "*",
        # Many programs keep their credentials in the home folder.
        "HOME": str(settings.scratch),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "LAMBDA_EXECUTOR": "local",
        "STATE_DIR": str(settings.scratch / "state"),
        "S3_DATA_DIR": str(settings.scratch / "s3"),
        # These services would listen on every network interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # At start the emulator removes Docker containers that have names like its own.
        "DOCKER_HOST": f"unix://{settings.scratch}/no-docker.sock",
        **settings.emulator_variables,
    }


def sam_environment(settings: StackSettings) -> dict[str, str]:
    """Return the variables of the SAM CLI, which send its calls to the embedded AWS.

    The SAM CLI installs packages, so it gets the developer's variables for networks and caches.
    """
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), HOST, "localhost"]))
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(FOREIGN_PREFIXES)
        },
        **_local_variables(settings),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "AWS_ENDPOINT_URL": settings.aws_endpoint,
        "LAYER_ARCHITECTURE": "host",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
        "__SAM_CLI_APP_DIR": str(settings.scratch / "sam"),
    }


def _local_variables(settings: StackSettings) -> dict[str, str]:
    """Return the variables of every child: the mark that identifies it, and local credentials."""
    nowhere = str(settings.scratch / "no-aws-files")
    return {
        MARKER: str(settings.state),
        "TMPDIR": str(settings.scratch),
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def _is_harmless(name: str) -> bool:
    return name in HARMLESS or name.startswith(HARMLESS_PREFIX)
