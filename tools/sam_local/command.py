"""What the SAM CLI is called with."""

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.local_stack.endpoint import JSON_NAME
from tools.local_stack.settings import DEFAULT_PORT, PROJECT, REGION
from tools.sam_local.errors import SamLocalError

EVENTS = PROJECT / "events"
VARIABLES = EVENTS / "local-env.json"
# The name of this machine inside a container.
MACHINE = "host.docker.internal"


@dataclass(frozen=True, slots=True)
class SamLocal:
    """The build of the functions for this machine's processor, and the stack that they use.

    `bridge` is the address of this machine in the network of the containers, None if Docker itself
    leads them to this machine's own addresses.
    """

    sam: Path
    state: Path
    port: int
    bridge: str | None

    @property
    def architecture(self) -> str:
        """The processor of this machine."""
        return "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"

    @property
    def folder(self) -> Path:
        """The folder of the build and of the variables."""
        return self.state / "sam-local"

    @property
    def _template(self) -> Path:
        return self.folder / "build" / "template.yaml"

    @property
    def _variables(self) -> Path:
        return self.folder / "env.json"

    def build(self) -> list[str]:
        """Return the command that builds the functions and layers."""
        return [
            *(str(self.sam), "build", "--template-file", str(PROJECT / "template.yaml")),
            *("--build-dir", str(self._template.parent)),
            *("--cached", "--cache-dir", str(self.folder / "cache")),
            *self._parameters(),
        ]

    def invoke(self, event: Path) -> list[str]:
        """Return the command that sends a sample event to its function."""
        return [
            *(str(self.sam), "local", "invoke", function_of(event), "--event", str(event)),
            *self._options(),
        ]

    def start_api(self, port: int) -> list[str]:
        """Return the command that serves all routes on a port of this machine."""
        return [
            *(str(self.sam), "local", "start-api", "--port", str(port)),
            *("--warm-containers", "LAZY"),
            *self._options(),
        ]

    def write_variables(self) -> None:
        """Write the variables of the functions, for the port of the embedded AWS."""
        text = VARIABLES.read_text(encoding="utf-8")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._variables.write_text(
            text.replace(f"{MACHINE}:{DEFAULT_PORT}", f"{MACHINE}:{self.port}"), encoding="utf-8"
        )

    def _options(self) -> list[str]:
        hosts = ["--add-host", f"{MACHINE}:{self.bridge}"] if self.bridge else []
        return [
            *("--template-file", str(self._template), "--env-vars", str(self._variables)),
            *("--region", REGION),
            *hosts,
            *self._parameters(),
        ]

    def _parameters(self) -> list[str]:
        """Return the option without which the SAM CLI takes the image of the default processor."""
        return ["--parameter-overrides", f"Architecture={self.architecture}"]


def function_of(event: Path) -> str:
    """Return the function that a sample event is for: the folder of the event names it.

    Raises SamLocalError if it is not a file in the folder of a function.
    """
    folder = event.resolve().parent
    is_sample = event.is_file() and folder.parent == EVENTS and folder.name != "schemas"
    if not is_sample:
        raise SamLocalError(
            f"EVENT must be a file in a folder of events/, such as events/import_orders/json.json; "
            f'got "{event}".'
        )
    return "".join(word.capitalize() for word in folder.name.split("_")) + "Function"


def port_of_running_stack(state: Path) -> int:
    """Return the port of the embedded AWS that `make run` has started.

    Raises SamLocalError if it does not run.
    """
    try:
        endpoint = json.loads((state / JSON_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SamLocalError(
            "The functions need the embedded AWS: start `make run` in another terminal."
        ) from error
    return int(urlsplit(endpoint["aws_endpoint"]).port or 0)
