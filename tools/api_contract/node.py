"""Runs the contract's tools that only the JavaScript world has."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

_SCRIPTS = Path(__file__).parent


def run_node(script: str, *arguments: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what a script of this package prints.

    Raises FileNotFoundError without Node.js, CalledProcessError if the script fails.
    """
    node = shutil.which("node")
    if node is None:
        raise FileNotFoundError("node is missing: install Node.js 18 or later")
    ended = subprocess.run(  # noqa: S603 - a script of ours
        [node, str(_SCRIPTS / script), *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return json.loads(ended.stdout)
