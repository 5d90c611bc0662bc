"""The requirements of the dependencies layer match uv.lock."""

import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = PROJECT / "layers" / "dependencies" / "requirements.txt"


def test_the_requirements_of_the_layer_match_the_lock() -> None:
    result = subprocess.run(
        ["make", "--no-print-directory", "--silent", "check-requirements"],  # noqa: S607  # make from PATH
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_requirement_is_pinned_with_its_hashes() -> None:
    lines = REQUIREMENTS.read_text().replace("\\\n", " ").splitlines()
    requirements = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    assert [line for line in requirements if "==" not in line or "--hash=sha256:" not in line] == []
