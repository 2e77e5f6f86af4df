"""A plain CSV for a company that has only invoices; `costcheck/data/invoice_template.csv` shows it.

Columns, in any order, names in small letters:

- `month` (`2026-09`), or `start_date` and `end_date` (`2026-09-01`, both days included); one month at most.
- `provider`: as in other bills (`openai`, `anthropic`).
- `amount` and `currency`: a decimal number such as `1200.00`, negative for credits, and `USD`. `6.200` is refused:
  it may be six thousand or six.
- `model`, `description`: optional; the model named as on the invoice.
- `category`: optional; `usage`, `credit`, `tax`, `purchase` or `adjustment`. Without it a negative amount is a
  credit, and any other is usage.
- `input_tokens` (cached ones included), `output_tokens`: optional, both or neither; with them a model is needed.
- `cached_input_tokens`, `requests`: optional.

Amounts without tokens are charges without usage: they show the bill, and say nothing of the demand.

Semicolons between the cells are taken, too, as a German Excel writes them; there alone `6.200,10` is an amount.
"""

import csv
import difflib
import io
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import msgspec

from costcheck.errors import CurrencyError, InputFileError, SourcePayloadError
from costcheck.records import BillBatch, Charge, ChargeCategory, Operation, Provenance, QuarantinedRow, TokenUsage
from costcheck.sources.bills.rows import BatchBuilder, replay_rows
from costcheck.sources.bills.windows import month_start
from costcheck.units import parse_decimal

