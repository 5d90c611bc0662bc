"""Runs the contract tools that are JavaScript packages."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

_SCRIPTS = Path(__file__).parent


def run_node(script: str, *arguments: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Run a script of this package and return the JSON that it prints.

    Raises FileNotFoundError if Node.js is missing, CalledProcessError if the script fails.
    """
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is not installed; install Node.js 18 or later")
    ended = subprocess.run(  # noqa: S603 - runs only scripts of this package
        [node, str(_SCRIPTS / script), *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return json.loads(ended.stdout)
