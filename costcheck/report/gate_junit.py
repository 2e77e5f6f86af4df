"""The gate's answer as JUnit XML, which most CI services show: one test a check, one a resource of unknown cost."""

from typing import Final
from xml.etree import ElementTree as ET

from costcheck.gate.result import Check, GateResult, Notice, Outcome, ResourceCost
from costcheck.report.figures import plain
from costcheck.report.gate_sections import notice_sentence, stack_name

_TAGS: Final = {Outcome.DENIED: "failure", Outcome.CANNOT_DECIDE: "error"}
CHECKS: Final = "gate.checks"
UNKNOWN: Final = "gate.unknown_cost"
NOTICES: Final = "gate.notices"


def render_junit(result: GateResult) -> str:
    """Return the document: denied is a failure, what cannot be decided an error.

    A resource of unknown cost is an error too, or skipped where the plan is allowed all the same. What is only to be
    known is skipped.
    """
    unknown = (_resource(row, result.outcome) for row in result.unknown)
    cases = [*map(_check, result.checks), *unknown, *map(_notice, result.notices)]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    attributes = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": "costcheck gate", **attributes})
    ET.SubElement(root, "testsuite", {"name": stack_name(result), **attributes}).extend(cases)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _check(check: Check) -> ET.Element:
    about = f" ({plain(check.subject)})" if check.subject.strip() else ""
    case = _case(CHECKS, f"{plain(check.name)}{about}")
    if check.outcome is not Outcome.ALLOWED:
        found = ET.SubElement(case, _TAGS[check.outcome], {"message": plain(check.seen), "type": plain(check.name)})
        found.text = f"needed: {plain(check.needed)}\nto do: {plain(check.to_do)}"
    return case


def _resource(row: ResourceCost, outcome: Outcome) -> ET.Element:
    case = _case(UNKNOWN, plain(row.urn))
    tag = "skipped" if outcome is Outcome.ALLOWED else "error"
    ET.SubElement(case, tag, {"message": plain(row.reason), "type": plain(row.token)})
    return case


def _notice(notice: Notice) -> ET.Element:
    case = _case(NOTICES, f"{plain(notice.name)} ({plain(notice.subject)})")
    ET.SubElement(case, "skipped", {"message": notice_sentence(notice), "type": plain(notice.name)})
    return case


def _case(group: str, name: str) -> ET.Element:
    """Return a test; its texts went through `plain`, which leaves no character that XML 1.0 forbids."""
    return ET.Element("testcase", {"classname": group, "name": name, "time": "0"})
