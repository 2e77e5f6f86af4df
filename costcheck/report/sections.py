"""The sections of a report over one `Decision`; every renderer shows these, so they cannot disagree."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from costcheck.report.figures import (
    NO_SKU,
    NONE,
    UNKNOWN,
    band,
    count,
    counted,
    day,
    mapping,
    months,
    plain,
    quantity,
    share,
    unit,
    unit_price,
    usd,
    usd_and_cents,
)
from costcheck.report.page import Section, Table
from costcheck.report.words import (
    BASE,
    COMPLIANCE,
    KINDS,
    PERCENTILES,
    TODAY,
    best_self_hosted,
    deciding_findings,
    finding_sentence,
    limit_in_words,
    rule_sentence,
    saving_in_words,
    turned_in_words,
    verdict_on,
)
from costcheck.verdict import ApiChange, BreakEven, CostLine, Decision, Fleet, OptionResult, Verdict


def subtitle(decision: Decision) -> str:
    """Return whose decision it is and how long it holds."""
    return (
        f"{plain(decision.company)}, as of {day(decision.as_of)}; "
        f"this answer is valid until {day(decision.valid_until)}."
    )


def sections(decision: Decision) -> tuple[Section, ...]:
    """Return everything that the decision says, in reading order, without empty sections."""
    return tuple(section for section in every_section(decision) if not section.is_empty)


def every_section(decision: Decision) -> tuple[Section, ...]:
    """Return all sections in reading order, the empty ones too."""
    return tuple(build(decision) for build in _BUILDERS)


def why(decision: Decision) -> Section:
    """Return the rule that decided and its findings: figure, threshold and source."""
    deciding = tuple(map(finding_sentence, deciding_findings(decision)))
    return Section(key="why", title="Why", lead=(rule_sentence(decision),), points=deciding)


def options(decision: Decision, shown: tuple[OptionResult, ...] | None = None) -> Section:
    """Return the options, cheapest first; all of them unless told which."""
    title = "What each option costs"
    chosen_from = decision.options if shown is None else shown
    if not chosen_from:
        return Section(key="options", title=title, lead=("No option was priced.",))
    ordered = sorted(chosen_from, key=lambda option: (option.monthly_cost_usd.p50, option.option_id))
    table = Table(
        columns=("Option", "A month, P10 / P50 / P90", "Saving, P50", "Result"),
        rows=tuple(
            (
                plain(option.label),
                band(option.monthly_cost_usd),
                saving_in_words(option, decision),
                verdict_on(option, decision),
            )
            for option in ordered
        ),
        figures=frozenset({1, 2}),
    )
    notes = (PERCENTILES, f"Saving: a month, against the option marked {BASE}; minus is a loss.")
    return Section(key="options", title=title, table=table, notes=notes)


def workloads(decision: Decision) -> Section:
    """Return what becomes of each workload."""
    rows = tuple(
        (
            plain(answer.name),
            f"{KINDS[answer.goes_to]}: {plain(answer.model)}",
            str(answer.rule),
            plain(answer.reason),
        )
        for answer in decision.workloads
    )
    table = Table(columns=("Workload", "Goes to", "Rule", "Reason"), rows=rows, figures=frozenset({2}))
    return Section(key="workloads", title="Each workload", table=table)


def fleet(decision: Decision) -> Section:
    """Return the fleet of GPU instances that was chosen, or the best one that was not."""
    option = best_self_hosted(decision)
    title = "The GPU instances"
    if option is None:
        return Section(key="fleet", title=title, lead=("No fleet of GPU instances was priced.",))
    standing = "chosen" if option.option_id == decision.chosen_option else "the best that was found, not chosen"
    schedule = f" Schedule: {plain(option.schedule)}." if option.schedule.strip() else ""
    saving = (
        f"Saving against the cheapest API option, P10 / P50 / P90: {band(option.saving_usd)} a month. "
        f"Set-up: {usd(option.set_up_cost_usd)} once."
    )
    lead = (f"{plain(option.label)} ({standing}).{schedule}", saving)
    return Section(key="fleet", title=title, lead=lead, points=tuple(map(fleet_sentence, option.fleets)))


def fleet_sentence(instances: Fleet) -> str:
    """Return type, count, load at the busy hour, and what limits it."""
    gpus = instances.tensor_parallel * instances.replicas_per_instance
    return (
        f"{counted(instances.instance_count, 'instance')} of {plain(instances.instance_type)}, "
        f"{_spaced(instances.purchase_option)}, {quantity(instances.hours_per_month)} hours a month "
        f"(at most {counted(instances.maximum_instance_count, 'instance')} in the busiest hour ahead); "
        f"serves {plain(instances.model)}, {plain(instances.quantization)}, on {counted(gpus, 'GPU')} each, "
        f"for {', '.join(map(plain, instances.workloads)) or UNKNOWN}. "
        f"Busy hour: {quantity(instances.busy_requests_per_second)} requests a second, "
        f"{share(instances.utilisation)} of what the instances sustain in time "
        f"({quantity(instances.requests_per_second_per_instance)} each). "
        f"What limits them: {limit_in_words(instances.bound_by)}."
    )


def _spaced(name: str) -> str:
    return plain(name.replace("_", " "))


def fleet_in_brief(instances: Fleet) -> str:
    """Return type, count, load at the busy hour, and what limits it, in one line."""
    return (
        f"{counted(instances.instance_count, 'instance')} of {plain(instances.instance_type)} "
        f"({_spaced(instances.purchase_option)}), {share(instances.utilisation)} used in the busy hour, "
        f"limited by {limit_in_words(instances.bound_by)}."
    )


def cost_lines(decision: Decision) -> Section:
    """Return what the shown fleet costs, biggest line first, each with its price, SKU and date."""
    option = best_self_hosted(decision)
    return _lines_of("fleet-costs", "What it costs, line by line", option)


def chosen_lines(decision: Decision) -> Section:
    """Return the lines of the chosen option where it is not the fleet that is shown anyway."""
    chosen = next((option for option in decision.options if option.option_id == decision.chosen_option), None)
    if chosen is best_self_hosted(decision):
        chosen = None
    section = _lines_of("chosen-costs", "What the chosen option costs, line by line", chosen)
    return section if cost_lines(decision).is_empty else replace(section, notes=section.notes[:1])


def _lines_of(key: str, title: str, option: OptionResult | None) -> Section:
    if option is None or not option.lines:
        return Section(key=key, title=title)
    ordered = sorted(option.lines, key=lambda line: (-line.monthly_cost_usd, line.name))
    table = Table(
        columns=("Line", "Quantity", "Unit price", "A month", "SKU, price date"),
        rows=tuple(map(_line_row, ordered)),
        figures=frozenset({2, 3}),
    )
    sources = sorted({plain(line.price_source) for line in option.lines})
    return Section(
        key=key,
        title=title,
        lead=(f"{plain(option.label)}, at today's demand and prices.",),
        table=table,
        notes=(f"Prices from: {'; '.join(sources)}", "SKU: the seller's number of the thing priced."),
    )


def _line_row(line: CostLine) -> tuple[str, ...]:
    sku = plain(line.sku_id) if (line.sku_id or "").strip() else NO_SKU
    return (
        plain(line.name),
        f"{quantity(line.quantity)} {unit(line.unit)}",
        unit_price(line.unit_price_usd),
        usd_and_cents(line.monthly_cost_usd),
        f"{sku}, {day(line.price_date)}",
    )


def break_even(decision: Decision) -> Section:
    """Return the volume at which both sides cost the same, and the pay-back."""
    lead = (break_even_sentence(decision), pay_back_sentence(decision))
    return Section(key="break-even", title="Break-even and pay-back", lead=lead)


def break_even_sentence(decision: Decision) -> str:
    """Return the break-even in requests and tokens a month, and when it is reached."""
    found = decision.break_even
    if found is None:
        missing = UNKNOWN if decision.verdict is Verdict.INSUFFICIENT_EVIDENCE else NONE
        return f"Break-even: {missing}."
    note = f" {plain(found.note)}" if found.note.strip() else ""
    today = f"Today: {count(found.today_monthly_requests)} requests a month."
    if found.monthly_requests is None:
        return f"Break-even: {NONE} at any volume that these instances can serve.{note} {today}"
    return (
        f"Break-even: {count(found.monthly_requests)} requests or {count(found.monthly_tokens)} tokens a month"
        f"{_on(found)}. {today} {_reached(found)}{note}"
    )


def _on(found: BreakEven) -> str:
    return "" if found.instance_count is None else f", on {counted(found.instance_count, 'instance')}"


def _reached(found: BreakEven) -> str:
    if found.month_reached is None:
        return "Reached: not within the months that were looked at."
    return "Reached: now." if found.month_reached == 0 else f"Reached: in month {found.month_reached} from today."


def pay_back_sentence(decision: Decision) -> str:
    """Return how long the set-up cost takes to come back."""
    if decision.pay_back_months is not None:
        return f"Pay-back: {months(decision.pay_back_months)} until the set-up cost is earned back."
    if decision.verdict is Verdict.INSUFFICIENT_EVIDENCE:
        return f"Pay-back: {UNKNOWN}."
    if decision.rule == COMPLIANCE:
        return "Pay-back: not asked; a requirement decides."
    if not decision.options:
        return f"Pay-back: {UNKNOWN}; no option was priced."
    return f"Pay-back: {NONE}; the set-up cost is not earned back."


def flips(decision: Decision) -> Section:
    """Return what would turn the verdict, and the assumption that matters most."""
    table = Table(
        columns=("What", "Today", "Turns at", "Becomes"),
        rows=tuple(
            (plain(flip.what), plain(flip.today), plain(flip.flips_at), turned_in_words(flip.becomes))
            for flip in decision.flips
        ),
    )
    lead = () if decision.flips else (f"What would change it: {NONE} found.",)
    matters = f"The assumption that matters most: {plain(decision.dominant_assumption).rstrip('.')}."
    return Section(key="flips", title="What would change the answer", lead=lead, table=table, notes=(matters,))


def api_changes(decision: Decision) -> Section:
    """Return what is worth doing while the work stays on the API."""
    points = tuple(
        f"{plain(change.label)}: saves {usd(change.monthly_saving_usd)} a month {TODAY}. Needs: {_needs(change)}"
        for change in decision.api_changes
    )
    return Section(key="api-changes", title="Worth doing on the API now", points=points)


def _needs(change: ApiChange) -> str:
    return plain(change.needs) if change.needs.strip() else "nothing more"


def preconditions(decision: Decision) -> Section:
    """Return what must be done first."""
    points = tuple(map(plain, decision.preconditions))
    return Section(key="preconditions", title="To be done before anything can start", points=points)


def allowance(decision: Decision) -> Section:
    """Return what may be provisioned on the strength of this decision."""
    if decision.allowance is None:
        return Section(key="allowance", title="What may be provisioned", lead=("No GPU instance.",))
    allowed = decision.allowance
    lead = (
        f"In {plain(allowed.region_id)}, at most, in instances: {mapping(allowed.maximum_nodes)}.",
        f"At most {usd_and_cents(allowed.monthly_ceiling_usd)} a month, people's time apart.",
        f"Nothing else, and nothing new after {day(decision.valid_until)}.",
    )
    return Section(key="allowance", title="What may be provisioned", lead=lead)


def other_findings(decision: Decision) -> Section:
    """Return the findings that did not decide."""
    deciding = deciding_findings(decision)
    points = tuple(finding_sentence(finding) for finding in decision.findings if finding not in deciding)
    return Section(key="findings", title="Also found", points=points)


def evidence(decision: Decision) -> Section:
    """Return how much was measured and how long the answer holds."""
    points = (
        f"Complete months of measured usage: {decision.complete_months or NONE}",
        f"API bill that could move: {usd_and_cents(decision.addressable_bill_usd)} a month"
        if decision.addressable_bill_usd
        else f"API bill that could move: {NONE}",
        f"As of: {day(decision.as_of)}",
        f"Valid until: {day(decision.valid_until)}",
        f"Ask again on: {day(decision.ask_again_on)}",
        f"Computed by: costcheck {plain(decision.costcheck_version)}",
    )
    return Section(key="evidence", title="Evidence and dates", points=points)


def digests(decision: Decision) -> Section:
    """Return the fingerprint of each input, so that a changed one is noticed."""
    rows = tuple((plain(name), plain(digest)) for name, digest in sorted(decision.input_digests.items()))
    return Section(key="digests", title="Inputs", table=Table(columns=("Input", "sha256"), rows=rows))


_BUILDERS: Final[tuple[Callable[[Decision], Section], ...]] = (
    why,
    options,
    workloads,
    fleet,
    cost_lines,
    chosen_lines,
    break_even,
    flips,
    api_changes,
    preconditions,
    allowance,
    other_findings,
    evidence,
    digests,
)
