"""`costcheck bill show` for people: a row for each month and model, then what the ledger does not hold."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

import click
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from costcheck.cli.bill_reads import read_lines
from costcheck.ledger import Ledger
from costcheck.ledger.overlaps import ALL_CHARGES, CHARGES_WAY_OUT, USAGE_WAY_OUT, Overlap
from costcheck.ledger.summary import MonthLine, complete_months, month_lines
from costcheck.records import Operation

WIDTH_OF_A_FILE = 160
WIDEST = 10_000
NARROWEST_NAME = 12
KINDS_SHOWN = 8
MODELS_SHOWN = 3
MILLION = Decimal(1_000_000)
VALUE = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|[0-9][0-9.,:T+-]*""")
LEGEND = "input: without what the cache read or wrote; ~ may still change, or is a gateway's estimate; ? not told"
OF_OTHER = "other: credits, taxes and the like; a decision takes no credit from what usage costs, and adds no tax"
CACHE_WRITE = "cache write"


def print_ledger(ledger: Ledger) -> None:
    """Print the whole ledger in words; as wide as the terminal, and wider rather than without a digit."""
    lines = month_lines(ledger.usage_by_hour(), ledger.charges_by_month())
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH_OF_A_FILE
    print_months(console, lines)
    for text in (
        *_complete_months(ledger),
        *_not_counted(ledger),
        *_warnings(ledger),
        *read_lines(ledger.ingests(), ledger.periods()),
    ):
        click.echo(text)


def print_months(console: Console, lines: Sequence[MonthLine]) -> None:
    """Print the months; what says the same in every row stands once, below the table."""
    if not lines:
        console.print("no usage and no charges")
        return
    # Names fold and figures never do: on a console narrower than the figures, rich would cut digits.
    narrowest = month_table(lines, ["x" * NARROWEST_NAME] * len(lines))
    unlimited = console.options.update(width=WIDEST)
    console.width = max(console.width, Measurement.get(console, unlimited, narrowest).minimum)
    console.print(month_table(lines, [_name(line, lines) for line in lines]))
    console.print()
    for text in net_lines(lines):
        console.print(text, soft_wrap=True)
    if any(line.other_cost for line in lines):
        console.print(OF_OTHER)
    console.print(_left_out(lines))
    console.print(LEGEND)
    if not _one(line.x_source for line in lines):
        console.print("total: of all sources together, also where two of them tell the same money")


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of figures: its heading, its unit, what a row says, and what all rows of a month say together."""

    heading: str
    unit: str
    cell: Callable[[MonthLine], str]
    total: Callable[[Sequence[MonthLine]], str] = lambda _: ""


def month_table(lines: Sequence[MonthLine], names: Sequence[str]) -> Table:
    """Return a table with a heading for each month and a row for each of its models, called by these names."""
    figures = [figure for figure in _figures(lines) if figure.heading not in _only_zeros(lines)]
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("model", overflow="fold")
    for figure in figures:
        table.add_column("\n".join([*figure.heading.split(), figure.unit]).strip(), justify="right", no_wrap=True)
    for month, named in groupby(zip(lines, names, strict=True), key=lambda pair: pair[0].month):
        rows = list(named)
        table.add_row(Text(f"{month:%Y-%m}", style="bold"))
        for line, name in rows:
            table.add_row(Padding(Text(name), (0, 0, 0, 2)), *(Text(figure.cell(line)) for figure in figures))
        if len(rows) > 1:
            _add_total(table, "total", figures, [line for line, _ in rows])
    if len({line.month for line in lines}) > 1:
        _add_total(table, "all months", figures, lines)
    return table


def _add_total(table: Table, name: str, figures: Sequence[Figure], lines: Sequence[MonthLine]) -> None:
    cells = (Text(figure.total(lines), style="bold") for figure in figures)
    table.add_row(Padding(Text(name, style="bold"), (0, 0, 0, 2 if name == "total" else 0)), *cells)


def _figures(lines: Sequence[MonthLine]) -> list[Figure]:
    (currency, *others) = sorted({line.billing_currency for line in lines if line.billing_currency} or {""})
    unit = "" if others else currency

    def money(amount: Decimal, line: MonthLine) -> str:
        return f"{shown_amount(amount)} {line.billing_currency}" if others else shown_amount(amount)

    def billed(line: MonthLine) -> str:
        if line.billed_cost is None:
            return "-" if _is_other_alone(line) else "?"
        return ("~" if line.x_estimated else "") + money(line.billed_cost, line)

    def totals(lines: Sequence[MonthLine], amount_of: Callable[[MonthLine], Decimal | None]) -> str:
        sums: dict[str | None, Decimal] = {}
        for line in lines:
            amount = amount_of(line)
            if amount is not None:
                sums[line.billing_currency] = sums.get(line.billing_currency, Decimal(0)) + amount
        return "\n".join(
            f"{shown_amount(amount)} {name}" if others else shown_amount(amount) for name, amount in sums.items()
        )

    def billed_in_all(lines: Sequence[MonthLine]) -> str:
        known = [line for line in lines if line.billed_cost is not None]
        mark = "~" if any(line.x_estimated for line in known) else ""
        return mark + totals(known, lambda line: line.billed_cost) if known else "?"

    def other_in_all(lines: Sequence[MonthLine]) -> str:
        return totals([line for line in lines if line.other_cost], lambda line: line.other_cost) or "-"

    return [
        Figure("requests", "", lambda line: _told(line, line.requests, "{:,}".format)),
        Figure("input", "M tokens", lambda line: _told(line, line.uncached_input_tokens, shown_millions)),
        Figure("cache read", "M tokens", lambda line: _told(line, line.cache_read_input_tokens, shown_millions)),
        Figure(CACHE_WRITE, "M tokens", lambda line: _told(line, line.cache_creation_input_tokens, shown_millions)),
        Figure("output", "M tokens", lambda line: _told(line, line.output_tokens, shown_millions)),
        Figure("billed", unit, billed, billed_in_all),
        Figure("other", unit, lambda line: money(line.other_cost, line) if line.other_cost else "-", other_in_all),
    ]


def _told(line: MonthLine, count: int | None, shown: Callable[[int], str]) -> str:
    if count is None:
        return "-" if _is_other_alone(line) else "?"
    return shown(count)


def _is_other_alone(line: MonthLine) -> bool:
    """Return whether it is a credit, a tax or the like, which has no usage that could be told."""
    return bool(line.other_cost) and line.billed_cost is None and line.output_tokens is None


def net_lines(lines: Sequence[MonthLine]) -> Iterator[str]:
    """Yield what is left of each month's usage once credits, taxes and the like are counted; nothing without them."""
    months = [(f"{month:%Y-%m}", list(rows)) for month, rows in groupby(lines, key=lambda line: line.month)]
    if len(months) > 1:
        months.append(("all months", list(lines)))
    for name, rows in months:
        for currency in sorted({line.billing_currency for line in rows if line.billing_currency and line.other_cost}):
            yield f"{name}: {_net([line for line in rows if line.billing_currency == currency])} {currency}"


