"""Denials of limits that a person answers for, for a while and up to a figure; nothing else can be waived."""

from dataclasses import dataclass, replace
from datetime import date

from costcheck.gate.result import Check, Outcome
from costcheck.gate.rules import WAIVABLE, Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverFile:
    """A waiver and the file that it stands in."""

    name: str
    waiver: Waiver


def apply_waivers(
    checks: tuple[Check, ...], waivers: tuple[WaiverFile, ...], *, stack: str, today: date
) -> tuple[Check, ...]:
    """Return the checks, with each denial allowed that a waiver covers; it says by which file.

    Args:
        checks: As they were answered.
        waivers: Every waiver of the repository.
        stack: `project/stack` of the plan.
        today: UTC day.
    """
    holding = [file for file in waivers if file.waiver.stack == stack and today <= file.waiver.expires]
    return tuple(_apply(check, holding) for check in checks)


def _apply(check: Check, holding: list[WaiverFile]) -> Check:
    for file in holding:
        if _covers(file.waiver, check):
            waived = f"{check.seen}; waived until {file.waiver.expires} by {file.waiver.owner}: {file.waiver.reason}"
            return replace(check, outcome=Outcome.ALLOWED, seen=waived, waived_by=file.name)
    return check


def _covers(waiver: Waiver, check: Check) -> bool:
    return (
        check.outcome is Outcome.DENIED
        and check.name.startswith(WAIVABLE)
        and check.name == waiver.check
        and check.figure is not None
        and check.figure <= waiver.up_to
    )
