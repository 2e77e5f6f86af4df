"""FOCUS and CUR 2.0 exports summed by the hour or by their own period: the queries, for every engine.

Of a whole company's export only the services that sell language models are summed; `by_service` counts the rest.
What a line means (model, class of tokens) is told afterwards, from the few texts that the sums are grouped by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from costcheck.sources.exports.columns import QUANTITY, RawExport
from costcheck.sources.exports.engine import FILE

HOUR = 3600
DAY = 24 * HOUR
AMOUNT = "decimal(38, 9)"
"""Of sums over services of any currency, which no charge rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineColumns:
    """Where one kind of export keeps what is read; of several names the first that is there counts.

    Attributes:
        texts: Columns by the name of the text that they give; the sums are grouped by all of these.
        either: The same where each row may have another of the columns filled.
        start, end: Of the charge's period.
        billing_start: Of the period of the invoice that it stands on.
        billed, effective, listed: Amounts.
        net: What a row is billed after discounts: in months that tell it, that is its billed amount, see `as_told`.
        discounts: Categories of lines that lower the cost of the usage that they name.
        consumed, priced: Quantities.
    """

    texts: dict[str, tuple[str, ...]]
    either: dict[str, tuple[str, ...]]
    start: tuple[str, ...]
    end: tuple[str, ...]
    billing_start: tuple[str, ...]
    billed: tuple[str, ...]
    net: tuple[str, ...] = ()
    discounts: frozenset[str] = frozenset()
    effective: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    consumed: tuple[str, ...] = ()
    priced: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Return the names that the sums are grouped by, beside the period."""
        return (*self.texts, *self.either)

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return which of several names for the same is there: files that differ in this are read apart."""
        there = {name.lower() for name in names}
        several = [found for found in self.texts.values() if len(found) > 1]
        return tuple(next((name for name in found if name.lower() in there), "") for found in (*several, self.net))


SERVICE = ("provider", "service_category", "service_subcategory", "service")
UNITS = ("consumed_unit", "pricing_unit")
MONEY_OF = ("billed", "effective", "listed")
QUANTITY_OF = ("consumed", "priced")


def typed(export: RawExport, columns: LineColumns, *, span: tuple[int, int] | None = None) -> ir.Table:
    """Return one row a line of the bill, every cell with its type, with `reason` where it cannot be read.

    Args:
        export: The export.
        columns: Where its kind keeps what is read.
        span: First second of what counts and first after it, since 1970; None for all. A line without a readable
            start is never left out; one that came late counts where its invoice begins, for its own month is read.
    """
    names = {name: getattr(columns, name) for name in (*MONEY_OF, *QUANTITY_OF)}
    is_net = export.has(*columns.net)
    rows = export.table.select(
        start=export.seconds(*columns.start),
        end=export.seconds(*columns.end),
        **{name: export.decimal(*names[name]) for name in MONEY_OF},
        **{name: export.decimal(*names[name], kind=QUANTITY) for name in QUANTITY_OF},
        **{f"raw_{name}": export.text(*found) for name, found in names.items()},
        **({"net": export.decimal(*columns.net), "raw_net": export.text(*columns.net)} if is_net else {}),
        billing_start=export.seconds(*columns.billing_start),
        raw_start=export.text(*columns.start),
        raw_end=export.text(*columns.end),
        file=export.text(FILE),
        **{name: export.text(*found) for name, found in columns.texts.items()},
        **{name: export.texts(*found) for name, found in columns.either.items()},
    )
    counts = ibis.cases((rows.billing_start > rows.start, rows.billing_start), else_=rows.start)
    if is_net:
        net = ibis.cases((rows.raw_net.notnull(), rows.net), else_=rows.billed)
        rows = rows.mutate(unblended=rows.billed, billed=net, counts=counts)
    if span:
        rows = rows.filter(rows.start.isnull() | ((counts >= span[0]) & (counts < span[1])))
    return rows.mutate(reason=_reason(rows))


def _reason(rows: ir.Table) -> ir.StringValue:
    unread = [rows[name].isnull() & rows[f"raw_{name}"].notnull() for name in ("effective", "listed", *QUANTITY_OF)]
    return ibis.cases(
        (rows.start.isnull() | rows.end.isnull(), "the charge period is no time"),
        (rows.end <= rows.start, "the charge period ends before it begins"),
        (rows.billed.isnull(), "the billed cost is no number"),
        (ibis.or_(*unread), "an amount or a quantity is no number"),
        else_=ibis.null("string"),
    )


