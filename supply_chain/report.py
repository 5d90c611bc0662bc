"""What pip-audit has found, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known weakness of a package, and the versions that mend it."""

    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        mended = ", ".join(self.fixed_in) or "no version yet"
        return f"{self.package} {self.version}: {self.id}; mended in {mended}"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome of one audit. `unknown` are the packages that nothing could be learnt of."""

    audited: int
    unknown: tuple[str, ...]
    vulnerabilities: tuple[Vulnerability, ...]

    @classmethod
    def read(cls, tree: Mapping[str, Any]) -> Self:
        """Read pip-audit's JSON."""
        packages: Sequence[Mapping[str, Any]] = tree["dependencies"]
        return cls(
            audited=sum("skip_reason" not in package for package in packages),
            unknown=tuple(str(each["name"]) for each in packages if "skip_reason" in each),
            vulnerabilities=tuple(
                Vulnerability(
                    package["name"],
                    package["version"],
                    vulnerability["id"],
                    tuple(vulnerability["fix_versions"]),
                )
                for package in packages
                for vulnerability in package.get("vulns", ())
            ),
        )

    @property
    def is_complete(self) -> bool:
        """Tell whether every package was audited, and there was one."""
        return self.audited > 0 and not self.unknown
