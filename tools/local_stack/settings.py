"""The port and the folders of a local stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
DEFAULT_PORT = 4566
REGION = "us-east-1"
STACK_NAME = "market-orders"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """The settings of one stack. Two stacks need two ports and two state folders."""

    port: int = DEFAULT_PORT
    state: Path = PROJECT / ".local"
    # The main program of the embedded AWS, and additional environment variables for it.
    emulator_program: Path = PROJECT / "tools" / "local_stack" / "emulator_process.py"
    emulator_variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def aws_endpoint(self) -> str:
        """URL of the embedded AWS."""
        return f"http://{HOST}:{self.port}"

    @property
    def events_log(self) -> Path:
        """File that receives every published trigger as one JSON line."""
        return self.state / "triggers.jsonl"

    @property
    def logs(self) -> Path:
        """Folder of the child processes' logs."""
        return self.state / "logs"

    @property
    def scratch(self) -> Path:
        """Folder of temporary files, removed at start and at exit."""
        return self.state / "scratch"

    @property
    def build(self) -> Path:
        """Folder that `sam build` writes to."""
        return self.state / "build" / "artifacts"

    @property
    def build_cache(self) -> Path:
        """Cache of `sam build`."""
        return self.state / "build" / "cache"

    @property
    def emulator_python(self) -> Path:
        """Python of the embedded AWS's environment."""
        return PROJECT / ".local" / "emulator" / "bin" / "python"

    @property
    def sam_program(self) -> Path:
        """Path of the SAM CLI."""
        return PROJECT / ".local" / "sam" / "bin" / "sam"
