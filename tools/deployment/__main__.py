"""`python -m tools.deployment`: deploy the stack, or take a kept table into a new one."""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tools.deployment.answers import FILE, Answers
from tools.deployment.cloud import Cloud
from tools.deployment.deploy import Deploy
from tools.deployment.errors import DeploymentError
from tools.deployment.kept_table import import_table

SAM = Path(__file__).parents[2] / ".local" / "sam" / "bin" / "sam"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Runs the programs in the operator's terminal, where they may ask."""

    project: Path

    def build(self, architecture: str) -> bool:
        """Build the functions and layers; return whether it succeeded."""
        return self._run("make", "--no-print-directory", "build", f"ARCHITECTURE={architecture}")

    def sam_deploy(self, *options: str) -> bool:
        """Run `sam deploy`; return whether it succeeded."""
        return self._run(str(SAM), "deploy", *options)

    def _run(self, *command: str) -> bool:
        ended = subprocess.run(command, cwd=self.project, check=False)  # noqa: S603  # our commands
        return ended.returncode == 0


def main(arguments: list[str]) -> int:
    """Run the command in the current folder; return the exit code."""
    options = _options(arguments)
    project = Path.cwd()
    try:
        if options.command == "import-table":
            _import_table(project)
        else:
            Deploy(project, Terminal(project), Cloud)(options.architecture or None)
    except DeploymentError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (BotoCoreError, ClientError) as error:
        sys.stderr.write(f"A call of AWS failed: {error}\n")
        return 1
    return 0


def _import_table(project: Path) -> None:
    answers = Answers.read(project)
    if answers is None:
        raise DeploymentError(f"{FILE} is missing: run `make deploy` first.")
    import_table(project, answers, Cloud(answers.region))
    sys.stdout.write(
        f"The stack {answers.stack_name} has its table again: run `make deploy` for the rest.\n"
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.deployment")
    parser.add_argument("command", choices=["deploy", "import-table"])
    parser.add_argument("--architecture", choices=["", "arm64", "x86_64"], default="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
