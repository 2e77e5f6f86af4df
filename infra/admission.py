"""Refuse new GPU capacity without a decision that allows it. Part of the program, so that it cannot be left out.

It reads the decision alone, so its ceiling on region, types and nodes is absolute: with a decision that has run out,
the last accepted size. Keeping or lowering every GPU maximum needs no decision, so that patching, shrinking and
destroying always work.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from costcheck.acceptance import accepted_stack
from costcheck.errors import InputFileError
from costcheck.verdict import Decision, Verdict, read_decision
from infra.config_records import GpuPoolConfig
from infra.errors import GrowthDeniedError, GrowthUndecidedError
from infra.memory import COMPONENTS

ALLOWING = (Verdict.SELF_HOST, Verdict.HYBRID)
DECIDE_AGAIN = (
    "run `costcheck decide`, have its record accepted, or lower the GPU pools to what was admitted; a pool that "
    "replaces another counts beside it until that one is gone, so remove it in an update of its own first"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What stands in the place of the decision.

    Attributes:
        path: Where the decision was looked for.
        decision: None where there is none, or none that can be read.
        trouble: Why it cannot be read; empty where there is simply none.
        accepted_for: The one stack that its record names, `PROJECT/STACK`; empty where it names none.
    """

    path: Path
    decision: Decision | None = None
    trouble: str = ""
    accepted_for: str = ""

    @property
    def monthly_ceiling_usd(self) -> str:
        """Return the ceiling that the decision sets, as text; empty where it sets none."""
        allowance = self.decision.allowance if self.decision else None
        return str(allowance.monthly_ceiling_usd) if allowance else ""


def read_evidence(path: Path) -> Evidence:
    """Return the decision at this path, or why there is none; never an error, since shrinking needs no decision."""
    try:
        if not path.exists():
            return Evidence(path=path)
        return Evidence(path=path, decision=read_decision(path), accepted_for=accepted_stack(path))
    except (InputFileError, OSError) as error:
        return Evidence(path=path, trouble=str(getattr(error, "seen", error)))


def gpu_maximums(pools: Iterable[GpuPoolConfig]) -> dict[str, int]:
    """Return the most nodes of each instance type and purchase option, `g6e.xlarge/on_demand` to 2.

    A pool of several types may fill up with any of them, so each counts in full.
    """
    nodes: Counter[str] = Counter()
    for pool in pools:
        for instance_type in pool.instance_types:
            nodes[f"{instance_type}/{pool.purchase_option}"] += pool.maximum
    return dict(sorted(nodes.items()))


Standing = Mapping[tuple[str, str], Mapping[str, int]]


def most_at_once(pools: Iterable[GpuPoolConfig], standing: Standing) -> dict[str, int]:
    """Return the most nodes that there may be while the change is made.

    New pools come before old ones go, and one may gain before another has lost: of what any pool has more of than it
    had, every pool counts with the more of both.

    Args:
        pools: As configured.
        standing: Maximums of the pools in the state, by component type and name.
    """
    wanted: dict[tuple[str, str], Counter[str]] = {}
    for pool in pools:
        wanted.setdefault((COMPONENTS[pool.kind], pool.name), Counter()).update(gpu_maximums([pool]))
    nodes = sum(wanted.values(), Counter())
    grown = {key for name, most in wanted.items() for key in most if most[key] > standing.get(name, {}).get(key, 0)}
    for key in grown:
        both = ((each.get(name, {}).get(key, 0) for each in (wanted, standing)) for name in {*wanted, *standing})
        nodes[key] = sum(map(max, both))
    return dict(sorted(nodes.items()))


def admit(  # noqa: PLR0913 - what is asked, and all that it is held against
    wanted: Mapping[str, int],
    *,
    admitted: Mapping[str, int],
    evidence: Evidence,
    stack: str,
    region: str,
    today: date,
) -> None:
    """Do nothing where the wanted maximums are at most those admitted last, or the decision allows them.

    Args:
        wanted: Most nodes by instance type and purchase option.
        admitted: The same, as they were admitted last.
        evidence: What stands in the place of the decision.
        stack: `PROJECT/STACK` that asks.
        region: Where the nodes are.
        today: UTC day.

    Raises:
        GrowthDeniedError: More is wanted, and there is no decision, or it does not allow that much.
        GrowthUndecidedError: More is wanted, and the decision cannot be read or has run out.
    """
    grown = {key: nodes for key, nodes in wanted.items() if nodes > admitted.get(key, 0)}
    if not grown:
        return
    seen = f"new GPU capacity in {region}: {_more(grown, admitted)}"
    decision = _usable(evidence, seen, today)
    allowed = decision.allowance
    if decision.verdict not in ALLOWING or allowed is None:
        raise _denied(seen, why=f"the verdict of {evidence.path} is {decision.verdict}", allows="no GPU at all")
    if evidence.accepted_for not in {"", stack}:
        why = f"{evidence.path} was accepted for the stack {evidence.accepted_for}, and this is {stack}"
        raise _denied(seen, why=why, allows=f"GPUs of {evidence.accepted_for} alone")
    if allowed.region_id != region:
        raise _denied(seen, why="the decision is about another region", allows=f"GPUs in {allowed.region_id} alone")
    beyond = {key: nodes for key, nodes in grown.items() if nodes > allowed.maximum_nodes.get(key, 0)}
    if beyond:
        ceilings = ", ".join(f"{nodes} x {key}" for key, nodes in sorted(allowed.maximum_nodes.items()))
        raise _denied(seen, why=f"too many: {_more(beyond, admitted)}", allows=f"at most {ceilings or 'no node'}")


def refusal_of(  # noqa: PLR0913 - as above
    wanted: Mapping[str, int],
    *,
    admitted: Mapping[str, int],
    evidence: Evidence,
    stack: str,
    region: str,
    today: date,
) -> GrowthDeniedError | GrowthUndecidedError | None:
    """Return the error that `admit` raises, None where it raises none."""
    try:
        admit(wanted, admitted=admitted, evidence=evidence, stack=stack, region=region, today=today)
    except (GrowthDeniedError, GrowthUndecidedError) as error:
        return error
    return None


def _usable(evidence: Evidence, seen: str, today: date) -> Decision:
    decision = evidence.decision
    if evidence.trouble:
        raise _undecided(seen, why=f"the decision cannot be read: {evidence.trouble}", needed="one that can be read")
    if decision is None:
        raise _denied(seen, why=f"there is no decision in {evidence.path}", allows="nothing while there is none")
    if today > decision.valid_until:
        raise _undecided(seen, why=f"the decision ran out on {decision.valid_until}", needed=f"one valid on {today}")
    return decision


def _denied(seen: str, *, why: str, allows: str) -> GrowthDeniedError:
    message = f"{seen}\n  refused (3): {why}"
    return GrowthDeniedError(message, expected=f"what the decision allows: {allows}", action=DECIDE_AGAIN)


def _undecided(seen: str, *, why: str, needed: str) -> GrowthUndecidedError:
    message = f"{seen}\n  refused (4): {why}"
    return GrowthUndecidedError(message, expected=f"a decision, {needed}", action=DECIDE_AGAIN)


def _more(grown: Mapping[str, int], admitted: Mapping[str, int]) -> str:
    return ", ".join(f"{nodes} x {key} (admitted: {admitted.get(key, 0)})" for key, nodes in sorted(grown.items()))
