"""Where a stack keeps its files and listens."""

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
    """One stack: two of them run side by side if they differ in port and state folder."""

    port: int = DEFAULT_PORT
    state: Path = PROJECT / ".local"
    # What runs the embedded AWS, and variables of its own besides the usual ones.
    emulator_program: Path = PROJECT / "tools" / "local_stack" / "emulator_process.py"
    emulator_variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def aws_endpoint(self) -> str:
        """URL of the embedded AWS."""
        return f"http://{HOST}:{self.port}"

    @property
    def events_log(self) -> Path:
        """File that every published trigger is appended to."""
        return self.state / "triggers.jsonl"

    @property
    def logs(self) -> Path:
        """Folder of what the children write."""
        return self.state / "logs"

    @property
    def scratch(self) -> Path:
        """Folder of temporary files, emptied at start and at exit."""
        return self.state / "scratch"

    @property
    def build(self) -> Path:
        """Folder that `sam build` fills."""
        return self.state / "build" / "artifacts"

    @property
    def build_cache(self) -> Path:
        """Folder that `sam build` keeps unchanged layers in."""
        return self.state / "build" / "cache"

    @property
    def emulator_python(self) -> Path:
        """The Python that has the embedded AWS."""
        return PROJECT / ".local" / "emulator" / "bin" / "python"

    @property
    def sam_program(self) -> Path:
        """The SAM CLI."""
        return PROJECT / ".local" / "sam" / "bin" / "sam"
