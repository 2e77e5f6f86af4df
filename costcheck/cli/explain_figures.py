"""Where the figures of a decision and the rules of the kit come from."""

import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from costcheck.catalogue import load_serving_rules
from costcheck.demand_rules import read_demand_rules
from costcheck.facts import Fact
from costcheck.report.figures import band, usd
from costcheck.report.sections import break_even_sentence, pay_back_sentence
from costcheck.report.words import RULES, best_self_hosted, headline
from costcheck.rules import load_assumptions, load_thresholds
from costcheck.verdict import CostLine, Decision, Finding

RULE_FILES = {
    "thresholds.toml": lambda: load_thresholds({}),
    "assumptions.toml": lambda: load_assumptions({}),
    "serving_rules.toml": load_serving_rules,
    "demand_rules.toml": read_demand_rules,
}


def explain_answers(decision: Decision, query: str) -> list[list[str]]:
    """Return what the decision says under the name that the query is part of, each answer with what it rests on."""
    wanted = _squashed(query)
    return [block for name, block in _answers(decision) if wanted in name]


def _squashed(text: str) -> str:
    """Return the text as `break-even`, `break_even` and `breakeven` all are."""
    return re.sub(r"[-_ ]", "", text.lower())


def _answers(decision: Decision) -> Iterator[tuple[str, list[str]]]:
    best, found = best_self_hosted(decision), decision.break_even
    yield (
        "verdict",
        [f"verdict: {decision.verdict}", f"  says      {headline(decision)}", f"  rule      {decision.rule}"],
    )
    yield (
        "breakeven",
        [
            break_even_sentence(decision),
            f"  option    {found.option_id if found else 'none priced'}",
        ],
    )
    yield (
        "payback",
        [
            pay_back_sentence(decision),
            f"  set-up    {usd(best.set_up_cost_usd) if best else 'no self-hosted option was priced'}",
            f"  saving    {band(best.saving_usd) if best else 'none'} a month (P10 / P50 / P90)",
        ],
    )
    for option in decision.options:
        if option.saving_usd is not None:
            yield (
                "saving",
                [
                    f"saving of {option.label}: {band(option.saving_usd)} a month (P10 / P50 / P90)",
                    f"  costs     {band(option.monthly_cost_usd)} a month",
                    f"  against   {decision.baseline_option or 'nothing'}, on the same draws",
                    f"  why not   {option.why_not or 'it could be chosen'}",
                ],
            )


def explain_decision(decision: Decision, query: str) -> list[list[str]]:
    """Return the cost lines and findings of a decision that the query names, each back to its price or threshold."""
    wanted = query.lower()
    lines: dict[tuple[str, Decimal], list[str]] = {}
    for option in decision.options:
        for line in option.lines:
            if wanted in f"{line.name} {line.sku_meter} {line.sku_id or ''}".lower():
                lines.setdefault((line.name, line.monthly_cost_usd), _cost_line(option.label, line))
    found = [_finding(row) for row in decision.findings if wanted in f"{row.subject} {row.message}".lower()]
    return [*lines.values(), *found]


def explain_rule(query: str) -> list[list[str]]:
    """Return the row of the decision table that the query is the number of (`rule 4`), and its thresholds."""
    found = re.fullmatch(r"rule(\d+)", _squashed(query))
    number = int(found[1]) if found else 0
    if number not in RULES:
        return []
    names = [name for name, fact in _facts(load_thresholds({})) if fact.note.startswith(f"rule {number}:")]
    return [
        [
            f"rule {number} of {len(RULES)}: {RULES[number]}",
            f"  limits    {', '.join(names) or 'none'}",
            "  look up   docs/how-it-decides.md",
        ]
    ]


def explain_facts(query: str) -> list[list[str]]:
    """Return the rules of the kit that the query names, with value, range, source and day."""
    wanted = query.lower().replace(" ", "_")
    return [
        _fact(f"{file} {name}", fact)
        for file, load in RULE_FILES.items()
        for name, fact in _facts(load())
        if wanted in name
    ]


def _cost_line(option: str, line: CostLine) -> list[str]:
    return [
        f"{line.name}: {line.monthly_cost_usd:,.2f} USD a month",
        f"  option    {option} (the first that has it)",
        f"  made of   {line.quantity:,.4f} {line.unit} x {line.unit_price_usd} USD",
        f"  meter     {line.sku_meter}",
        f"  SKU       {line.sku_id or 'no SKU recorded'}",
        f"  observed  {line.price_date}",
        f"  look up   {line.price_source}",
    ]


def _finding(row: Finding) -> list[str]:
    return [
        f"rule {row.rule}, {row.subject}: {row.message}",
        f"  seen      {row.figure or 'no figure'}",
        f"  threshold {row.threshold or 'none'}",
        f"  look up   {row.source or 'the bill'}",
    ]


def _facts(rules: msgspec.Struct, prefix: str = "") -> Iterator[tuple[str, Fact]]:
    for name in rules.__struct_fields__:
        value = getattr(rules, name)
        if isinstance(value, Fact):
            yield f"{prefix}{name}", value
        elif isinstance(value, msgspec.Struct):
            yield from _facts(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield from _facts(inner, f"{prefix}{name}.{key}.")


def _fact(name: str, fact: Fact) -> list[str]:
    band = "" if fact.low is None else f", from {fact.low} (P10) to {fact.high} (P90)"
    return [
        name,
        f"  value     {fact.value} {fact.unit}{band}",
        f"  why       {fact.note or 'no note'}",
        f"  look up   {_source(fact)}",
        f"  checked   {fact.checked}",
    ]


def _source(fact: Fact) -> str:
    return (
        "a choice of this kit; override it in costcheck.toml" if fact.source_url == "worthwhile" else fact.source_url
    )
