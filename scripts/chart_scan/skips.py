"""Findings that are known and accepted, all in charts/scan_skips.toml, each with its reason."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from costcheck.errors import ConfigError

SKIPS = Path(__file__).resolve().parents[2] / "charts" / "scan_skips.toml"
FIELDS = {"scanner", "check", "kind", "reason"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a scanner does not like.

    Attributes:
        scanner: Its name.
        check: The check's id.
        kind: Kind of the object.
        where: The object, and what about it.
    """

    scanner: str
    check: str
    kind: str
    where: str

    def __str__(self) -> str:
        return f"{self.scanner} {self.check}: {self.where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """One accepted finding."""

    scanner: str
    check: str
    kind: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is this finding that was accepted.

        Args:
            finding: The finding.
        """
        return (self.scanner, self.check, self.kind) == (finding.scanner, finding.check, finding.kind)


def load_skips(path: Path = SKIPS) -> list[Skip]:
    """Returns the declared skips.

    Args:
        path: The file.

    Raises:
        ConfigError: One has another key, lacks one, or has no reason.
    """
    declared = tomllib.loads(path.read_text(encoding="utf-8")).get("skip", [])
    for entry in declared:
        if set(entry) != FIELDS or not all(entry.values()):
            message = f"a skip in {path.name} is {entry}"
            expected = f"exactly {', '.join(sorted(FIELDS))}, none of them empty"
            raise ConfigError(message, expected=expected, action="say which finding is accepted, and why")
    return [Skip(**entry) for entry in declared]


def not_accepted(findings: Iterable[Finding], skips: Iterable[Skip]) -> list[Finding]:
    """Returns the findings that no skip covers.

    Args:
        findings: What the scanners found.
        skips: What is accepted.
    """
    accepted = list(skips)
    return [finding for finding in findings if not any(skip.covers(finding) for skip in accepted)]


def stale(findings: Iterable[Finding], skips: Iterable[Skip], scanners: Iterable[str]) -> list[Skip]:
    """Returns the skips that no finding needs any more, of the scanners that ran.

    Args:
        findings: What the scanners found.
        skips: What is accepted.
        scanners: Names of those that ran.
    """
    found, ran = list(findings), set(scanners)
    return [skip for skip in skips if skip.scanner in ran and not any(skip.covers(finding) for finding in found)]
