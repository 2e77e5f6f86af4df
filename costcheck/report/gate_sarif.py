"""The gate's answer as SARIF 2.1.0, which GitHub's code scanning and others show beside the code.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
import re
from typing import Any, Final
from urllib.parse import quote

from costcheck.gate.limits import NO_LIMITS
from costcheck.gate.result import Check, GateResult, Notice, Outcome, ResourceCost
from costcheck.report.figures import plain
from costcheck.report.gate_sections import failing, notice_sentence, stack_name
from costcheck.verdict import encode

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
UNKNOWN_COST: Final = "unknown-cost"
_BRACKET: Final = re.compile(r"[\[\]\\]")
"""What makes a link in a message, unless a backslash stands before it (section 3.11.6)."""
Json = dict[str, Any]


def render_sarif(result: GateResult) -> str:
    """Return the log: a result for each check that does not allow the plan, resource of unknown cost, and notice.

    Each points at the stack's file of settings, as the one file of it that every Pulumi project has.
    """
    uri = f"Pulumi.{quote(plain(result.stack), safe='')}.yaml"
    unknown = (_unknown(row, result.outcome) for row in result.unknown)
    found = [*map(_check, failing(result)), *unknown, *map(_notice, result.notices)]
    results = [row | {"locations": [_location(uri)]} for row in found]
    driver = {
        "name": "costcheck gate",
        "version": plain(result.costcheck_version),
        "rules": [_rule(name) for name in dict.fromkeys(row["ruleId"] for row in found)],
    }
    category = f"worthwhile-gate/{stack_name(result)}/"
    run = {"tool": {"driver": driver}, "automationDetails": {"id": category}, "results": results}
    return encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}).decode()


def _check(check: Check) -> Json:
    parts = (("", check.seen), ("Needed: ", check.needed), ("To do: ", check.to_do))
    text = " ".join(f"{label}{plain(words)}." for label, words in parts if words.strip())
    return _found(plain(check.name), text, "error", check.subject)


def _unknown(row: ResourceCost, outcome: Outcome) -> Json:
    text = f"Nobody knows what {plain(row.name)} ({plain(row.token)}) costs: {plain(row.reason)}."
    return _found(UNKNOWN_COST, text, "note" if outcome is Outcome.ALLOWED else "error", row.urn)


def _notice(notice: Notice) -> Json:
    level = "note" if notice.name == NO_LIMITS else "warning"
    return _found(plain(notice.name), notice_sentence(notice), level, notice.subject)


def _found(rule_id: str, text: str, level: str, subject: str) -> Json:
    # The same finding of the next run is the same alert, whatever its figures have become.
    digest = hashlib.sha256(f"{rule_id}\n{plain(subject)}".encode()).hexdigest()
    return {
        "ruleId": rule_id,
        "level": level,
        "message": {"text": _BRACKET.sub(r"\\\g<0>", text)},
        "partialFingerprints": {"worthwhileGate/v1": digest},
    }


def _location(uri: str) -> Json:
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}}


def _rule(name: str) -> Json:
    return {"id": name, "shortDescription": {"text": f"The gate's check {name}"}}
