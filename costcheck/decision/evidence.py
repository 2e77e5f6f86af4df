"""Rule 1 and the evidence of quality: what can be used, and what has been shown."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from costcheck.decision.inputs import Coverage, DecisionInputs
from costcheck.facts import Fact
from costcheck.model.bill import RECENT_MONTHS, BillSummary, ProviderReconciliation
from costcheck.model.coverage import next_month
from costcheck.model.residual import tokens_off
from costcheck.model.self_hosted_cost import InfrastructureCost
from costcheck.price_book import TOKEN_UNIT, StalePrice
from costcheck.records import Origin, PricingCategory
from costcheck.settings import Workload
from costcheck.verdict import Finding

DAY = timedelta(days=1)
EXAMPLES = 3
ZERO = Decimal(0)
SOURCE = "costcheck/data/thresholds.toml"
PULL = "run `costcheck prices pull`, without an AWS key with `--public`"
PACKAGED = "leave out `--token-prices installed`, or update the package genai-prices first, for they age with it"
HOW_TO_TELL_TOKENS = (
    "read the usage with `costcheck bill pull`, or without its key import the usage CSV of the provider's console "
    "(docs/access.md), or add model, input_tokens and output_tokens to the lines; prices come next: "
    "`costcheck prices pull`"
)


def unusable_evidence(inputs: DecisionInputs) -> tuple[Finding, ...]:
    """Return every reason why the bill or the demand cannot carry a verdict (rule 1)."""
    unexplained = () if amounts_carry(inputs) else unexplained_amounts(inputs)
    return (*unexplained, *_bill_problems(inputs), *_demand_problems(inputs))


def unusable_prices(inputs: DecisionInputs) -> tuple[Finding, ...]:
    """Return every reason why the prices cannot carry a verdict (rule 1)."""
    return tuple(_price_problems(inputs))


def decided_without_prices(inputs: DecisionInputs) -> bool:
    """Return whether rules 3 to 5 decide on what was charged and answered alone, whatever servers cost.

    Then old or missing prices are a remark: a bill of 400 USD needs no price of a GPU. A requirement does (rule 2).
    """
    limits = inputs.thresholds
    operator = inputs.settings.operator
    return (
        (inputs.bill.charged or not inputs.coverage.complete_months)
        and not _is_bound(inputs)
        and (
            len(inputs.coverage.complete_months) < limits.min_complete_months.value
            or inputs.bill.addressable_monthly_cost_usd < limits.keep_measuring_bill_usd.value
            or (operator.answer == "nobody" and operator.managed_provider_monthly_cost_usd is None)
        )
    )


def limit(fact: Fact) -> str:
    """Return a threshold with its unit, as findings print it."""
    return f"{fact.value:,} {fact.unit}"


def source(fact: Fact) -> str:
    """Return where a threshold stands."""
    return fact.source_url if fact.source_url != "worthwhile" else SOURCE


def active_compliance(workload: Workload, as_of: date) -> bool:
    """Return whether a requirement binds the workload on that day; an expired one binds nobody."""
    return workload.compliance is not None and workload.compliance.expires_on >= as_of


def is_proven(inputs: DecisionInputs, workload: Workload, model: str) -> bool:
    """Return whether the quality of a replacement is shown: a passed evaluation or its owner's acceptance, in date.

    The newest evaluation counts: a later failure takes back an earlier pass.
    """
    oldest = inputs.as_of - timedelta(days=int(inputs.thresholds.max_evaluation_age_days.value))
    accepted = any(row.model == model and oldest <= row.accepted_on <= inputs.as_of for row in workload.acceptances)
    evaluations = sorted(
        (row for row in workload.evaluations if row.model == model and oldest <= row.evaluated_on <= inputs.as_of),
        key=lambda row: row.evaluated_on,
    )
    return accepted or bool(evaluations and evaluations[-1].result == "pass")


def amounts_carry(inputs: DecisionInputs) -> bool:
    """Return whether what was charged answers alone: so little that no price and no token changes it (rules 3, 4).

    Where usage x price comes to much more, a bill is missing.
    """
    recent = inputs.bill.months[-RECENT_MONTHS:]
    whole = sum((row.addressable_cost_usd + row.set_aside_cost_usd for row in recent), ZERO)
    listed = sum((row.list_cost_usd for row in _unreconciled(inputs)), ZERO)
    most = _amounts_are_enough_usd(inputs)
    is_little = whole < most * len(recent) and listed < most * max(len(inputs.bill.months), 1)
    return inputs.bill.charged and not _is_bound(inputs) and is_little


def unexplained_amounts(inputs: DecisionInputs) -> tuple[Finding, ...]:
    """Return where usage x price does not come to what was charged."""
    return tuple(_unexplained(inputs))


def _unexplained(inputs: DecisionInputs) -> Iterator[Finding]:
    limits, bill = inputs.thresholds, inputs.bill
    for model in bill.unpriced_models:
        yield _problem("bill", _unpriced(inputs, model), "no list price", "a model of genai-prices", "ledger")
    if bill.charged and (rows := _unreconciled(inputs)):
        worst = max(rows, key=lambda row: row.residual_share)
        yield _problem(
            "bill",
            f"usage x price of {worst.service_provider_name} does not explain what was charged "
            f"({worst.list_cost_usd:,.2f} USD at list, {worst.billed_cost_usd:,.2f} USD billed); "
            + ("" if worst.worst_month is msgspec.UNSET else f"{worst.worst_month}; ")
            + _way_out_of(worst),
            f"{worst.residual_share:.1%} unexplained",
            limit(limits.max_unreconciled_share),
            source(limits.max_unreconciled_share),
        )


def _unpriced(inputs: DecisionInputs, model: str) -> str:
    """Return what to do where a model has no price: mend its name, mostly."""
    if model in inputs.names:
        return (
            f"nobody can price all of {model}, but one of its tiers: state it as a [[token_price]] in costcheck.toml"
        )
    names = (inputs.bill.nearest_names or {}).get(model, ())
    nearest = f" (nearest in the price list: {', '.join(names)})" if names else ""
    return (
        f"nobody can price {model}{nearest}: mend the name where it was typed and import that file again, run "
        "`costcheck prices pull` if the model is newer than the prices, or in costcheck.toml state its "
        "[[token_price]] or name it in set_aside_models"
    )


def _unreconciled(inputs: DecisionInputs) -> tuple[ProviderReconciliation, ...]:
    limit_share = inputs.thresholds.max_unreconciled_share.value
    return tuple(row for row in inputs.bill.reconciliations if row.residual_share > limit_share)


def _bill_problems(inputs: DecisionInputs) -> Iterator[Finding]:
    limits, bill = inputs.thresholds, inputs.bill
    if bill.currencies not in {(), ("USD",)}:
        yield _problem("bill", "the bill is not in USD alone", ", ".join(bill.currencies), "USD", "ledger")
    unread = inputs.coverage.unread_invoice_rows or 0
    others = inputs.coverage.quarantined_rows > unread
    if others and inputs.coverage.quarantined_share > limits.max_quarantined_share.value:
        yield _problem(
            "ledger",
            "too many rows could not be read: `costcheck bill show` tells why",
            f"{inputs.coverage.quarantined_share:.1%}",
            f"at most {limits.max_quarantined_share.value:.0%} of the rows",
            source(limits.max_quarantined_share),
        )
    if unread:
        yield _problem(
            "ledger",
            "lines of invoices could not be read, and each may be any amount: `costcheck bill show` tells why; mend "
            "the file and import it again",
            f"{unread} line{'' if unread == 1 else 's'}",
            "every line",
            "ledger",
        )
    for pair in inputs.coverage.counted_twice:
        yield _problem(
            "bill",
            "the bill is there twice",
            pair,
            "each request once",
            "ledger",
        )
    if partial := inputs.coverage.partial_months or ():
        yield _problem(
            "bill",
            "months are billed in part, and left out of the mean: import the rest; where nothing more is due, write "
            "the line of the month and not its days",
            ", ".join(f"{month:%Y-%m}" for month in partial),
            "every month from its first day to its last",
            "ledger",
        )
    for gap in inputs.coverage.missing(is_invoiced=True):
        yield _problem(
            "bill",
            "invoices are missing: import them, or a line of amount 0 for a month without any; for a month of "
            "prepaid credits alone a line of what was used of them, as the provider's console tells it",
            gap.words,
            "every month from the first to the last",
            "ledger",
        )
    if tokens_matter(inputs) and (not bill.has_usage or bill.unmeasured_share > limits.max_unreconciled_share.value):
        yield _problem(
            "bill",
            f"amounts were billed without tokens{_examples(bill)}: {HOW_TO_TELL_TOKENS}",
            usd(bill.unmeasured_monthly_cost_usd),
            f"at most {limits.max_unreconciled_share.value:.0%} of the bill",
            "ledger",
        )


def tokens_matter(inputs: DecisionInputs) -> bool:
    """Return whether amounts alone cannot carry the answer: rules 3 and 4 need none, a requirement (rule 2) does."""
    return inputs.bill.addressable_monthly_cost_usd >= _amounts_are_enough_usd(inputs)


def _is_bound(inputs: DecisionInputs) -> bool:
    return any(active_compliance(workload, inputs.as_of) for workload in inputs.settings.workload)


def _amounts_are_enough_usd(inputs: DecisionInputs) -> Decimal:
    limits = inputs.thresholds
    if _is_bound(inputs):
        return limits.min_addressable_bill_usd.value
    return max(limits.min_addressable_bill_usd.value, limits.keep_measuring_bill_usd.value)


def _way_out_of(row: ProviderReconciliation) -> str:
    off = tokens_off(row.billed_cost_usd, row.list_cost_usd)
    if off:
        return f"the tokens look {off}: write all their digits"
    if row.billed_cost_usd < row.list_cost_usd:
        return "enter a contracted_discount if there is one, or import the bill that is missing"
    return (
        "tokens are missing, or cost more there: `costcheck bill reconcile` shows the models, and what might fit, on "
        "which no decision rests; seats and tools in an invoice are lines of the category purchase"
    )


def _quiet(coverage: Coverage) -> str:
    return "" if coverage.quiet is msgspec.UNSET else f" ({'; '.join(coverage.quiet)})"


def _examples(bill: BillSummary) -> str:
    if bill.unmeasured is msgspec.UNSET:
        return ""
    more = len(bill.unmeasured) - EXAMPLES
    return f" ({'; '.join(bill.unmeasured[:EXAMPLES])}{f'; and {more} more' if more > 0 else ''})"


def _demand_problems(inputs: DecisionInputs) -> Iterator[Finding]:
    limits, coverage = inputs.thresholds, inputs.coverage
    yield from _declared_problems(inputs)
    measured = [row for row in inputs.settings.workload if row.declared_demand is None]
    if not measured:
        return
    if coverage.last_day is None:
        yield _problem("demand", "nothing was measured", "an empty ledger", "usage or charges", "ledger")
        return
    ended = next_month(coverage.complete_months[-1]) if coverage.complete_months else coverage.last_day + DAY
    age = (inputs.as_of - ended).days
    if age > limits.max_bill_age_days.value:
        yield _problem(
            "bill",
            f"the last of the measured months ended on {ended - DAY}: pull or import the months after it",
            f"{age} days old",
            limit(limits.max_bill_age_days),
            source(limits.max_bill_age_days),
        )
    gap_days = coverage.longest_gap_days(tokens_matter=tokens_matter(inputs))
    if gap_days > limits.max_gap_days.value:
        yield _problem(
            "demand",
            f"usage is missing inside the measured months{_quiet(coverage)}",
            f"{gap_days} days in a row",
            limit(limits.max_gap_days),
            source(limits.max_gap_days),
        )


def _declared_problems(inputs: DecisionInputs) -> Iterator[Finding]:
    for workload in inputs.settings.workload:
        if workload.declared_demand is not None and not active_compliance(workload, inputs.as_of):
            yield _problem(
                "demand",
                f"the demand of {workload.name} is declared, and the requirement that allowed it has expired",
                "a declared demand",
                "a measured one",
                "costcheck.toml",
            )


def _price_problems(inputs: DecisionInputs) -> Iterator[Finding]:
    region, priced = inputs.settings.company.region_id, inputs.snapshot.region_id
    if region != priced:
        yield _problem("price", "the prices are those of another region", priced, region, "the price snapshot")
    elif any(row.candidates for row in inputs.settings.workload) and not any(
        is_sold for _, _, is_sold in instance_offers(inputs)
    ):
        options = ", ".join(inputs.settings.self_hosting.purchase_options) or "no purchase option"
        yield _problem("price", "no GPU instance has a price", options, "one or more", "the price snapshot")
    # A commitment decides nothing (commitment.py).
    rows = inputs.book.stale(inputs.as_of, live=inputs.live)
    stale = [row for row in rows if row.price.pricing_category is not PricingCategory.COMMITTED]
    if stale:
        worst = stale[0]
        yield _problem(
            "price",
            f"{len(stale)} prices are too old, the oldest that of {worst.price.key}; {_newer_prices(stale)}",
            f"{worst.age_days} days",
            f"{worst.limit_days} days",
            worst.price.provenance.source_url,
        )


def _newer_prices(stale: Sequence[StalePrice]) -> str:
    """Return what helps: one command for all, and one thing more where token prices came with a package."""
    is_packaged = any(
        row.price.pricing_unit == TOKEN_UNIT and row.price.provenance.origin is Origin.BUNDLED for row in stale
    )
    return f"{PULL}; for token prices {PACKAGED} (docs/prices.md)" if is_packaged else PULL


def instance_offers(inputs: DecisionInputs) -> Iterator[tuple[str, str, bool]]:
    """Yield every instance type and purchase option that may be used, and whether it has a price in the region."""
    hosting, book, region = inputs.settings.self_hosting, inputs.book, inputs.settings.company.region_id
    costs = InfrastructureCost(book=book, region_id=region, assumptions=inputs.assumptions)
    wanted = hosting.instance_types or tuple(row.instance_type for row in book.gpu_instance_types())
    for instance_type in wanted:
        for option in hosting.purchase_options:
            yield instance_type, option, costs.is_sold(instance_type, option)


def _problem(subject: str, message: str, figure: str, threshold: str, where: str) -> Finding:
    return Finding(rule=1, subject=subject, message=message, figure=figure, threshold=threshold, source=where)


def usd(amount: Decimal) -> str:
    """Return an amount a month as findings print it."""
    return f"{amount:,.2f} USD/month"
