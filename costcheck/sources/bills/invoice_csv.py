"""A plain CSV for a company that has only invoices; `costcheck bill template` prints one to fill in.

Columns, in any order, in letters of any case:

- `month` (`2026-09`), or `start_date` and `end_date` (`2026-09-01`, both days included), within a calendar month.
  `01.09.2026`, `09.2026`, `September 2026` and `Sep-26` are read, too; `Sep 26` only where it cannot be a day, and
  `10/1/2026` only beside a day that tells their order (`10/31/2026`).
- `provider`: as in other bills (`openai`, `anthropic`); `Open AI` is the same.
- `amount` and `currency`: a decimal number such as `1200.00`, negative for credits and for what takes an invoice
  back, and `USD`. `6.200` is refused: it may be six thousand or six. A header such as `amount (USD)` needs no column
  of the currency.
- `model`, `description`: optional; the model named as on the invoice.
- `category`: optional; `usage`, `credit`, `tax`, `purchase` or `adjustment`, and it wins over the words. Without it
  the words tell a tax, a credit, or what takes an invoice back; words that may say two things are asked about, and so
  is a minus without any. Words of a top-up, of a sum alone or, where no model is named, of a tax alone, called
  `usage`, are asked about, too.
- `input_tokens` (cached ones included), `output_tokens`: optional, both or neither; with them a model is needed.
- `cached_input_tokens`, `requests`: optional.

German words for them (`Monat`, `Anbieter`, `Betrag`, ...) are known; any other column is not read, and named.
Amounts without tokens are charges without usage: they show the bill, and say nothing of the demand. Semicolons and
tabs between the cells are taken, too; there alone `1234,50` is an amount.

Sums, remarks and what stands above the header do not count, and are named. A line that stands in the file a second
time is quarantined: a file that was pasted twice would double a month.
"""

import csv
import io
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache, partial
from importlib.resources import as_file
from pathlib import Path

import msgspec

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.facts import data_file
from costcheck.records import BillBatch, Charge, Operation, Provenance, QuarantinedRow, TokenUsage
from costcheck.rules import read_ledger_rules
from costcheck.sources.bills.invoice_columns import COLUMNS, REQUIRED, known_columns, nearest
from costcheck.sources.bills.invoice_faults import Fault, Placed, by_kind, in_lines, quoted, reason
from costcheck.sources.bills.invoice_lines import Invoice, Ways, is_total, read_line
from costcheck.sources.bills.invoice_months import Charged, odd_in_month
from costcheck.sources.bills.invoice_table import TEMPLATE, Line, Row, Table, decoded, first_line, read_table
from costcheck.sources.bills.rows import BatchBuilder, Read, SetAside, replay_rows

SOURCE = "invoice"
COLUMNS_TO_RECOGNISE = 2
HEADER_BYTES = 1 << 14
TOTAL = "a total, and no charge"
EMPTY = "an empty line"
SAMPLE = "Sample: "
REMARK = "a remark without provider, amount and tokens"
HEADER_AGAIN = "the header once more"
TWICE = (
    "and each line counts once: delete it; if both are due, join them into one line, or tell them apart in the "
    "column description"
)


