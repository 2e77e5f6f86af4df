"""Azure OpenAI and Foundry as Azure bills them: Cost Management, by the day and meter.

https://learn.microsoft.com/rest/api/cost-management/query/usage (2025-03-01); columns and limits as in the SDK
`azure-mgmt-costmanagement` 5.0.0, checked 2026-11-26. A query groups by two dimensions at most, so that there are
two: one for the money of each meter, one for its unit of measure. An answer's rows are lists in the order of its
columns. A count of tokens is the quantity times the tokens of a unit, to the nearest token.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

import msgspec

from costcheck.errors import CurrencyError
from costcheck.records import BillBatch, Charge, ChargeCategory, Provenance, QuarantinedRow, TokenType, TokenUsage
from costcheck.sources.bills.azure_login import MANAGEMENT_URL, check_login, open_management
from costcheck.sources.bills.azure_meters import Meter, read_meter, tags_of_meter, tokens_of_unit
from costcheck.sources.bills.azure_query import Answer, query_body, query_pages, read_scopes
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.rows import BatchBuilder, Read, check
from costcheck.sources.bills.windows import Window, month_start
from costcheck.sources.http import ApiClient
from costcheck.units import parse_decimal

SOURCE = "azure"
PROVIDER = "azure"
ROLE = "the login needs the role Cost Management Reader on the scope"
MONEY_GROUPING = ("MeterSubcategory", "Meter")
UNIT_GROUPING = ("Meter", "UnitOfMeasure")
MONEY_COLUMNS = ("cost", "usagequantity", "usagedate", "metersubcategory", "meter", "currency")
UNIT_COLUMNS = ("meter", "unitofmeasure")
DAY = timedelta(days=1)
STILL_ESTIMATED = timedelta(days=3)
"""Charges of a month may change until about 72 hours after its end (sources.md)."""
MOST_TOKENS = 2**63 - 1
T = TypeVar("T")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What a row does not say itself: it goes with a quarantined row, so that it can be read again.

    Attributes:
        columns: In lower case, in the order of the row's cells.
        units: Unit of measure of each meter that has exactly one.
        with_usage: Whether tokens are kept; without, `azure-monitor` tells the load by the minute.
    """

    bucket: str
    scope: str
    columns: tuple[str, ...]
    units: dict[str, str]
    with_usage: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One meter on one day.

    Attributes:
        line: The product line, MeterSubcategory.
        unit: Unit of measure, None where the answer has none or several.
    """

    name: str
    line: str
    day: datetime
    cost: Decimal
    quantity: Decimal
    unit: str | None
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedScope:
    """All pages of both queries for one month of one scope."""

    bucket: str
    scope: str
    money: tuple[Answer, ...]
    units: tuple[Answer, ...]


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will ask for if every answer fits one page.

    Raises:
        UsageError: No login is set, or --scope is missing or none.
    """
    check_login(request)
    return PullPlan(requests=2 * len(request.windows) * len(_scopes(request)))


def pull(request: PullRequest) -> BillBatch:
    """Return usage and charges of the months.

    Raises:
        CostcheckError: See `fetch_costs` and `normalise_costs`.
    """
    scopes = _scopes(request)
    base_url = request.options.get("base-url", MANAGEMENT_URL)
    with open_management(request, ROLE) as client:
        fetched = fetch_costs(client, request.windows, scopes, on_page=request.on_page)
    url = f"{base_url}{' '.join(scopes)}/providers/Microsoft.CostManagement/query"
    with_usage = request.options.get("usage", "daily") == "daily"
    return normalise_costs(fetched, request.buckets, request.provenance(SOURCE, url), with_usage=with_usage)


def _scopes(request: PullRequest) -> tuple[str, ...]:
    wanted = "/subscriptions/ID, several with commas between, or a billing account or management group"
    return read_scopes(request.option("scope", wanted))


def fetch_costs(
    client: ApiClient,
    windows: Sequence[Window],
    scopes: Sequence[str],
    *,
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedScope]:
    """Return every page of costs and of units of measure."""
    return [
        FetchedScope(
            bucket=window.bucket,
            scope=scope,
            money=query_pages(client, scope, query_body(window, "Daily", MONEY_GROUPING), on_page),
            units=query_pages(client, scope, query_body(window, "Monthly", UNIT_GROUPING), on_page),
        )
        for window in windows
        for scope in scopes
    ]


def normalise_costs(
    fetched: Sequence[FetchedScope], buckets: tuple[str, ...], provenance: Provenance, *, with_usage: bool = True
) -> BillBatch:
    """Return the pages as one batch: tokens where the meter and its unit are understood, money always.

    Args:
        fetched: The pages.
        buckets: The months.
        provenance: Where they are from.
        with_usage: Whether to keep the tokens, or the money alone.

    Raises:
        SourcePayloadError: A column is missing, a unit cannot be read, or none of the rows can.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for month in fetched:
        units = _units(month.units)
        for answer in month.money:
            columns = _columns(answer, MONEY_COLUMNS)
            place = Place(bucket=month.bucket, scope=month.scope, columns=columns, units=units, with_usage=with_usage)
            _read_rows(builder, answer.properties.rows, place, provenance)
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now, what still cannot be read quarantined as before."""
    builder = BatchBuilder(SOURCE)
    for row in rows:
        _read_rows(builder, [msgspec.Raw(row.raw)], msgspec.json.decode(row.context, type=Place), provenance)
    return builder.batch(tuple(sorted({row.x_bucket for row in rows})), provenance)


def _read_rows(builder: BatchBuilder, rows: Sequence[msgspec.Raw], place: Place, provenance: Provenance) -> None:
    context = msgspec.json.encode(place).decode()
    for raw in rows:
        builder.read(place.bucket, raw, partial(_read_row, raw, place, provenance), context=context)