def _net(lines: Sequence[MonthLine]) -> str:
    usage = sum((line.billed_cost for line in lines if line.billed_cost is not None), Decimal(0))
    other = sum((line.other_cost for line in lines), Decimal(0))
    mark = "~" if any(line.x_estimated for line in lines) else ""
    parts = (("usage", usage), ("other", other), ("net", usage + other))
    return ", ".join(f"{name} {mark}{shown_amount(amount)}" for name, amount in parts)


def shown_millions(tokens: int) -> str:
    """Return a count in millions with one decimal; a small one is never shown as none."""
    rounded = (tokens / MILLION).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:,}" if rounded or not tokens else "<0.1"


def shown_amount(amount: Decimal) -> str:
    """Return an amount of money with two decimals; a small one is never shown as none."""
    rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if rounded or not amount:
        return f"{rounded:,}"
    return "<0.01" if amount > 0 else ">-0.01"


def _name(line: MonthLine, lines: Sequence[MonthLine]) -> str:
    provider = "" if _one(line.service_provider_name for line in lines) else f"{line.service_provider_name}/"
    source = "" if _one(line.x_source for line in lines) else f"{line.x_source}: "
    return f"{source}{provider}{line.request_model}{_remark(line)}"


def _remark(line: MonthLine) -> str:
    if line.operation is Operation.CHAT:
        return ""
    is_any = line.operation is Operation.OTHER and not line.is_model_named
    return " (no model named)" if is_any else f" ({line.operation}, set aside)"


def _one(values: Iterator[str]) -> str:
    """Return the value that all of them are, empty where there are several."""
    first, *rest = set(values)
    return "" if rest else first


def _only_zeros(lines: Sequence[MonthLine]) -> list[str]:
    sums = {
        CACHE_WRITE: any(line.cache_creation_input_tokens for line in lines),
        "other": any(line.other_cost for line in lines),
    }
    return [heading for heading, is_any in sums.items() if not is_any]