def recognises(path: Path) -> bool:
    """Return whether a CSV file has columns of an invoice list; one may be missing, for the import names it."""
    try:
        with path.open("rb") as file:
            begin = decoded(file.read(HEADER_BYTES))
    except OSError:
        return False
    return len({*REQUIRED} & {*known_columns(first_line(begin))}) >= COLUMNS_TO_RECOGNISE


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the charges, and the usage where a line tells tokens; a few bad lines are quarantined one by one.

    Raises:
        InputFileError: Not a CSV file in UTF-8, or a column is missing or there twice.
        CurrencyError: A line is not in US dollars.
        SourcePayloadError: None of the lines can be read, or too few of them.
    """
    table = read_table(path)
    ways = Ways(commas=table.decimal_commas, german=table.header.is_german, imported_on=provenance.retrieved_on)
    lines = _beside(list(_told(table, ways)))
    _refuse(path.name, table, lines)
    # By name and not by digest: a mended file replaces the one it mends.
    bucket = f"file:{path.name}"
    builder = BatchBuilder(SOURCE)
    for told in lines:
        row = told.line.row
        context = RowContext(told.line.number, tuple(row), ways.commas, ways.german, told.same_as, told.beside)
        builder.read(
            bucket, _raw(row), partial(_records, bucket, told), context=msgspec.json.encode(context).decode()
        )
    return builder.batch((bucket,), provenance)


def notes(path: Path) -> tuple[str, ...]:
    """Return what of a file that was imported does not count, and why: columns that are not read, sums, remarks.

    Raises:
        InputFileError: It is no CSV.
    """
    table = read_table(path)
    totals = [line.number for line in table.lines if is_total(line.row)]
    remarks = [line.number for line in table.lines if line.is_remark]
    above = range(1, table.header_line)
    columns = ", ".join(map(_column_note, table.header.ignored))
    return (
        *([f"not read, for no column of an invoice is called that: {columns}"] if columns else []),
        *([f"{in_lines(above)}: above the header, and not read"] if above else []),
        *([f"{in_lines(totals)}: {TOTAL}"] if totals else []),
        *([f"{in_lines(remarks)}: {REMARK}"] if remarks else []),
    )


def _column_note(name: str) -> str:
    near = nearest(name)
    return quoted(name) + (f" (the nearest is {near})" if near else "")


class RowContext(msgspec.Struct, frozen=True):
    """What a line does not say itself, so that it can be read again.

    Attributes:
        line: Its number.
        columns: What its cells are.
        decimal_commas: Whether amounts have them.
        german: Whether a day stands before its month.
        same_as: The line of the file that says the same, 0 if none.
        beside: What the other lines of the file speak against.
    """

    line: int
    columns: tuple[str, ...]
    decimal_commas: bool = False
    german: bool = False
    same_as: int = 0
    beside: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one line says.

    Attributes:
        same_as: The number of the line that said it before, 0 if none did.
        beside: What the other lines speak against.
    """

    line: Line
    read: Invoice | SetAside | tuple[Fault, ...]
    same_as: int = 0
    beside: Fault | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        faults = self.read if isinstance(self.read, tuple) else ()
        faults += (self.beside,) if self.beside else ()
        if isinstance(self.read, Invoice) and _is_sample(self.read):
            return (*faults, Fault("it is", "a sample of the template", "and no bill of yours: delete it"))
        return (*faults, Fault("it is the same as", f"line {self.same_as}", TWICE)) if self.same_as else faults


@cache
def _samples() -> tuple[Invoice, ...]:
    """Return what the lines charge that `costcheck bill template` prints to be overwritten, without their words."""
    ways = Ways(commas=False, german=False, imported_on=date.max)
    with as_file(data_file("invoice_template.csv")) as path:
        found = [read_line(line.row, ways) for line in read_table(path).lines]
    return tuple(replace(each, description="") for each in found if isinstance(each, Invoice))


def _is_sample(told: Invoice) -> bool:
    """Return whether a line is one of the template, of an older one or as a spreadsheet writes it (`Sep-26`)."""
    return told.description.startswith(SAMPLE) and replace(told, description="") in _samples()


def _told(table: Table, ways: Ways) -> Iterator[_Told]:
    first: dict[Hashable, int] = {}
    for line in table.lines:
        read_as = _read(line, ways)
        if isinstance(read_as, SetAside):
            yield _Told(line=line, read=read_as)
            continue
        cells = read_as if isinstance(read_as, Invoice) else tuple(cell.casefold() for cell in line.row.values())
        number = first.setdefault((cells, line.others), line.number)
        yield _Told(line=line, read=read_as, same_as=0 if number == line.number else number)


def _beside(lines: Sequence[_Told]) -> list[_Told]:
    """Return the same lines, each with what the others speak against."""
    odd = odd_in_month(
        [Charged(told.line, told.read) for told in lines if isinstance(told.read, Invoice) and not told.faults]
    )
    return [replace(told, beside=odd.get(told.line.number)) for told in lines]


def _read(line: Line, ways: Ways) -> Invoice | SetAside | tuple[Fault, ...]:
    if line.is_empty:
        return SetAside(EMPTY)
    if line.is_header:
        return SetAside(HEADER_AGAIN)
    if line.is_remark:
        return SetAside(REMARK)
    return SetAside(TOTAL) if is_total(line.row) else read_line(line.row, ways)