def _columns(answer: Answer, required: Sequence[str]) -> tuple[str, ...]:
    names = tuple(column.name.lower() for column in answer.properties.columns)
    missing = [name for name in required if name not in names]
    check(not missing, seen=f"the answer has no column {', '.join(missing)}", expected=", ".join(required))
    return names


def _units(answers: Sequence[Answer]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for answer in answers:
        columns = _columns(answer, UNIT_COLUMNS)
        for raw in answer.properties.rows:
            cells = _cells(raw, columns)
            meter, unit = (msgspec.json.decode(cells[name], type=str) for name in UNIT_COLUMNS)
            found.setdefault(meter, set()).add(unit)
    return {meter: next(iter(units)) for meter, units in found.items() if len(units) == 1}


def _cells(raw: msgspec.Raw, columns: Sequence[str]) -> Mapping[str, msgspec.Raw]:
    cells = msgspec.json.decode(raw, type=list[msgspec.Raw])
    check(len(cells) == len(columns), seen=f"{len(cells)} cells", expected=f"{len(columns)}, one a column")
    return dict(zip(columns, cells, strict=True))


def _read_row(raw: msgspec.Raw, place: Place, provenance: Provenance) -> tuple[Hashable, Read]:
    cells = _cells(raw, place.columns)
    name, line = _cell(cells, "meter", str), _cell(cells, "metersubcategory", str)
    day = _day(_cell(cells, "usagedate", int), place.bucket)
    row = Row(
        name=name,
        line=line,
        day=day,
        cost=parse_decimal(_cell(cells, "cost", Decimal), what=f"Cost of {name!r}"),
        quantity=parse_decimal(_cell(cells, "usagequantity", Decimal), what=f"UsageQuantity of {name!r}"),
        unit=place.units.get(name),
        meter=read_meter(name, line),
    )
    _refuse_currency(_cell(cells, "currency", str), name)
    usage = _usage(place, row)
    charge = _charge(place, row, provenance, service_name=f"{line}: {name}" if usage is None else line)
    key = (place.scope, day, line, name)
    return key, (usage, charge) if usage is not None and place.with_usage else (charge,)


def _cell(cells: Mapping[str, msgspec.Raw], name: str, kind: type[T]) -> T:
    return msgspec.json.decode(cells[name], type=kind)


def _day(number: int, bucket: str) -> datetime:
    """Return the day of UsageDate, an integer like 20261105."""
    day = datetime.strptime(str(number), "%Y%m%d").replace(tzinfo=UTC)
    check(f"{day:%Y-%m}" == bucket, seen=f"UsageDate is {number}", expected=f"a day of {bucket}, as asked for")
    return day


def _refuse_currency(currency: str, meter: str) -> None:
    if currency.upper() != "USD":
        message = f"Cost Management has an amount in {currency!r} ({meter})"
        raise CurrencyError(message, expected="USD", action="import that bill as an invoice, converted to USD by you")


def _tokens(row: Row) -> int | None:
    """Return how many tokens a row counts, None where it counts none, or where that is not understood."""
    per_unit = tokens_of_unit(row.unit or "", row.name)
    if row.meter.token_type is None or per_unit is None or row.cost < 0:
        return None
    check(row.quantity >= 0, seen=f"UsageQuantity of {row.name!r} is {row.quantity}", expected="zero or more")
    tokens = row.quantity * per_unit
    check(tokens <= MOST_TOKENS, seen=f"{row.name!r} counts {tokens:.3E} tokens", expected="as many as fit a day")
    return int(tokens.to_integral_value())


def _usage(place: Place, row: Row) -> TokenUsage | None:
    tokens, kind = _tokens(row), row.meter.token_type
    if tokens is None or row.meter.model is None:
        return None
    count = {each: tokens if each is kind else 0 for each in TokenType}
    return TokenUsage(
        x_source=SOURCE,
        x_bucket=place.bucket,
        charge_period_start=row.day,
        charge_period_end=row.day + DAY,
        service_provider_name=PROVIDER,
        request_model=row.meter.model,
        operation=row.meter.operation,
        service_tier=row.meter.service_tier,
        sub_account_id=_account(place.scope),
        tags=tags_of_meter(row.meter),
        uncached_input_tokens=count[TokenType.UNCACHED_INPUT],
        cache_read_input_tokens=count[TokenType.CACHE_READ_INPUT],
        cache_creation_5m_input_tokens=count[TokenType.CACHE_CREATION_5M_INPUT],
        output_tokens=count[TokenType.OUTPUT],
    )


def _account(scope: str) -> str:
    return scope.rpartition("/")[2]


def _charge(place: Place, row: Row, provenance: Provenance, *, service_name: str) -> Charge:
    meter = row.meter
    return Charge(
        x_source=SOURCE,
        x_bucket=place.bucket,
        charge_period_start=row.day,
        charge_period_end=row.day + DAY,
        charge_category=_category(row),
        service_provider_name=PROVIDER,
        service_name=service_name,
        sub_account_id=_account(place.scope),
        billed_cost=row.cost,
        billing_currency="USD",
        consumed_quantity=row.quantity,
        consumed_unit=row.unit,
        x_gen_ai_request_model=meter.model,
        x_token_type=meter.token_type,
        x_operation=meter.operation,
        x_service_tier=meter.service_tier,
        x_estimated=provenance.retrieved_on <= (month_start(row.day, shift=1) + STILL_ESTIMATED).date(),
    )


def _category(row: Row) -> ChargeCategory:
    if row.cost < 0:
        return ChargeCategory.CREDIT
    return ChargeCategory.PURCHASE if row.meter.is_provisioned else ChargeCategory.USAGE
