"""What the SAM CLI has asked at the first deployment, from its file samconfig.toml."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tools.deployment.errors import DeploymentError

FILE = "samconfig.toml"
DEFAULT_ARCHITECTURE = "arm64"
# With a longer name, AWS would reject the name of a function (64 characters) in the middle of the
# deployment.
LONGEST_STACK_NAME = 37
AGAIN = f"Correct {FILE}, or delete it to be asked again, then run `make deploy` again."


@dataclass(frozen=True, slots=True)
class Answers:
    """The stack, its Region and the parameters that every deployment keeps."""

    stack_name: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    # What was created stays after a failure.
    keeps_failures: bool = False

    @classmethod
    def read(cls, project: Path) -> Self | None:
        """Return the saved answers, or None if the SAM CLI has not asked yet.

        Raises DeploymentError if the file has no stack or no Region.
        """
        try:
            saved = tomllib.loads((project / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except tomllib.TOMLDecodeError as error:
            raise DeploymentError(f"{FILE} must be valid TOML; got: {error}. {AGAIN}") from error
        sections = saved.get("default", {})
        values = {
            **sections.get("global", {}).get("parameters", {}),
            **sections.get("deploy", {}).get("parameters", {}),
        }
        for name in ("stack_name", "region"):
            if not values.get(name):
                raise DeploymentError(
                    f"{FILE} must have `{name}` under [default.deploy.parameters]. {AGAIN}"
                )
        return cls(
            stack_name=values["stack_name"],
            region=values["region"],
            parameters=_parameters(values.get("parameter_overrides", {})),
            keeps_failures=bool(values.get("disable_rollback")),
        )

    @property
    def architecture(self) -> str:
        """The processor of the functions, for which the layers are built."""
        return self.parameters.get("Architecture", DEFAULT_ARCHITECTURE)

    def check(self) -> None:
        """Raise DeploymentError if AWS would reject an answer in the middle of the deployment."""
        name, length = self.stack_name, len(self.stack_name)
        certificate = self.parameters.get("CertificateArn", "")
        if not re.fullmatch("[A-Za-z][A-Za-z0-9-]*", name):
            problem = (
                f'`stack_name` must be letters, digits and hyphens after a letter; got "{name}"'
            )
        elif length > LONGEST_STACK_NAME:
            problem = (
                f"`stack_name` must have at most {LONGEST_STACK_NAME} characters; got {length}"
            )
        elif certificate and certificate.split(":")[3:4] != [self.region]:
            problem = f'`CertificateArn` must be of the Region {self.region}; got "{certificate}"'
        else:
            return
        raise DeploymentError(f"{problem}. {AGAIN}")


def _parameters(overrides: str | list[str] | dict[str, Any]) -> dict[str, str]:
    """Read the parameters in every form in which the SAM CLI reads them."""
    if isinstance(overrides, dict):
        return {name: str(value) for name, value in overrides.items()}
    words = shlex.split(overrides) if isinstance(overrides, str) else overrides
    pairs = (
        re.fullmatch("ParameterKey=([^,]*),ParameterValue=(.*)", word)
        or re.fullmatch("([^=]*)=(.*)", word)
        for word in words
    )
    return {pair[1]: pair[2].strip('"') for pair in pairs if pair}
