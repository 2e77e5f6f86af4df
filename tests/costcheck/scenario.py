"""Scenarios: a company's settings and traffic in a folder, run through the real pipeline.

`costcheck.toml` is the user's own file. `usage.toml` describes traffic from which real rows of usage and charges are
built, written into a real ledger, and read back. Everything here is constructed; nothing speaks of a real company.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from costcheck.cli.assemble import Assembly
from costcheck.decision.decide import decide
from costcheck.facts import Typed, parse_toml
from costcheck.ledger import open_ledger
from costcheck.records import BillBatch, Charge, Origin, PriceSnapshot, Provenance, Quota, TokenUsage
from costcheck.settings import Settings, parse_settings
from costcheck.sources.snapshot import read_snapshot
from costcheck.verdict import Decision

SCENARIOS = Path(__file__).parents[1] / "golden" / "scenarios"
SOURCE, BUCKET = "scenario", "usage.toml"
DRAWS, SEED = 2_000, 20260801
HOURS_PER_WEEK, HOURS_PER_MONTH = 168, 730
MILLION = Decimal(1_000_000)
HOUR = timedelta(hours=1)
Shape = Literal["flat", "office", "day_and_night", "bursty"]


class Stream(Typed, frozen=True, kw_only=True):
    """The traffic of one project on one model.

    Attributes:
        requests_per_month: Of a month of 730 hours, the last one before the question where it grows.
        cached_share: Of the input tokens.
        shape: How the hours of a week differ, by name.
        monthly_growth: Share a month, compound.
        input_usd: List price of a million uncached input tokens, by hand: what the charges are made from.
    """

    project: str
    provider: str = "openai"
    model: str
    months: int = 6
    requests_per_month: int
    input_tokens: int
    output_tokens: int
    cached_share: Decimal = Decimal(0)
    shape: Shape = "flat"
    monthly_growth: float = 0.0
    input_usd: Decimal
    cached_usd: Decimal
    output_usd: Decimal


class QuotaAnswer(Typed, frozen=True, kw_only=True):
    """What AWS answered about one quota."""

    code: str
    name: str
    vcpu_limit: Decimal


class Usage(Typed, frozen=True, kw_only=True):
    """All of `usage.toml`.

    Attributes:
        as_of: Day of the question.
        bill_until: Day on which the bills end, where that is not the day of the question.
        live: That day is today, so that prices must be fresh.
    """

    as_of: date = date(2026, 8, 1)
    bill_until: date | None = None
    live: bool = False
    stream: tuple[Stream, ...] = ()
    quota: tuple[QuotaAnswer, ...] = ()


def week_weights(shape: Shape) -> tuple[float, ...]:
    """Return 168 weights with mean 1, Monday 00:00 UTC first."""
    weights = [_weight(shape, hour // 24, hour % 24) for hour in range(HOURS_PER_WEEK)]
    mean = sum(weights) / HOURS_PER_WEEK
    return tuple(weight / mean for weight in weights)


def _weight(shape: Shape, day: int, hour: int) -> float:
    weekday = day < 5
    if shape == "flat":
        return 1.0
    if shape == "office":  # nobody works at night or on Sundays; a little is left over
        return 1.0 if weekday and 8 <= hour < 18 else 0.02
    if shape == "day_and_night":  # a consumer service: busiest in the evening, a third of that at night
        return (1.0 if 8 <= hour < 23 else 0.33) * (1.0 if weekday else 0.8)
    return 30.0 if weekday and hour in {9, 15} else 0.5  # a campaign twice a day


def build_batch(usage: Usage) -> BillBatch:
    """Return the rows that the traffic would leave on a bill: usage by the hour, charges by the month."""
    end = usage.bill_until or usage.as_of
    rows: list[TokenUsage] = []
    charges: list[Charge] = []
    for stream in usage.stream:
        hours = tuple(_usage_rows(stream, end))
        rows += hours
        charges += _charges(stream, hours)
    return BillBatch(
        x_source=SOURCE,
        buckets=(BUCKET,),
        usage=tuple(rows),
        charges=tuple(charges),
        provenance=Provenance(
            source=SOURCE, source_url="tests/golden/scenarios", retrieved_on=usage.as_of, origin=Origin.CONSTRUCTED
        ),
    )


def _usage_rows(stream: Stream, end: date) -> Iterator[TokenUsage]:
    weights = week_weights(stream.shape)
    last = datetime(end.year, end.month, end.day, tzinfo=UTC)
    start = _months_before(end, stream.months)
    hour, carried = datetime(start.year, start.month, start.day, tzinfo=UTC), 0.0
    while hour < last:
        months_ago = (last - hour) / HOUR / HOURS_PER_MONTH - 0.5
        level = stream.requests_per_month / HOURS_PER_MONTH * (1 + stream.monthly_growth) ** -months_ago
        carried += level * weights[hour.weekday() * 24 + hour.hour]
        requests, carried = int(carried + 1e-9), carried - int(carried + 1e-9)
        if requests:
            yield _row(stream, hour, requests)
        hour += HOUR


def _row(stream: Stream, hour: datetime, requests: int) -> TokenUsage:
    cached = int(requests * stream.input_tokens * stream.cached_share)
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=BUCKET,
        charge_period_start=hour,
        charge_period_end=hour + HOUR,
        service_provider_name=stream.provider,
        request_model=stream.model,
        sub_account_id=stream.project,
        uncached_input_tokens=requests * stream.input_tokens - cached,
        cache_read_input_tokens=cached,
        output_tokens=requests * stream.output_tokens,
        requests=requests,
    )


def _charges(stream: Stream, rows: Sequence[TokenUsage]) -> Iterator[Charge]:
    for month in sorted({row.charge_period_start.date().replace(day=1) for row in rows}):
        inside = [row for row in rows if row.charge_period_start.date().replace(day=1) == month]
        cost = (
            sum(row.uncached_input_tokens for row in inside) * stream.input_usd
            + sum(row.cache_read_input_tokens for row in inside) * stream.cached_usd
            + sum(row.output_tokens for row in inside) * stream.output_usd
        ) / MILLION
        yield Charge(
            x_source=SOURCE,
            x_bucket=BUCKET,
            charge_period_start=datetime(month.year, month.month, 1, tzinfo=UTC),
            charge_period_end=inside[-1].charge_period_end,
            service_provider_name=stream.provider,
            service_name="API",
            sub_account_id=stream.project,
            billed_cost=cost,
            billing_currency="USD",
            x_gen_ai_request_model=stream.model,
        )


def _months_before(day: date, months: int) -> date:
    months_since_0 = day.year * 12 + day.month - 1 - months
    return date(months_since_0 // 12, months_since_0 % 12 + 1, 1)


def run(settings: Settings, usage: Usage, ledger: Path, *, draws: int = DRAWS) -> Decision:
    """Return the decision of the real pipeline on bundled prices; the ledger is written at the path given."""
    snapshot = _with_quotas(read_snapshot(), usage.quota)
    with open_ledger(ledger) as opened:
        if usage.stream:
            opened.replace(build_batch(usage))
        assembly = Assembly(settings, opened, snapshot, as_of=usage.as_of, live=usage.live)
    return decide(assembly.inputs(draws=draws, seed=SEED))


def _with_quotas(snapshot: PriceSnapshot, answers: Sequence[QuotaAnswer]) -> PriceSnapshot:
    quotas = tuple(
        Quota(
            region_id=snapshot.region_id,
            quota_code=answer.code,
            quota_name=answer.name,
            vcpu_limit=answer.vcpu_limit,
            provenance=Provenance(
                source="scenario",
                source_url="tests/golden/scenarios",
                retrieved_on=snapshot.as_of,
                origin=Origin.CONSTRUCTED,
            ),
        )
        for answer in answers
    )
    return replace(snapshot, quotas=quotas)


def read_scenario(folder: Path) -> tuple[Settings, Usage]:
    """Return what the company says and what its bills hold."""
    config, usage = folder / "costcheck.toml", folder / "usage.toml"
    return (
        parse_settings(config.read_text(encoding="utf-8"), str(config)),
        parse_toml(usage.read_text(encoding="utf-8"), Usage, str(usage)),
    )