def _left_out(lines: Sequence[MonthLine]) -> str:
    columns = {
        "source": _one(line.x_source for line in lines),
        "provider": _one(line.service_provider_name for line in lines),
    }
    parts = [f"{name}: {value}" for name, value in columns.items() if value]
    is_told = any(line.output_tokens is not None for line in lines)
    parts += [
        f"{name}: {'not told' if name == CACHE_WRITE and not is_told else 'none'}" for name in _only_zeros(lines)
    ]
    return f"in every row: {', '.join(parts)}" if parts else "names: source: provider/model"


def reason_lines(counts: Mapping[tuple[str, str], int], what: str) -> list[str]:
    """Return each kind of reason once, the most frequent first, with its rows and one example.

    Args:
        counts: Source and reason to the number of rows; reasons that differ only in a value are of one kind.
        what: What became of the rows, `quarantined`.
    """
    kinds: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (source, reason), count in counts.items():
        kinds.setdefault((source, VALUE.sub("", reason)), []).append((reason, count))
    ranked = sorted(kinds.items(), key=lambda kind: -_row_count(kind[1]))
    shown = [_kind_line(source, reasons, what) for (source, _), reasons in ranked[:KINDS_SHOWN]]
    rest = [reasons for _, reasons in ranked[KINDS_SHOWN:]]
    if rest:
        rows = sum(map(_row_count, rest))
        shown.append(f"{rows} more rows {what}, for {len(rest)} other kinds of reason: see --format json")
    return shown


def _kind_line(source: str, reasons: Sequence[tuple[str, int]], what: str) -> str:
    also = f" (and {len(reasons) - 1} like it)" if len(reasons) > 1 else ""
    return f"{source}: {_row_count(reasons)} rows {what}: {reasons[0][0]}{also}"


def _row_count(reasons: Sequence[tuple[str, int]]) -> int:
    return sum(count for _, count in reasons)


def _complete_months(ledger: Ledger) -> Iterator[str]:
    for source, found in complete_months(ledger.coverage(), ledger.periods()).items():
        months = ", ".join(f"{month:%Y-%m}" for month in found)
        yield f"{source}: {_months(len(found), 'complete ')}" + (f" ({months})" if months else "")


def _not_counted(ledger: Ledger) -> list[str]:
    return [
        *reason_lines(ledger.count_set_aside(), "set aside"),
        *reason_lines(ledger.count_quarantined(), "quarantined"),
    ]


def overlap_lines(ledger: Ledger) -> Iterator[tuple[Overlap, str]]:
    """Yield what two reads both count, with the warning of it."""
    names = {(row.x_source, row.x_bucket): f"{row.x_source} {row.name}" for row in ledger.ingests()}
    for overlap in ledger.overlaps():
        both = f"{names[overlap.first]} and {names[overlap.second]} both count {overlap.request_model}"
        yield overlap, f"warning: {both} in {_months(overlap.months)}{overlap.way_out}"


def _warnings(ledger: Ledger) -> Iterator[str]:
    found: dict[tuple[str, str], list[tuple[Overlap, str]]] = {}
    for overlap, line in overlap_lines(ledger):
        found.setdefault((overlap.first[0], overlap.second[0]), []).append((overlap, line))
    for (one, two), rows in found.items():
        if one == two or len(rows) == 1:
            yield from (line for _, line in rows)
        else:
            yield _pair_line(one, two, [overlap for overlap, _ in rows])
    for gap in ledger.gaps():
        yield (
            f"warning: {gap.x_source} has nothing of {gap.service_provider_name} in {gap.months_text}: read those "
            "bills, too, unless there was no use"
        )


def _pair_line(one: str, two: str, overlaps: Sequence[Overlap]) -> str:
    """Return one warning of two sources that have much in common."""
    counts: Counter[str] = Counter()
    for overlap in overlaps:
        counts[overlap.request_model] += overlap.months
    models = sorted(counts.keys() - {ALL_CHARGES})
    more = f" and {len(models) - MODELS_SHOWN} more" if len(models) > MODELS_SHOWN else ""
    charges = [ALL_CHARGES] if ALL_CHARGES in counts else []
    what = ", ".join([*charges, *models[:MODELS_SHOWN]])
    months = _months(max(counts.values()))
    return (
        f"warning: {one} and {two} both count {what}{more} in {months}{USAGE_WAY_OUT if models else CHARGES_WAY_OUT}"
    )


def _months(count: int, kind: str = "") -> str:
    return f"{count} {kind}month{'' if count == 1 else 's'}"
