"""What was measured, and what was not: shares, gaps, months and models that a decision has to know of."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import msgspec

from costcheck.decision.inputs import MissingMonths
from costcheck.demand_rules import DemandRules
from costcheck.errors import EvidenceError
from costcheck.ledger import Ledger
from costcheck.model.bill import LINE_TELLS_BOTH
from costcheck.model.coverage import Coverage, measure_coverage, next_month
from costcheck.records import ChargeCategory, MonthCharge, Operation, UsageHour
from costcheck.rules import read_ledger_rules

DAY = timedelta(days=1)
ZERO = Decimal(0)


def quarantined_share(ledger: Ledger) -> Decimal:
    """Return the share of its rows that nobody could read, of the source where it is largest.

    Where nobody noted how many rows came in, those that the ledger holds are taken for all: the share is the larger.
    """
    read: Counter[str] = Counter()
    for ingest in ledger.ingests():
        read[ingest.x_source] += ingest.row_count if ingest.rows_in is None else ingest.rows_in
    unread: Counter[str] = Counter()
    for (source, _), count in ledger.count_quarantined().items():
        unread[source] += count
    return max((Decimal(count) / max(read[source], 1) for source, count in unread.items()), default=ZERO)


def unread_invoice_rows(ledger: Ledger) -> int | msgspec.UnsetType:
    """Return the lines of invoices that nobody could read, unset if none: each may be any amount."""
    counts = ledger.count_quarantined().items()
    return sum(count for (source, _), count in counts if source in LINE_TELLS_BOTH) or msgspec.UNSET


def missing_months(ledger: Ledger, as_of: date) -> tuple[MissingMonths, ...] | msgspec.UnsetType:
    """Return the months before the question that a provider's bills leave out, unset if none."""
    found = []
    for gap in ledger.gaps():
        months = tuple(month for month in gap.months if next_month(month) <= as_of)
        row = MissingMonths(
            x_source=gap.x_source,
            service_provider_name=gap.service_provider_name,
            months=months,
            is_invoiced=gap.x_source in LINE_TELLS_BOTH,
        )
        found += [row] if months else []
    return tuple(found) or msgspec.UNSET


def longest_run(days: Sequence[date]) -> int:
    """Return the length of the longest run of consecutive days."""
    return max(((last - first + DAY).days for first, last in _runs(days)), default=0)


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last of each run of consecutive days, which are in order."""
    known = set(days)
    starts = (day for day in days if day - DAY not in known)
    ends = (day for day in days if day + DAY not in known)
    yield from zip(starts, ends, strict=True)


def unbilled_gap_days(gap_days: Sequence[date], charges: Sequence[MonthCharge]) -> int | msgspec.UnsetType:
    """Return the longest run of such days that no invoice covers, unset where that is the whole run."""
    invoiced = {row.month for row in charges if row.x_source in LINE_TELLS_BOTH}
    unbilled = longest_run([day for day in gap_days if day.replace(day=1) not in invoiced])
    return msgspec.UNSET if unbilled == longest_run(gap_days) else unbilled


def quiet_providers(
    usage: Sequence[UsageHour], as_of: date, rules: DemandRules
) -> tuple[str, ...] | msgspec.UnsetType:
    """Return the runs of days without usage of each provider from its first day on, unset if there are none."""
    by_provider: dict[str, list[UsageHour]] = defaultdict(list)
    for row in usage:
        by_provider[row.service_provider_name].append(row)
    covered = {name: found for name, rows in by_provider.items() if (found := _covered(rows, as_of, rules))}
    last = max((found.last_day for found in covered.values()), default=as_of)
    runs = (run for name in sorted(covered) for run in _quiet_runs(name, covered[name], last, rules))
    return tuple(runs) or msgspec.UNSET


def _covered(rows: Sequence[UsageHour], as_of: date, rules: DemandRules) -> Coverage | None:
    try:
        return measure_coverage(rows, as_of=as_of, rules=rules)
    except EvidenceError:
        return None  # nothing of it before the question


def _quiet_runs(provider: str, found: Coverage, last: date, rules: DemandRules) -> Iterator[str]:
    yield from (f"{provider}, {first} to {last_quiet}" for first, last_quiet in _runs(found.gap_days))
    if (last - found.last_day).days > rules.max_quiet_days.value:
        yield f"{provider}, since {found.last_day + DAY}"


def negligible_models(
    usage: Sequence[UsageHour], charges: Sequence[MonthCharge], priced: Container[str]
) -> tuple[str, ...]:
    """Return the models (`provider/model`) that nobody can price where all of them together hardly cost anything.

    What they cost is what was charged for them; a model of which no charge is known may cost anything. One whose name
    another provider bills, too, is never among them: models are set aside by their name alone.
    """
    unpriced = {
        (row.service_provider_name, row.request_model)
        for row in usage
        if row.operation is Operation.CHAT and f"{row.service_provider_name}/{row.request_model}" not in priced
    }
    elsewhere = {row.request_model for row in usage if (row.service_provider_name, row.request_model) not in unpriced}
    total: dict[date, Decimal] = defaultdict(Decimal)
    unknown: dict[date, Decimal] = defaultdict(Decimal)
    charged = set()
    for row in charges:
        if row.charge_category is ChargeCategory.USAGE:
            name = (row.service_provider_name, row.x_gen_ai_request_model or "")
            total[row.month] += row.billed_cost
            unknown[row.month] += row.billed_cost if name in unpriced else ZERO
            charged |= {name}
    most = read_ledger_rules().max_unpriced_share.value
    costs_more = any(unknown[month] > most * total[month] for month in unknown)
    if costs_more or not unpriced <= charged or any(model in elsewhere for _, model in unpriced):
        return ()
    return tuple(sorted(f"{provider}/{model}" for provider, model in unpriced))