def net_by_day(lines: ir.Table, columns: LineColumns) -> ir.Table:
    """Return what lines that are no discounts come to by the day on which they count: how many tell net, and sums."""
    placed = lines.filter(lines.category.isnull() | lines.category.notin(sorted(columns.discounts)))
    placed = placed.mutate(day=placed.counts - placed.counts % DAY)
    return placed.group_by("day").aggregate(
        told=placed.raw_net.count(), net=placed.net.abs().sum(), unblended=placed.unblended.abs().sum()
    )


def as_told(lines: ir.Table, columns: LineColumns, spans: Sequence[tuple[int, int]]) -> ir.Table:
    """Return the lines billed net within the spans, where discounts are none any more; elsewhere as they stand."""
    is_net = ibis.or_(
        ibis.literal(value=False), *((lines.counts >= first) & (lines.counts < after) for first, after in spans)
    )
    nothing = ibis.literal(0).cast(lines.billed.type())
    billed = ibis.cases(
        (is_net & lines.category.isin(sorted(columns.discounts)), nothing),
        (is_net, lines.billed),
        else_=lines.unblended,
    )
    lines = lines.mutate(billed=billed)
    return lines.mutate(reason=ibis.coalesce(lines.reason, _reason(lines)))


def by_service(lines: ir.Table) -> ir.Table:
    """Return the number of lines of each service, by the units that it is sold in, and what tells two files apart."""
    return lines.group_by([*SERVICE, *UNITS, "category", "currency", "file"]).aggregate(
        rows=lines.count(),
        billed=lines.billed.cast(AMOUNT).sum(),
        consumed=lines.consumed.cast(AMOUNT).sum(),
        first=lines.start.min(),
        last=lines.end.max(),
        first_account=lines.sub_account.min(),
        last_account=lines.sub_account.max(),
        first_meter=lines.meter.min(),
        last_meter=lines.meter.max(),
    )


def by_day(lines: ir.Table, services: Sequence[str | None]) -> ir.Table:
    """Return the days on which lines of at most a day begin, and whether they are of services of these names."""
    short = lines.filter(lines.start.notnull() & (lines.end - lines.start <= DAY + HOUR))  # a day in autumn has 25
    named = ibis.cases((_is_of(short, services), 1), else_=0)
    placed = short.mutate(day=short.start - short.start % DAY, named=named)
    return placed.group_by(["day", "named"]).aggregate(rows=placed.count())


def of_services(lines: ir.Table, services: Sequence[str | None]) -> ir.Table:
    """Return the lines of services of these names; None stands for lines that name none."""
    return lines.filter(_is_of(lines, services))


def _is_of(lines: ir.Table, services: Sequence[str | None]) -> ir.BooleanValue:
    named = [service for service in services if service is not None]
    wanted = lines.service.isin(named) if named else ibis.literal(value=False)
    return wanted | lines.service.isnull() if None in services else wanted


def summed(lines: ir.Table, columns: LineColumns) -> ir.Table:
    """Return the readable lines summed by period and by every text; a period within an hour counts to its hour."""
    good = lines.filter(lines.reason.isnull())
    within = good.end - good.start <= HOUR
    hour = good.start - good.start % HOUR
    placed = good.mutate(
        period_start=ibis.cases((within, hour), else_=good.start),
        period_end=ibis.cases((within, hour + HOUR), else_=good.end),
        effective=ibis.coalesce(good.effective, good.billed),
        listed=_list_cost(good),
    )
    return placed.group_by(["period_start", "period_end", *columns.dimensions]).aggregate(
        billed=placed.billed.sum(),
        effective=placed.effective.sum(),
        listed=_sum_of_known(placed, "listed"),
        consumed=_sum_of_known(placed, "consumed"),
        priced=_sum_of_known(placed, "priced"),
        rows=placed.count(),
    )


def _list_cost(lines: ir.Table) -> ir.DecimalValue:
    """Return what a line costs at list prices; a 0 beside a cost is none (Microsoft: Marketplace, reservations)."""
    costs = (lines.billed > 0) | (lines.effective > 0)
    return ibis.cases(((lines.listed == 0) & costs, ibis.null(lines.listed.type())), else_=lines.listed)


def _sum_of_known(table: ir.Table, name: str) -> ir.DecimalValue:
    """Return the sum, NULL where any of the rows does not tell its part."""
    total = table[name].sum()
    return ibis.cases((table[name].count() == table.count(), total), else_=ibis.null(total.type()))


def unreadable(lines: ir.Table) -> ir.Table:
    """Return why each unreadable line is unreadable, and what tells which line it is."""
    bad = lines.filter(lines.reason.notnull())
    kept = ("start", "end", *MONEY_OF, *QUANTITY_OF)
    return bad.select("reason", *SERVICE, **{name: bad[f"raw_{name}"] for name in kept})
