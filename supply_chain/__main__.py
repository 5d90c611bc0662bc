"""Audit the locked packages: `python -m supply_chain`.

Fails on a known vulnerability. Where the vulnerability service cannot be asked, that is said, and
`--strict` fails on it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from supply_chain.report import AuditReport

_UV = Path(__file__).parent.parent / ".local" / "bin" / "uv"
_PIP_AUDIT = Path(sys.executable).with_name("pip-audit")
# The environments of the lock, as `uv export` is told to choose them.
ENVIRONMENTS = {
    "the Lambdas": ["--only-group", "lambda"],
    "development": [],
    "the SAM CLI": ["--only-group", "sam"],
    "the embedded AWS": ["--only-group", "emulator"],
    "checkov": ["--only-group", "checkov"],
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m supply_chain", description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where nothing could be learnt")
    parser.add_argument("--osv-url", help="another vulnerability service, in OSV's protocol")
    asked = parser.parse_args(arguments)
    service = ["-s", "osv", "--osv-url", asked.osv_url] if asked.osv_url else []
    is_bad = False
    for name, groups in ENVIRONMENTS.items():
        report = audit(_exported(groups), service)
        for vulnerability in report.vulnerabilities:
            print(f"{name}: {vulnerability}")
        if not report.is_complete:
            print(
                f"{name}: NOT AUDITED: {len(report.unknown)} of "
                f"{report.audited + len(report.unknown)} packages, since the vulnerability service "
                "cannot be reached from here or does not know them"
            )
        is_bad |= bool(report.vulnerabilities) or (asked.strict and not report.is_complete)
    return int(is_bad)


def audit(requirements: str, service: list[str]) -> AuditReport:
    """Ask the vulnerability service about pinned requirements."""
    ended = subprocess.run(  # noqa: S603 - a program of the environment
        [
            str(_PIP_AUDIT),
            *("--requirement", "/dev/stdin", "--disable-pip", "--require-hashes"),
            *("--format", "json", "--progress-spinner", "off", "--timeout", "10"),
            *service,
        ],
        input=requirements,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if not ended.stdout:
        print("\n".join(ended.stderr.strip().splitlines()[-1:]))
        names = [line.partition("==")[0] for line in requirements.splitlines() if "==" in line]
        return AuditReport(0, tuple(names), ())
    return AuditReport.read(json.loads(ended.stdout))


def _exported(groups: list[str]) -> str:
    command = [str(_UV), "export", "--quiet", "--frozen", "--no-emit-project", "--no-header"]
    ended = subprocess.run(  # noqa: S603 - a program of the project
        [*command, *groups], capture_output=True, text=True, check=True, timeout=60
    )
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