def _refuse(name: str, table: Table, lines: Sequence[_Told]) -> None:
    """Raise with every fault of the file if it cannot count as it is."""
    in_rows = [(told.line.number, fault) for told in lines for fault in told.faults]
    faults = [*table.faults, *in_rows]
    if table.faults:
        raise InputFileError(
            _all(name, faults),
            expected="each column once, out of " + ", ".join(COLUMNS),
            action=f"mend it; {TEMPLATE}",
        )
    if any(fault.stops for _, fault in faults):
        raise CurrencyError(
            _all(name, faults),
            expected="USD: prices are in USD and the kit converts nothing",
            action="mend these lines, and import the file again; the ledger is as it was",
        )
    bad = sum(bool(told.faults) for told in lines)
    if _are_too_many(bad, len(lines), sum(isinstance(told.read, Invoice) and not told.faults for told in lines)):
        raise SourcePayloadError(
            _all(f"{name}, {bad} of {len(lines)} lines cannot be read", faults),
            expected="lines as in the template",
            action=f"mend these lines, and import the file again; the ledger is as it was; {TEMPLATE}",
        )


def _are_too_many(bad: int, lines: int, good: int) -> bool:
    rules = read_ledger_rules()
    is_half_read = bad >= rules.min_quarantined_rows.value and bad > rules.max_quarantined_share.value * lines
    return bool(bad) and (not good or is_half_read)


def _all(name: str, faults: Sequence[Placed]) -> str:
    kinds = by_kind(faults)
    return f"{name}, {kinds[0]}" if len(kinds) == 1 else "\n    ".join([f"{name}:", *kinds])


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined lines say now; one that said the same as another still does.

    Raises:
        SourcePayloadError: None could be read.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row, provenance.retrieved_on))


def _read_again(row: QuarantinedRow, imported_on: date) -> tuple[Hashable, Read]:
    context = msgspec.json.decode(row.context, type=RowContext)
    cells = next(csv.reader(io.StringIO(row.raw.decode())), [])
    plain = dict(zip(context.columns, cells, strict=True))
    line = Line(number=context.line, row=plain, others=(), is_empty=False, is_header=False, is_remark=False)
    ways = Ways(commas=context.decimal_commas, german=context.german, imported_on=imported_on)
    return _records(
        row.x_bucket, _Told(line=line, read=_read(line, ways), same_as=context.same_as, beside=context.beside)
    )


def _raw(row: Row) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row.values())
    return line.getvalue().encode()


def _records(bucket: str, told: _Told) -> tuple[Hashable, Read]:
    number = told.line.number
    if isinstance(told.read, SetAside):
        return number, told.read
    if told.faults or isinstance(told.read, tuple):
        raise SourcePayloadError(
            reason(number, told.faults),
            expected="a line as in the template",
            action="mend it and import the file again",
        )
    invoice = told.read
    charge = _charge(bucket, invoice, told.line.row["provider"])
    return number, (charge,) if invoice.input_tokens is None else (charge, _usage(bucket, invoice))


def _charge(bucket: str, invoice: Invoice, as_written: str) -> Charge:
    return Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=_midnight(invoice.start),
        charge_period_end=_midnight(invoice.end),
        charge_category=invoice.category,
        service_provider_name=invoice.provider,
        service_name=invoice.description or as_written,
        billed_cost=invoice.amount,
        billing_currency="USD",
        x_gen_ai_request_model=invoice.model or None,
        x_operation=Operation.CHAT if invoice.model else Operation.OTHER,
    )


def _usage(bucket: str, invoice: Invoice) -> TokenUsage:
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=_midnight(invoice.start),
        charge_period_end=_midnight(invoice.end),
        service_provider_name=invoice.provider,
        request_model=invoice.model,
        uncached_input_tokens=(invoice.input_tokens or 0) - invoice.cached_input_tokens,
        cache_read_input_tokens=invoice.cached_input_tokens,
        output_tokens=invoice.output_tokens or 0,
        requests=invoice.requests,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
