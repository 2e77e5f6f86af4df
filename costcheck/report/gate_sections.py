"""What the gate answers, in reading order; the terminal and the comment show these, so they cannot disagree."""

from collections.abc import Callable, Iterator
from typing import Final

from costcheck.gate.coverage import WITHOUT
from costcheck.gate.result import Check, GateResult, GpuCapacity, Notice, Outcome, Status
from costcheck.report.figures import counted, day, plain, quantity, shortened
from costcheck.report.gate_costs import (
    changes_section,
    prices_section,
    sources_section,
    sums_section,
    totals_section,
    unknown_section,
    unknown_standing_section,
    usage_section,
)
from costcheck.report.gate_decide import decide_section
from costcheck.report.page import Section, Table

ANSWERS: Final = {
    Outcome.DENIED: "denied",
    Outcome.CANNOT_DECIDE: "cannot be decided",
    Outcome.ALLOWED: "allowed",
}
NO_LIMIT: Final = "no limit"
NO_DECISION: Final = "no decision"
NO_REGION: Final = "not in the plan"
MAX_STACK_NAME: Final = 200
VERDICT: Final = "decision.verdict"
"""Where a decision allows nothing, better prices or counts would change nothing."""
WHATEVER_IS_DECIDED: Final = (VERDICT, "limit.", "runway.", "plan", "state")
URN: Final = "urn:pulumi:"
OTHERWISE: Final = "; or "
"""Stands between two ways, either of which would do."""
DIGESTED: Final = "stack, and type, region and inputs of every resource that the plan shows, before and after"


def subtitle(result: GateResult) -> str:
    """Return which stack it is about, and how much was looked at."""
    asked = {outcome: sum(check.outcome is outcome for check in result.checks) for outcome in Outcome}
    checks = ", ".join(f"{asked[outcome]:,} {words}" for outcome, words in ANSWERS.items() if asked[outcome])
    costs = {status: sum(row.status is status for row in result.resources) for status in Status}
    resources = (
        f"{counted(len(result.resources), 'resource')}: {costs[Status.PRICED]:,} priced, "
        f"{costs[Status.FREE]:,} free, {costs[Status.UNKNOWN]:,} of unknown cost."
        if result.resources
        else "No resource could be read."
    )
    asked_of = counted(len(result.checks), "check")
    return f"{stack_name(result)}, as of {day(result.as_of)}. {asked_of}: {checks}. {resources}"


def stack_name(result: GateResult) -> str:
    """Return `project/stack`, as far as they are known, short enough that what follows it is still read."""
    known = [plain(part) for part in (result.project, result.stack) if part]
    return shortened("/".join(known) or "a stack that is not known", MAX_STACK_NAME)


def gate_sections(result: GateResult) -> tuple[Section, ...]:
    """Return everything that the gate says, in reading order, without empty sections."""
    return tuple(section for build in _BUILDERS if not (section := build(result)).is_empty)


def check_sentence(check: Check) -> str:
    """Return what was asked about what, the answer, what was seen and what would be right."""
    needed = f"; needed: {plain(check.needed)}" if check.needed.strip() else ""
    waived = f"; waived by {plain(check.waived_by)}" if check.waived_by.strip() else ""
    seen = plain(check.seen).rstrip(".")
    return f"{plain(check.name)}{_about_what(check)}: {ANSWERS[check.outcome]}: {seen}{needed}{waived}"


def _about_what(check: Check) -> str:
    """Return the subject in brackets: a resource by its own name, since its URN says little to people."""
    subject = check.subject.strip()
    if subject in {"", check.name}:
        return ""
    name = subject.rpartition("::")[2] if subject.startswith(URN) else subject
    return f" ({plain(name)})" if " " in name else f" (`{plain(name)}`)"


def failing(result: GateResult) -> tuple[Check, ...]:
    """Return the checks that do not allow the plan, what was denied first."""
    return tuple(check for check in result.checks if check.outcome is not Outcome.ALLOWED)


def _stops(result: GateResult) -> Section:
    return Section(key="stops", title="What stops it", points=tuple(map(check_sentence, failing(result))))


def _to_do(result: GateResult) -> Section:
    checks = failing(result)
    final = any(check.name == VERDICT for check in checks)
    counting = [check for check in checks if not final or check.name.startswith(WHATEVER_IS_DECIDED)]
    steps = [plain(check.to_do) for check in counting if check.to_do.strip()]
    points = dict.fromkeys(point for step in steps for point in step.split(OTHERWISE))
    first = [WITHOUT] if any(map(_is_about_gpus, checks)) else []
    return Section(
        key="to_do", title="What to do", points=tuple(_joined([*first, *points], "and " if final else "or "))
    )


def _joined(points: list[str], second: str) -> Iterator[str]:
    """Yield each once: beside the way out without GPUs, the others are one way together."""
    for position, point in enumerate(dict.fromkeys(points)):
        word = ("", second, "and ")[min(position, 2)] if points[0] == WITHOUT else ""
        yield f"{word}{point}"


def _is_about_gpus(check: Check) -> bool:
    return check.name == "gpu" or check.name.startswith("decision")


def _decide(result: GateResult) -> Section:
    return decide_section(is_asked=any(check.name.startswith("decision") for check in failing(result)))


def notice_sentence(notice: Notice) -> str:
    """Return what is to be known, and what to do about it."""
    return f"{plain(notice.seen).rstrip('.')}. To do: {plain(notice.to_do)}"


def _notices(result: GateResult) -> Section:
    return Section(key="notices", title="To know", points=tuple(map(notice_sentence, result.notices)))


def _gpus(result: GateResult) -> Section:
    table = Table(
        columns=("GPU servers, at most", "Region", "Before", "After", "Decision allows"),
        rows=tuple(map(_gpu, sorted(result.gpus, key=lambda row: not row.grows))),
        figures=frozenset({2, 3, 4}),
        names=frozenset({0, 1}),
    )
    return Section(key="gpus", title="GPU servers", table=table)


def _gpu(row: GpuCapacity) -> tuple[str, ...]:
    before, after = (NO_LIMIT if nodes is None else quantity(nodes) for nodes in (row.before, row.after))
    allowed = NO_DECISION if row.allowed is None else f"{row.allowed:,}"
    return plain(row.key), plain(row.region_id) if row.region_id else NO_REGION, before, after, allowed


def _passed(result: GateResult) -> Section:
    """Return the checks that allow the plan, those first that a waiver turned."""
    passed = [check for check in result.checks if check.outcome is Outcome.ALLOWED]
    points = map(check_sentence, sorted(passed, key=lambda check: not check.waived_by))
    return Section(key="passed", title="What was checked and is right", points=tuple(points))


def _about(result: GateResult) -> Section:
    """Return what the answer can be traced by."""
    decided = (f"Decision: {plain(result.decision)}.",) if result.decision else ()
    digest = (f"Digest of what is gated ({DIGESTED}): sha256 `{plain(result.plan_sha256)}`.",)
    version = f"costcheck {plain(result.costcheck_version)}; `--format json` has every figure."
    lines = (*decided, *(digest if result.plan_sha256 else ()), version)
    return Section(key="about", title="About this answer", lead=lines)


_BUILDERS: Final[tuple[Callable[[GateResult], Section], ...]] = (
    _stops,
    _to_do,
    _notices,
    _gpus,
    totals_section,
    unknown_section,
    changes_section,
    _decide,
    unknown_standing_section,
    usage_section,
    sums_section,
    prices_section,
    sources_section,
    _passed,
    _about,
)
