"""Decisions with anything in them that a user, a file or a provider could have named."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from costcheck.verdict import Band, Decision
from tests.costcheck import builders

NASTY = (
    "|", "||", "\\|", "`", "``` ", "\n# Heading", "\r\n\r\n## Two", "<script>", "<!-- end: why -->", "&lt;", "](x)",
    "[a](https://example.com)", "https://example.com", "www.example.com", "@team", "a@example.com", "1. ", "- ",
    "===", "---", "***", "__x__", "~~~", "\x1b[31m", "\u202e", "\u2028", "名前", "é", "[red]", ":smile:", "{{ x }}",
    "$x$", "\t",
)  # fmt: skip
words = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=12)), max_size=6).map("".join)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
bands = st.lists(amounts, min_size=3, max_size=3).map(
    lambda three: Band(**dict(zip(("p10", "p50", "p90"), sorted(three), strict=True)))
)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Return one of the four decisions with strange names and figures in every place."""
    known = draw(
        st.sampled_from(
            [builders.stay_on_api(), builders.self_host(), builders.hybrid(), builders.insufficient_evidence()]
        )
    )
    options = tuple(
        replace(
            option,
            label=draw(words),
            monthly_cost_usd=draw(bands),
            saving_usd=draw(st.none() | bands),
            lines=tuple(
                builders.cost_line(
                    name=draw(words), sku_id=draw(st.none() | words), price_source=draw(words), unit=draw(words)
                )
                for _ in option.lines
            ),
            fleets=tuple(
                replace(fleet, model=draw(words), bound_by=draw(words), workloads=(draw(words),))
                for fleet in option.fleets
            ),
        )
        for option in known.options
    )
    findings = st.builds(
        builders.finding, rule=st.integers(0, 10), subject=words, message=words, figure=words, source=words
    )
    return replace(
        known,
        company=draw(words),
        headline=draw(words),
        options=options,
        findings=tuple(draw(st.lists(findings, max_size=4))),
        workloads=tuple(replace(known_answer, name=draw(words)) for known_answer in known.workloads),
        flips=tuple(replace(flip, what=draw(words), today=draw(words)) for flip in known.flips),
        dominant_assumption=draw(words),
        preconditions=tuple(draw(st.lists(words, max_size=2))),
        pay_back_months=draw(st.none() | st.decimals(0, 600, places=3).map(Decimal)),
        input_digests={"inputs": "0" * 64, draw(words): draw(words)},
    )
