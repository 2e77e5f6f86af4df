"""Lines of a FOCUS or CUR 2.0 export, summed by an engine, as one batch.

`billed_cost` is what the invoice says, `effective_cost` what decisions rest on. Every line is counted: a service that
sells no language model is set aside with its number of lines, what cannot be understood is quarantined by name.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import msgspec

from costcheck.errors import CurrencyError, SourcePayloadError
from costcheck.records import BillBatch, ChargeCategory, QuarantinedRow, SetAsideRows
from costcheck.sources.bills.cost_rows import CURRENCY, Amounts, CostSums, Owner, Period, charge_order, usage_order
from costcheck.sources.bills.cost_told import Told
from costcheck.sources.bills.engine_read import EngineRead, refuse_too_many
from costcheck.sources.bills.focus_meaning import Meaning, Words, meaning_of, tags_of
from costcheck.sources.bills.focus_services import (
    Service,
    ServiceCount,
    aside_reasons,
    language_services,
    provider_of,
)
from costcheck.sources.bills.rows import refuse_unreadable
from costcheck.sources.bills.windows import month_start
from costcheck.sources.exports import cost_lines
from costcheck.sources.exports.cost_lines import LineColumns
from costcheck.sources.exports.engine import Engine
from costcheck.sources.exports.query import fetch, open_export

CORRECTION = "correction"
ZERO = Decimal(0)
NOTHING = "no cost and no tokens"
LOOSE = (ChargeCategory.CREDIT, ChargeCategory.TAX, ChargeCategory.ADJUSTMENT)
WORDS = ("service", "meter", "usage_type", "sku", "details", "model", "token_type", "tier", "operation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of `cost_lines.summed`: what one or several lines of the export came to.

    Attributes:
        texts: By the names of `LineColumns`; "" for none.
        rows: How many they were.
    """

    start: int
    end: int
    texts: dict[str, str]
    billed: Decimal
    effective: Decimal
    listed: Decimal | None
    consumed: Decimal | None
    priced: Decimal | None
    rows: int

    @property
    def service(self) -> Service:
        """Return whose line it is."""
        found = [self.texts[name] or None for name in cost_lines.SERVICE]
        return Service(*found)

    @property
    def owner(self) -> Owner:
        """Return who sold it to whom."""
        return Owner(
            provider=provider_of(self.texts["provider"]),
            service=self.texts["service"] or "unknown",
            sub_account=self.texts.get("sub_account", ""),
            tags=tags_of(self.texts.get("tags", "")),
        )

    @property
    def words(self) -> Words:
        """Return what tells its meaning."""
        return Words(
            **{name: self.texts.get(name, "") for name in WORDS},
            consumed=self.consumed,
            consumed_unit=self.texts.get("consumed_unit", ""),
            priced=self.priced,
            pricing_unit=self.texts.get("pricing_unit", ""),
        )


