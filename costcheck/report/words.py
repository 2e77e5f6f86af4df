"""The words of a verdict, for a reader who knows money and not GPUs."""

from typing import Final

from costcheck.report.figures import plain, usd
from costcheck.verdict import Decision, Finding, OptionKind, OptionResult, Verdict

VERDICTS: Final = {
    Verdict.STAY_ON_API: "Stay on the API",
    Verdict.SELF_HOST: "Run your own model",
    Verdict.HYBRID: "Run your own model and keep the API beside it",
    Verdict.INSUFFICIENT_EVIDENCE: "Not enough evidence to answer",
}

COMPLIANCE: Final = 2
"""The row of the decision table about requirements."""

BASE: Final = "base"
"""What the saving column says of the option that the others are held against."""

TODAY: Final = "at today's volume and prices"
"""What the saving of a change of API is meant at; the options are means of the months ahead, in which prices fall."""

COST_CASE: Final = 6
"""The row of the decision table about the cost case."""

RULES: Final = {
    1: "the bills, the prices or the measured demand cannot be used as they are",
    2: "a compliance requirement leaves a workload only some of the options, and it takes the cheapest of them",
    3: "there are too few complete months of measured usage, or the bill that could move is too small",
    4: "the bill that could move is still small, so keep measuring and ask again on the date given",
    5: "nobody is there to run it, and no managed provider was priced in",
    6: "there is no cost case (the saving is too small or too uncertain, takes too long to pay back, or is worth "
    "more if you wait)",
    7: "there is a cost case, but it is not known who would run it, or nothing shows that the other model answers "
    "well enough",
    8: "it cannot be bought, because the machines are not offered, or capacity is refused everywhere",
    9: "moving some of the load and leaving the rest on the API is the cheapest sound answer",
    10: "moving all of it is the cheapest sound answer",
}
"""The condition of each row of the decision table; its figures are thresholds, so they stand in the findings."""

KINDS: Final = {
    OptionKind.API_TODAY: "the API as it is today",
    OptionKind.API_CHEAPER: "the API, made cheaper",
    OptionKind.MANAGED_OPEN_WEIGHTS: "the same open model at a managed API",
    OptionKind.MANAGED_QUOTE: "a managed service, as quoted",
    OptionKind.SELF_HOSTED: "your own GPU instances",
    OptionKind.HYBRID: "your own GPU instances and the API",
}

ONLY_ON_PAPER: Final = "then it would pay, and who runs it or how well it answers would still have to be shown"
"""What rule 7 says of a change that makes a cost case."""

PERCENTILES: Final = "P50 is the middle of the simulated outcomes; eight in ten lie between P10 and P90."


LIMITS: Final = {
    "kv_memory": "GPU memory for requests in flight (the KV cache)",
    "tpot": "the time between tokens",
    "ttft": "the time to the first token",
    "throughput": "the number of requests that the engine runs at once",
}


def limit_in_words(name: str) -> str:
    """Return what keeps a GPU from serving more, in words; an unknown name as it is."""
    return LIMITS.get(name, plain(name))


def headline(decision: Decision) -> str:
    """Return the first line of every report: the verdict in capitals, and what it means here."""
    return f"{VERDICTS[decision.verdict].upper()} - {plain(decision.headline)}"


def rule_sentence(decision: Decision) -> str:
    """Return which row of the decision table matched, and its condition in words."""
    condition = RULES.get(decision.rule)
    if condition is None:
        return f"Rule {decision.rule} decided."
    return f"Rule {decision.rule} of {len(RULES)} decided: {condition}."


def deciding_findings(decision: Decision) -> tuple[Finding, ...]:
    """Return the findings that the verdict rests on: those of its rule, and of the cost case where it moves."""
    own = tuple(row for row in decision.findings if row.rule == decision.rule)
    moves = decision.verdict in {Verdict.SELF_HOST, Verdict.HYBRID}
    return own or tuple(row for row in decision.findings if row.rule == COST_CASE and moves)


def finding_sentence(finding: Finding) -> str:
    """Return the finding with what was seen, what it was held against and where that stands."""
    details = (("seen", finding.figure), ("threshold", finding.threshold), ("source", finding.source))
    shown = "; ".join(f"{name}: {plain(text)}" for name, text in details if text.strip())
    sentence = f"{plain(finding.subject)}: {plain(finding.message)}"
    return f"{sentence} ({shown})" if shown else sentence


def verdict_in_words(name: str) -> str:
    """Return a verdict's name in words, anything else as it is."""
    known = {verdict.value: words for verdict, words in VERDICTS.items()}
    return known.get(name, plain(name))


def turned_in_words(name: str) -> str:
    """Return the verdict that a change would turn to: without evidence it is one of cost alone (rule 7)."""
    return ONLY_ON_PAPER if name == Verdict.INSUFFICIENT_EVIDENCE.value else verdict_in_words(name)


def best_self_hosted(decision: Decision) -> OptionResult | None:
    """Return the option whose fleet is shown: the chosen one, else the best that was found."""
    fleets = [option for option in decision.options if option.fleets]
    chosen = [option for option in fleets if option.option_id == decision.chosen_option]
    return next(iter(chosen + fleets), None)


def saving_in_words(option: OptionResult, decision: Decision) -> str:
    """Return the median saving, `base` for the option that savings are measured against, else nothing."""
    if option.option_id == decision.baseline_option:
        return BASE
    return usd(option.saving_usd.p50) if option.saving_usd else ""


def verdict_on(option: OptionResult, decision: Decision) -> str:
    """Return `chosen`, why the option could not be chosen, or that it could."""
    if option.option_id == decision.chosen_option:
        return "chosen"
    return plain(option.why_not) if option.why_not.strip() else "possible, not chosen"
