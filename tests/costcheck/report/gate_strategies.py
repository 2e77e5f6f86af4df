"""Answers of the gate with anything in them that whoever writes a plan could have named."""

from decimal import Decimal

from hypothesis import strategies as st

from costcheck.gate.result import Check, Cost, GateResult, GpuCapacity, Known, Notice, Outcome, ResourceCost, Status
from tests.costcheck.gate.results import component, result
from tests.costcheck.report.strategies import NASTY

REFERENCES = (
    "#123", "\\#123", "GH-1", "gh-2", "ABC-12", "!5", "&7", "~bug", "%v1", "$9", "^alert#1", "/close", "a/b#1", "a@b",
    "0123456789abcdef0123456789abcdef01234567", "deadbeef", "mailto:a@b.c", "http://a.b", "WWW.a.b", "ftp://a", "`x`",
    "$`x`$", "``", "`a|b`", "<!-- worthwhile-gate:shop/dev -->", "</details>", "![a](b)", "[secret]", "{+ a +}", "\\",
    ":+1:", "> [!NOTE]", "[a]: b", "\u202eabc\u202c", "\x00\x0b\ufffe", "</failure>", "]]>", "[a](1)",
)  # fmt: skip
words = st.lists(st.one_of(st.sampled_from((*NASTY, *REFERENCES)), st.text(max_size=8)), max_size=5).map("".join)
amounts = st.decimals(min_value=0, max_value=10**9, places=4)
costs = st.tuples(amounts, amounts).map(lambda pair: Cost(desired_usd=min(pair), maximum_usd=max(pair)))
components = st.builds(
    component, name=words, unit=words, quantity=st.none() | amounts, maximum_quantity=amounts, cost=st.none() | costs,
    unit_price_usd=amounts, sku_id=st.none() | words, sku_meter=words, price_source=words,
)  # fmt: skip
operations = st.sampled_from(["create", "update", "same", "delete"])
resources = st.builds(
    ResourceCost, urn=words, token=words, name=words, operation=operations, status=st.sampled_from(Status),
    reason=words, components=st.lists(components, max_size=2).map(tuple), before=st.none() | costs,
    after=st.none() | costs,
)  # fmt: skip
checks = st.builds(
    Check, name=words, outcome=st.sampled_from(Outcome), subject=words, seen=words, needed=words, to_do=words,
    waived_by=words,
)  # fmt: skip
notices = st.builds(Notice, name=words, subject=words, seen=words, to_do=words)
gpus = st.builds(
    GpuCapacity, key=words, region_id=words, before=st.none() | st.integers(0, 99).map(Decimal),
    after=st.none() | st.integers(0, 99).map(Decimal), allowed=st.none() | st.integers(0, 99),
)  # fmt: skip


results: st.SearchStrategy[GateResult] = st.builds(
    result, outcome=st.sampled_from(Outcome), headline=words, project=words, stack=words, before=costs, after=costs,
    checks=st.lists(checks, max_size=3).map(tuple), resources=st.lists(resources, max_size=3).map(tuple),
    usage=st.lists(components, max_size=2).map(tuple), gpus=st.lists(gpus, max_size=2).map(tuple),
    notices=st.lists(notices, max_size=2).map(tuple), increase=st.sampled_from(Known), no_live_prices=words,
    complete=st.booleans(), decision=words, plan_sha256=words, costcheck_version=words,
)  # fmt: skip
