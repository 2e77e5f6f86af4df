"""New GPU capacity and the decision: every combination of what is wanted, what stands and what is decided."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcheck.errors import ExitCode
from costcheck.verdict import Allowance, Decision, Verdict, encode
from infra.admission import DECIDE_AGAIN, Evidence, admit, gpu_maximums, most_at_once, read_evidence
from infra.config_records import GpuPoolConfig
from infra.errors import GrowthDeniedError, GrowthUndecidedError
from tests.costcheck.accepting import head
from tests.costcheck.builders import self_host
from tests.infra.stack import AUTO_MODE, load, pool

TODAY = date(2026, 11, 26)
REGION, KEY = "us-east-1", "g6e.xlarge/on_demand"
PATH = Path("runbooks/decisions/current.json")
ADMITTED, ALLOWED = 2, 4

DENIED, UNDECIDED = GrowthDeniedError, GrowthUndecidedError


def decision(
    *,
    verdict: Verdict = Verdict.SELF_HOST,
    valid_until: date = TODAY,
    region: str = REGION,
    nodes: dict[str, int] | None = None,
) -> Decision:
    allowance = Allowance(
        region_id=region,
        maximum_nodes={KEY: ALLOWED} if nodes is None else nodes,
        monthly_ceiling_usd=Decimal(3_000),
    )
    return replace(self_host(), verdict=verdict, valid_until=valid_until, allowance=allowance)


NONE = Evidence(path=PATH)
UNREADABLE = Evidence(path=PATH, trouble="it is not a decision")
EXPIRED = Evidence(path=PATH, decision=decision(valid_until=TODAY - timedelta(days=1)))
VALID = Evidence(path=PATH, decision=decision())
HYBRID = Evidence(path=PATH, decision=decision(verdict=Verdict.HYBRID))
STAY = Evidence(path=PATH, decision=decision(verdict=Verdict.STAY_ON_API))
UNSURE = Evidence(path=PATH, decision=decision(verdict=Verdict.INSUFFICIENT_EVIDENCE))
NO_ALLOWANCE = Evidence(path=PATH, decision=replace(decision(), allowance=None))
ELSEWHERE = Evidence(path=PATH, decision=decision(region="eu-west-1"))
OTHER_TYPE = Evidence(path=PATH, decision=decision(nodes={"p5.48xlarge/on_demand": 9}))
OTHER_OPTION = Evidence(path=PATH, decision=decision(nodes={"g6e.xlarge/spot": 9}))
NO_NODE = Evidence(path=PATH, decision=decision(nodes={}))

REFUSALS = [
    (NONE, DENIED),
    (STAY, DENIED),
    (UNSURE, DENIED),
    (NO_ALLOWANCE, DENIED),
    (ELSEWHERE, DENIED),
    (OTHER_TYPE, DENIED),
    (OTHER_OPTION, DENIED),
    (NO_NODE, DENIED),
    (UNREADABLE, UNDECIDED),
    (EXPIRED, UNDECIDED),
]
EVERYTHING = [evidence for evidence, _ in REFUSALS] + [VALID, HYBRID]


def ask(evidence: Evidence, wanted: dict[str, int], admitted: dict[str, int] | None = None) -> None:
    stands = {KEY: ADMITTED} if admitted is None else admitted
    admit(wanted, admitted=stands, evidence=evidence, stack="shop/dev", region=REGION, today=TODAY)


@pytest.mark.parametrize("evidence", EVERYTHING)
@pytest.mark.parametrize("wanted", [{}, {KEY: 0}, {KEY: ADMITTED - 1}, {KEY: ADMITTED}])
def test_keeping_and_shrinking_never_need_a_decision(evidence: Evidence, wanted: dict[str, int]) -> None:
    ask(evidence, wanted)


@pytest.mark.parametrize(("evidence", "error"), REFUSALS)
@pytest.mark.parametrize("admitted", [{}, {KEY: ADMITTED}])
def test_growing_without_a_decision_that_allows_it_is_refused(
    evidence: Evidence, error: type[Exception], admitted: dict[str, int]
) -> None:
    with pytest.raises(error):
        ask(evidence, {KEY: ADMITTED + 1}, admitted)


@pytest.mark.parametrize("evidence", [VALID, HYBRID])
def test_growing_up_to_the_ceiling_is_allowed(evidence: Evidence) -> None:
    ask(evidence, {KEY: ALLOWED})


@pytest.mark.parametrize("evidence", [VALID, HYBRID])
def test_growing_beyond_the_ceiling_is_denied(evidence: Evidence) -> None:
    with pytest.raises(GrowthDeniedError):
        ask(evidence, {KEY: ALLOWED + 1})


def test_what_stands_above_the_ceiling_may_stay_and_shrink_to_above_it() -> None:
    ask(VALID, {KEY: 8}, {KEY: 9})


def test_another_type_is_new_capacity_even_if_fewer_nodes() -> None:
    with pytest.raises(GrowthDeniedError):
        ask(VALID, {"p5.48xlarge/on_demand": 1}, {KEY: 9})


def test_one_type_may_grow_while_another_stands_above_its_ceiling() -> None:
    ask(VALID, {KEY: ALLOWED, "p5.48xlarge/spot": 3}, {KEY: 1, "p5.48xlarge/spot": 3})


def test_a_decision_holds_on_its_last_day() -> None:
    ask(Evidence(path=PATH, decision=decision(valid_until=TODAY)), {KEY: ALLOWED})


@pytest.mark.parametrize(
    ("evidence", "number", "reason"),
    [(NONE, "(3)", "no decision"), (EXPIRED, "(4)", "ran out on 2026-11-25"), (UNREADABLE, "(4)", "not a decision")],
)
def test_a_refusal_says_what_is_wanted_why_not_what_to_do_and_the_kits_number(
    evidence: Evidence, number: str, reason: str
) -> None:
    with pytest.raises((GrowthDeniedError, GrowthUndecidedError)) as refused:
        ask(evidence, {KEY: 3})

    message = str(refused.value)
    assert "3 x g6e.xlarge/on_demand (admitted: 2)" in message
    assert number in message
    assert reason in message
    assert "costcheck decide" in message


def test_a_denial_says_what_the_decision_allows() -> None:
    with pytest.raises(GrowthDeniedError, match=r"at most 4 x g6e\.xlarge/on_demand"):
        ask(VALID, {KEY: 5})


def test_the_errors_carry_the_kits_exit_codes_and_leave_no_traceback() -> None:
    assert GrowthDeniedError.exit_code is ExitCode.DENIED
    assert GrowthUndecidedError.exit_code is ExitCode.INSUFFICIENT_EVIDENCE
    assert issubclass(GrowthDeniedError, pulumi.RunError)
    assert issubclass(GrowthUndecidedError, pulumi.RunError)


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    evidence = read_evidence(tmp_path / "current.json")

    assert evidence == Evidence(path=tmp_path / "current.json")


@pytest.mark.parametrize(("stack", "admits"), [("", True), ("shop/dev", True), ("shop/prod", False), ("dev", False)])
def test_a_decision_that_names_a_stack_admits_no_other(tmp_path: Path, stack: str, *, admits: bool) -> None:
    for name in ("current.json", "0001.decision.json"):
        (tmp_path / name).write_bytes(encode(decision()))
    (tmp_path / "0001.md").write_text(head(stack=stack))
    evidence = read_evidence(tmp_path / "current.json")

    assert evidence.accepted_for == stack
    assert is_admitted(evidence, {KEY: ALLOWED}, {}) == admits


def test_the_refusal_of_another_stack_names_both() -> None:
    with pytest.raises(GrowthDeniedError, match="was accepted for the stack shop/prod, and this is shop/dev"):
        ask(replace(VALID, accepted_for="shop/prod"), {KEY: ALLOWED})


def test_a_decision_for_another_stack_lets_everything_stand() -> None:
    ask(replace(VALID, accepted_for="shop/prod"), {KEY: ADMITTED})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"schema_version": 99}'])
def test_a_file_that_is_no_decision_is_trouble(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "current.json"
    path.write_bytes(content)
    evidence = read_evidence(path)

    assert (evidence.path, evidence.decision) == (path, None)
    assert str(path) in evidence.trouble
    assert "to do" not in evidence.trouble


def test_a_folder_in_its_place_is_trouble(tmp_path: Path) -> None:
    assert str(tmp_path) in read_evidence(tmp_path).trouble


def test_a_decision_is_read_with_its_ceiling(tmp_path: Path) -> None:
    path = tmp_path / "current.json"
    path.write_bytes(encode(decision()))

    assert read_evidence(path) == Evidence(path=path, decision=decision())
    assert read_evidence(path).monthly_ceiling_usd == "3000"


@pytest.mark.parametrize(
    ("evidence", "why", "needed"),
    [
        (EXPIRED, "the decision ran out on 2026-11-25", "a decision, one valid on 2026-11-26"),
        (UNREADABLE, "the decision cannot be read: it is not a decision", "a decision, one that can be read"),
        (NONE, f"there is no decision in {PATH}", "what the decision allows: nothing while there is none"),
        (STAY, f"the verdict of {PATH} is stay_on_api", "what the decision allows: no GPU at all"),
        (ELSEWHERE, "the decision is about another region", "what the decision allows: GPUs in eu-west-1 alone"),
        (NO_NODE, f"too many: 3 x {KEY} (admitted: 2)", "what the decision allows: at most no node"),
        (OTHER_OPTION, f"too many: 3 x {KEY} (admitted: 2)", "what the decision allows: at most 9 x g6e.xlarge/spot"),
    ],
)
def test_a_refusal_says_why_and_what_is_needed(evidence: Evidence, why: str, needed: str) -> None:
    with pytest.raises((DENIED, UNDECIDED)) as caught:
        ask(evidence, {KEY: ADMITTED + 1})
    lead, reason = caught.value.seen.split("\n")

    assert lead == f"new GPU capacity in {REGION}: 3 x {KEY} (admitted: 2)"
    assert reason.partition(": ")[2] == why
    assert (caught.value.expected, caught.value.action) == (needed, DECIDE_AGAIN)


def test_a_refusal_names_every_type_that_grows_and_every_ceiling() -> None:
    nodes = {KEY: 2, "p5.48xlarge/spot": 9}
    with pytest.raises(DENIED) as caught:
        ask(Evidence(path=PATH, decision=decision(nodes=nodes)), {KEY: 3, "a/b": 1})

    assert caught.value.seen.endswith(f"too many: 1 x a/b (admitted: 0), 3 x {KEY} (admitted: 2)")
    assert caught.value.expected == f"what the decision allows: at most 2 x {KEY}, 9 x p5.48xlarge/spot"


@pytest.mark.usefixtures("cloud")
def test_pools_of_one_type_add_up_and_each_type_of_a_pool_counts_in_full() -> None:
    config = load(
        gpuPools=[
            pool(),
            pool(name="more", nodes={"max": 3}),
            pool(name="spot", purchaseOption="spot", instanceTypes=["g6e.xlarge", "g6.xlarge"], nodes={"max": 5}),
        ]
    )

    assert gpu_maximums(config.gpu_pools) == {
        "g6.xlarge/spot": 5,
        "g6e.xlarge/on_demand": 5,
        "g6e.xlarge/spot": 5,
    }


KEYS = st.sampled_from([KEY, "g6e.xlarge/spot", "p5.48xlarge/on_demand", "p5.48xlarge/spot"])
SIZES = st.dictionaries(KEYS, st.integers(0, 6))
DECISIONS = st.builds(
    decision,
    verdict=st.sampled_from(list(Verdict)),
    valid_until=st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=2)),
    region=st.sampled_from([REGION, "eu-west-1"]),
    nodes=SIZES,
)
EVIDENCE = st.one_of(
    st.just(NONE), st.just(UNREADABLE), DECISIONS.map(lambda found: Evidence(path=PATH, decision=found))
)


def is_admitted(evidence: Evidence, wanted: dict[str, int], admitted: dict[str, int]) -> bool:
    try:
        ask(evidence, wanted, admitted)
    except (GrowthDeniedError, GrowthUndecidedError):
        return False
    return True


@given(evidence=EVIDENCE, wanted=SIZES, admitted=SIZES)
def test_nothing_grows_without_a_valid_decision_that_covers_it(
    evidence: Evidence, wanted: dict[str, int], admitted: dict[str, int]
) -> None:
    grown = [key for key, nodes in wanted.items() if nodes > admitted.get(key, 0)]
    found = evidence.decision
    covered = (
        found is not None
        and found.verdict in (Verdict.SELF_HOST, Verdict.HYBRID)
        and found.valid_until >= TODAY
        and found.allowance is not None
        and found.allowance.region_id == REGION
        and all(wanted[key] <= found.allowance.maximum_nodes.get(key, 0) for key in grown)
    )

    assert is_admitted(evidence, wanted, admitted) == (not grown or covered)


@given(evidence=EVIDENCE, wanted=SIZES, admitted=SIZES, less=SIZES)
def test_asking_for_less_is_never_refused_where_more_was_admitted(
    evidence: Evidence, wanted: dict[str, int], admitted: dict[str, int], less: dict[str, int]
) -> None:
    smaller = {key: min(nodes, less.get(key, 0)) for key, nodes in wanted.items()}

    assert is_admitted(evidence, smaller, admitted) or not is_admitted(evidence, wanted, admitted)


@given(evidence=EVIDENCE, sizes=st.lists(SIZES, max_size=6))
def test_no_sequence_of_updates_grows_without_a_decision(evidence: Evidence, sizes: list[dict[str, int]]) -> None:
    found = evidence.decision
    ceiling = found.allowance.maximum_nodes if found and found.allowance else {}
    start = {KEY: ADMITTED}
    admitted = start

    for wanted in sizes:
        if is_admitted(evidence, wanted, admitted):
            admitted = wanted

    assert all(nodes <= max(start.get(key, 0), ceiling.get(key, 0)) for key, nodes in admitted.items())


@pytest.mark.usefixtures("cloud")
def test_a_pool_that_takes_anothers_place_counts_beside_it_until_that_one_is_gone() -> None:
    standing = {("worthwhile:infra:GpuNodePool", "old"): {KEY: 2}}

    def pools(**changes: str) -> Sequence[GpuPoolConfig]:
        return load(cluster=AUTO_MODE, gpuPools=[pool(nodes={"max": 2}, **changes)], modelServers=[]).gpu_pools

    assert most_at_once(pools(name="new"), standing) == {KEY: 4}
    assert most_at_once(pools(name="old", kind="karpenter"), standing) == {KEY: 4}
    assert most_at_once(pools(name="old"), standing) == {KEY: 2}
    assert most_at_once([], standing) == {}


@pytest.mark.usefixtures("cloud")
def test_what_one_pool_loses_never_pays_for_what_another_gains() -> None:
    standing = {("worthwhile:infra:GpuNodePool", name): {KEY: 4} for name in ("one", "two")}

    def pools(one: int, **others: int) -> Sequence[GpuPoolConfig]:
        listed = [pool(name=name, nodes={"max": most}) for name, most in {"one": one, **others}.items()]
        return load(cluster=AUTO_MODE, gpuPools=listed, modelServers=[]).gpu_pools

    assert most_at_once(pools(2, two=6), standing) == {KEY: 4 + 6}
    assert most_at_once(pools(2, two=4, new=2), standing) == {KEY: 4 + 4 + 2}
    assert most_at_once(pools(5), standing) == {KEY: 5 + 4}
    assert most_at_once(pools(2, two=3), standing) == {KEY: 2 + 3}