SOURCE = "invoice"
REQUIRED_COLUMNS = ("provider", "amount", "currency")
PERIOD_COLUMNS = ("month", "start_date", "end_date")
OPTIONAL_COLUMNS = (
    "model",
    "category",
    "description",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "requests",
)
COLUMNS = (*PERIOD_COLUMNS, *REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
COLUMNS_TO_RECOGNISE = 2
LONGEST_PERIOD = timedelta(days=31)
TOO_MANY = "(more cells than columns)"
HEADER_BYTES = 1 << 14
# 0.125 is nobody's way to write thousands.
THOUSANDS_OR_DECIMALS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")
COMMAS_THAT_MAY_BE_EITHER = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+")
DECIMAL_COMMA = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d+")
EITHER = "thousands or decimals: write 6200.00 for six thousand two hundred, 6.20 for six dollars twenty"
AMOUNT = "a number such as 1200.00, with a point and without thousands separators or a currency sign"
TEMPLATE = "copy costcheck/data/invoice_template.csv and fill it in"

Row = Mapping[str, str]


def recognises(path: Path) -> bool:
    """Return whether a CSV file has columns of an invoice list; one may be misspelt, for the import names it."""
    try:
        with path.open("rb") as file:
            begin = file.read(HEADER_BYTES).decode("utf-8-sig", errors="ignore")
        return len(set(REQUIRED_COLUMNS) & set(_header(begin))) >= COLUMNS_TO_RECOGNISE
    except (OSError, csv.Error):
        return False


def read(path: Path, provenance: Provenance) -> BillBatch:
    """Return the charges, and the usage where a row tells tokens; bad rows are quarantined one by one.

    Raises:
        InputFileError: Not a CSV file in UTF-8, or a column is missing, unknown or doubled.
        CurrencyError: A row is not in US dollars.
        SourcePayloadError: There are rows, and none could be read.
    """
    text = _text(path)
    commas = _delimiter(text) == ";"
    _check_header(path.name, _header(text))
    # By name and not by digest: a mended file replaces the one it mends.
    bucket = f"file:{path.name}"
    builder = BatchBuilder(SOURCE)
    for line, row in _rows(path.name, text):
        context = msgspec.json.encode(RowContext(line, tuple(row), commas)).decode()
        reader = partial(_read_row, bucket, line, row, commas=commas)
        builder.read(bucket, _raw(row), reader, context=context)
    return builder.batch((bucket,), provenance)


class RowContext(msgspec.Struct, frozen=True):
    """What a line does not say itself: its number, what its cells are, and whether amounts have decimal commas."""

    line: int
    columns: tuple[str, ...]
    decimal_commas: bool = False


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined lines say now.

    Raises:
        SourcePayloadError: None could be read.
        CurrencyError: A row is not in US dollars.
    """
    return replay_rows(SOURCE, rows, provenance, lambda _, row: _read_again(row))


def _read_again(row: QuarantinedRow) -> tuple[Hashable, tuple[Charge | TokenUsage, ...]]:
    context = msgspec.json.decode(row.context, type=RowContext)
    cells = next(csv.reader(io.StringIO(row.raw.decode())), [])
    plain = dict(zip(context.columns, cells, strict=True))
    return _read_row(row.x_bucket, context.line, plain, commas=context.decimal_commas)


def _rows(name: str, text: str) -> Iterator[tuple[int, Row]]:
    reader = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text), restkey=TOO_MANY, restval="", strict=True)
    try:
        for row in reader:
            yield reader.line_num, {column: str(value).strip() for column, value in row.items()}
    except csv.Error as exc:
        message = f"{name}, line {reader.line_num}: {exc}"
        raise InputFileError(message, expected="a CSV file with closed quotes", action="mend that line") from exc


def _raw(row: Row) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row.values())
    return line.getvalue().encode()


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as exc:
        message = f"{path.name} cannot be read: {exc}"
        raise InputFileError(message, expected="a CSV file in UTF-8", action=TEMPLATE) from exc
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        message = f"{path.name}, line {line}: a character that is not UTF-8 (byte {content[exc.start]:#04x})"
        action = 'save it as "CSV UTF-8", for instance in Excel, and import it again'
        raise InputFileError(message, expected="a CSV file in UTF-8", action=action) from exc


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return ";" if ";" in header and "," not in header else ","


def _header(text: str) -> list[str]:
    return next(csv.reader(io.StringIO(text), delimiter=_delimiter(text)), [])


def _check_header(name: str, header: Sequence[str]) -> None:
    missing = [column for column in REQUIRED_COLUMNS if column not in header]
    strange = [column for column in header if column not in COLUMNS]
    doubled = [column for column in dict.fromkeys(header) if header.count(column) > 1]
    problems = [
        *(f"the unknown column {column!r}{_nearest(column)}" for column in strange),
        *(f"no column {column!r}" for column in missing),
        *(f"the column {column!r} twice" for column in doubled),
    ]
    if problems:
        message = f"{name}, line 1: it has {', '.join(problems)}"
        raise InputFileError(message, expected="each column once, out of " + ", ".join(COLUMNS), action=TEMPLATE)


def _nearest(column: str) -> str:
    nearest = difflib.get_close_matches(column.strip().lower(), COLUMNS, n=1)
    return f" (the nearest is {nearest[0]!r})" if nearest else ""


def _read_row(bucket: str, line: int, row: Row, *, commas: bool) -> tuple[Hashable, tuple[Charge | TokenUsage, ...]]:
    if row.get(TOO_MANY):
        raise _unusable(line, "cells", row[TOO_MANY], "as many cells as the header has; quote commas and semicolons")
    start, end = _period(line, row)
    charge = _charge(bucket, line, row, start, end, commas=commas)
    tokens = [row.get(name, "") for name in ("input_tokens", "output_tokens")]
    if not any(tokens):
        return line, (charge,)
    return line, (charge, _usage(bucket, line, row, start, end))


def _charge(  # noqa: PLR0913 - where the row stands, what it says, and how it writes amounts
    bucket: str, line: int, row: Row, start: datetime, end: datetime, *, commas: bool
) -> Charge:
    amount = _amount(line, row["amount"], commas=commas)
    category = _category(line, row, amount)
    if row["currency"].upper() != "USD":
        message = f"{bucket.removeprefix('file:')}, line {line}: currency is {row['currency']!r}"
        raise CurrencyError(
            message,
            expected="USD: prices are in USD and the kit converts nothing",
            action="convert the amounts at the rate that you paid, and import the file again",
        )
    model = row.get("model") or None
    return Charge(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        charge_category=category,
        service_provider_name=_provider(line, row),
        service_name=row.get("description") or row["provider"],
        billed_cost=amount,
        billing_currency="USD",
        x_gen_ai_request_model=model,
        x_operation=Operation.CHAT if model else Operation.OTHER,
    )


def _usage(bucket: str, line: int, row: Row, start: datetime, end: datetime) -> TokenUsage:
    if not row.get("model"):
        raise _unusable(line, "model", "", "the model that read and wrote these tokens")
    tokens = _count(line, row, "input_tokens")
    cached = _count(line, row, "cached_input_tokens") if row.get("cached_input_tokens") else 0
    if cached > tokens:
        raise _unusable(line, "cached_input_tokens", str(cached), f"at most input_tokens, {tokens}")
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=bucket,
        charge_period_start=start,
        charge_period_end=end,
        service_provider_name=_provider(line, row),
        request_model=row["model"],
        uncached_input_tokens=tokens - cached,
        cache_read_input_tokens=cached,
        output_tokens=_count(line, row, "output_tokens"),
        requests=_count(line, row, "requests") if row.get("requests") else None,
    )


def _provider(line: int, row: Row) -> str:
    if not row["provider"]:
        raise _unusable(line, "provider", "", "who sent the invoice, e.g. openai")
    return row["provider"].lower()


def _amount(line: int, text: str, *, commas: bool) -> Decimal:
    may_be_either = THOUSANDS_OR_DECIMALS.fullmatch(text) or (commas and COMMAS_THAT_MAY_BE_EITHER.fullmatch(text))
    if may_be_either:
        message = f"line {line}, amount is {text!r}, which may be {EITHER}"
        raise SourcePayloadError(message, expected=AMOUNT, action="mend that row and import the file again")
    if commas and DECIMAL_COMMA.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    try:
        return parse_decimal(text, what="amount")
    except SourcePayloadError as exc:
        raise _unusable(line, "amount", text, AMOUNT) from exc


def _category(line: int, row: Row, amount: Decimal) -> ChargeCategory:
    name = row.get("category", "").lower()
    known = {category.lower(): category for category in ChargeCategory}
    if not name:
        return ChargeCategory.CREDIT if amount < 0 else ChargeCategory.USAGE
    if name not in known:
        raise _unusable(line, "category", row["category"], "one of " + ", ".join(known))
    if known[name] is ChargeCategory.USAGE and amount < 0:
        raise _unusable(line, "amount", row["amount"], "zero or more for usage; give a credit the category credit")
    if known[name] is ChargeCategory.CREDIT and amount > 0:
        raise _unusable(line, "amount", row["amount"], "negative, as a credit is: write a minus before it")
    return known[name]


def _count(line: int, row: Row, column: str) -> int:
    text = row.get(column, "")
    if not (text.isascii() and text.isdecimal()):
        raise _unusable(line, column, text, "a whole number, zero or more, without separators")
    return int(text)


def _period(line: int, row: Row) -> tuple[datetime, datetime]:
    month, first, last = (row.get(column, "") for column in PERIOD_COLUMNS)
    if bool(month) == bool(first or last):
        raise _unusable(line, "month", month, "either a month, or a start_date and an end_date")
    if month:
        start = month_start(_date(line, "month", month, day="-01"))
        return start, month_start(start, shift=1)
    start = _midnight(_date(line, "start_date", first))
    end = _midnight(_date(line, "end_date", last)) + timedelta(days=1)
    if not timedelta(0) < end - start <= LONGEST_PERIOD:
        raise _unusable(line, "end_date", last, f"a day from {first} on, within {LONGEST_PERIOD.days} days")
    return start, end


def _date(line: int, column: str, text: str, *, day: str = "") -> date:
    try:
        return date.fromisoformat(text + day)
    except ValueError as exc:
        raise _unusable(line, column, text, "2026-09 for a month, 2026-09-01 for a day") from exc


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _unusable(line: int, column: str, text: str, expected: str) -> SourcePayloadError:
    message = f"line {line}, {column} is {text!r}, not {expected}"
    return SourcePayloadError(message, expected=expected, action="mend that row and import the file again")