@dataclass(slots=True)
class _Gathered:
    """What has been read so far."""

    read: EngineRead
    categories: Mapping[str, ChargeCategory]
    discounts: AbstractSet[str] = frozenset()
    sums: CostSums = field(default_factory=CostSums)
    set_aside: Counter[str] = field(default_factory=Counter)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    quarantined_cost: Decimal = ZERO
    told: Told = field(default_factory=Told)
    lines: int = 0

    def take(self, line: Line) -> None:
        """Add one line, or quarantine it."""
        self.lines += line.rows
        try:
            self._add(line)
        except (SourcePayloadError, ValueError) as exc:
            reason = exc.seen if isinstance(exc, SourcePayloadError) else str(exc)
            self.quarantined_cost += line.billed
            for copy in range(1, line.rows + 1):
                self.quarantine(reason, msgspec.json.encode(line), copy=copy, of=line.rows)

    def _add(self, line: Line) -> None:
        if line.texts["category"] in self.discounts:
            line, meaning = self._discount(line)
        else:
            meaning = meaning_of(line.words)
        category = self._category(line, meaning)
        if category is ChargeCategory.USAGE and line.billed > 0:
            name = line.texts.get("usage_type") or line.texts["meter"] or line.texts["service"]
            self.told.add(name, line.billed, line.rows, has_tokens=bool(meaning.is_usage))
        if not (line.billed or line.effective or meaning.tokens):
            self.set_aside[NOTHING] += line.rows
            return
        amounts = Amounts(billed=line.billed, effective=line.effective, listed=line.listed)
        self.sums.add(Period.of(line.start, line.end), _owner(line, meaning), category, amounts, meaning)

    def _discount(self, line: Line) -> tuple[Line, Meaning]:
        """Return what a discount takes from the cost of usage: no tokens."""
        line = replace(line, listed=ZERO, consumed=None, priced=None)
        meaning = meaning_of(line.words)
        return line, replace(meaning, tokens=0 if meaning.token_type else None)

    def _category(self, line: Line, meaning: Meaning) -> ChargeCategory:
        name = line.texts["category"]
        if name in self.discounts and meaning.model:
            return ChargeCategory.USAGE
        if name not in self.categories:
            message = f"the charge category is {name!r}"
            raise SourcePayloadError(
                message, expected="one of " + ", ".join(self.categories), action="report it; the line was not used"
            )
        category = self.categories[name]
        if category is ChargeCategory.USAGE and _is_correction(line) and not _is_of_tokens(line, meaning):
            return ChargeCategory.ADJUSTMENT
        return category

    def quarantine(self, reason: str, raw: bytes, *, copy: int = 1, of: int = 1) -> None:
        """Keep a line that cannot be used; one that sums up several is there as often as they were."""
        context = msgspec.json.encode({"copy": copy, "of": of}).decode()
        self.quarantined.append(
            QuarantinedRow(
                x_source=self.read.source, x_bucket=self.read.bucket, reason=reason, raw=raw, context=context
            )
        )
        refuse_too_many(self.read, len(self.quarantined))

    def batch(self, *, has_effective: bool, rows_in: int) -> BillBatch:
        """Return all of it."""
        return BillBatch(
            x_source=self.read.source,
            buckets=(self.read.bucket,),
            usage=tuple(sorted(self.sums.usage(self.read), key=usage_order)),
            charges=tuple(sorted(self.sums.charges(self.read, has_effective=has_effective), key=charge_order)),
            quarantined=tuple(sorted(self.quarantined, key=lambda row: (row.reason, row.raw, row.context))),
            set_aside=tuple(
                SetAsideRows(x_source=self.read.source, x_bucket=self.read.bucket, reason=reason, row_count=count)
                for reason, count in sorted(self.set_aside.items())
            ),
            provenance=self.read.provenance,
            rows_in=rows_in,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Iterator[str]:
        if self.quarantined_cost:
            yield f"the quarantined lines that have a cost come to {self.quarantined_cost:,.2f} {CURRENCY}"
        yield from self.told.notes()


def _owner(line: Line, meaning: Meaning) -> Owner:
    owner = line.owner
    return Owner(
        provider=owner.provider,
        service=owner.service,
        sub_account=owner.sub_account,
        tags=tuple(sorted({*owner.tags, *meaning.tags})),
    )


def _is_correction(line: Line) -> bool:
    return line.texts.get("charge_class", "").lower() == CORRECTION or line.billed < 0


def _is_of_tokens(line: Line, meaning: Meaning) -> bool:
    """Return whether a correction takes back, or adds, tokens and their cost: both belong where the usage is."""
    tokens = meaning.tokens or 0
    return tokens != 0 and (tokens < 0) == (min(line.billed, line.effective) < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What an export holds, before its lines are summed.

    Attributes:
        lines: See `cost_lines.typed` and `as_told`.
        services: Those that sell language models.
        notes: What was chosen of two columns.
    """

    lines: ir.Table
    counts: tuple[ServiceCount, ...]
    services: frozenset[Service]
    has_effective: bool
    notes: tuple[str, ...] = ()

    @property
    def of_models(self) -> tuple[ServiceCount, ...]:
        """Return the counts of services that sell language models."""
        return tuple(count for count in self.counts if count.service in self.services)

    @property
    def names(self) -> list[str | None]:
        """Return the names of services that sell language models."""
        return sorted({service.name for service in self.services}, key=str)


def survey(engine: Engine, read: EngineRead, columns: LineColumns) -> Survey:
    """Return what an export holds of the read's span."""
    export = open_export(engine)
    lines = cost_lines.typed(export, columns, span=read.span)
    counts = tuple(ServiceCount(*row) for row in fetch(engine, cost_lines.by_service(lines)))
    found = Survey(
        lines=lines,
        counts=counts,
        services=language_services(counts),
        has_effective=export.has(*columns.effective),
    )
    return _told_net(engine, found, columns) if export.has(*columns.net) and found.services else found


def _told_net(engine: Engine, found: Survey, columns: LineColumns) -> Survey:
    """Return what was found, billed net in the months whose net costs are not empty or 0 altogether."""
    months = _net_months(engine, found, columns)
    spans = [(first, month_start(first.date(), shift=1)) for first, (_, net, _) in months.items() if net]
    seconds = [(int(first.timestamp()), int(after.timestamp())) for first, after in spans]
    notes = tuple(
        f"{month:%Y-%m}: the net costs of language models are all 0, their unblended costs come to {unblended:,.2f} "
        f"{CURRENCY}: these count, less the discounts that have lines of their own"
        for month, (told, net, unblended) in sorted(months.items())
        if told and unblended and not net
    )
    return replace(found, lines=cost_lines.as_told(found.lines, columns, seconds), notes=notes)


def _net_months(engine: Engine, found: Survey, columns: LineColumns) -> Mapping[datetime, Sequence[Decimal]]:
    """Return how many lines of models tell a net cost in each month, and the sums of net and of unblended costs."""
    months: dict[datetime, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    of_models = cost_lines.of_services(found.lines, found.names)
    for day, *sums in fetch(engine, cost_lines.net_by_day(of_models, columns)):
        if day is not None:
            month = month_start(datetime.fromtimestamp(day, tz=UTC).date())
            months[month] = [one + (other or 0) for one, other in zip(months[month], sums, strict=True)]
    return months


def read_lines(
    engine: Engine,
    read: EngineRead,
    found: Survey,
    *,
    columns: LineColumns,
    categories: Mapping[str, ChargeCategory],
) -> BillBatch:
    """Return an export that was surveyed as one batch, be it empty.

    Raises:
        CurrencyError: Language models are billed in another currency than US dollars.
        SourcePayloadError: No line can be read, more cannot than slips explain, or the export changed meanwhile.
    """
    gathered = _Gathered(read=read, categories=categories, discounts=columns.discounts)
    others = [count for count in found.counts if count.service not in found.services]
    loose = [name for name, category in categories.items() if category in LOOSE]
    gathered.set_aside.update(aside_reasons(others, loose))
    if found.services:
        of_models = cost_lines.of_services(found.lines, found.names)
        _take_lines(engine, of_models, columns, gathered, found.services)
    _refuse_changed(gathered, sum(count.rows for count in found.of_models))
    batch = gathered.batch(has_effective=found.has_effective, rows_in=sum(count.rows for count in found.counts))
    refuse_unreadable(read.source, (read.bucket,), kept=len(batch.charges), quarantined=batch.quarantined)
    notes = found.notes
    if columns.effective and not found.has_effective and batch.charges:
        notes += (f"there is no column {columns.effective[0]}: what was prepaid counts when it was paid",)
    return replace(batch, notes=(*batch.notes, *notes))


def _take_lines(
    engine: Engine, lines: ir.Table, columns: LineColumns, gathered: _Gathered, services: frozenset[Service]
) -> None:
    currencies: set[str] = set()
    back: list[Line] = []
    texts: dict[str, str] = {}
    for row in fetch(engine, cost_lines.summed(lines, columns)):
        line = _line(columns, row, texts)
        if line.service not in services:
            continue
        currencies.add(line.texts["currency"])
        if min(line.billed, line.consumed or 0) < 0:
            back.append(line)
        else:
            gathered.take(line)
    _refuse_currency(currencies)
    # What is taken back comes last, when all that it could be taken from is there.
    for line in sorted(back, key=repr):
        gathered.take(line)
    for reason, *cells in fetch(engine, cost_lines.unreadable(lines)):
        if Service(*cells[:4]) in services:
            gathered.lines += 1
            gathered.quarantine(reason, msgspec.json.encode(cells))


def _line(columns: LineColumns, row: Sequence[Any], texts: dict[str, str]) -> Line:
    """Return one row; `texts` holds every text once, since millions of rows repeat a few."""
    start, end, *rest = row
    names = columns.dimensions
    found = [texts.setdefault(text, text) for text in (value or "" for value in rest[: len(names)])]
    billed, effective, listed, consumed, priced, rows = rest[len(names) :]
    return Line(
        start=start,
        end=end,
        texts=dict(zip(names, found, strict=True)),
        billed=billed,
        effective=effective,
        listed=listed,
        consumed=consumed,
        priced=priced,
        rows=rows,
    )


def _refuse_currency(currencies: AbstractSet[str]) -> None:
    others = sorted(name for name in currencies if name.upper() != CURRENCY)
    if others:
        message = f"language models are billed in {', '.join(repr(name) for name in others)}"
        raise CurrencyError(
            message,
            expected="USD: prices are in USD and the kit converts nothing",
            action="export the bill in US dollars, or convert it at the rate that you paid and import it again",
        )


def _refuse_changed(gathered: _Gathered, expected: int) -> None:
    if gathered.lines != expected:
        message = f"{gathered.read.source} {gathered.read.bucket} had {expected} lines, then {gathered.lines}"
        raise SourcePayloadError(
            message, expected="an export that stays while it is read", action="run it again; the ledger is untouched"
        )
