"""Google's billing export where it lies, in BigQuery: one query a month, of which daily sums come back.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query and `jobs/getQueryResults`, checked 2026-11-26. A
dry run says before the first query how much it would scan, since that is what BigQuery charges for; more than
`--max-gib` is refused here, and by BigQuery. The export has late rows: a month is read again until a week after its
end.
"""

import hashlib
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import msgspec

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.records import BillBatch, Provenance, QuarantinedRow
from costcheck.sources.bills.contract import PullPlan, PullRequest
from costcheck.sources.bills.google_lines import DISCOUNTS, Line, records_of
from costcheck.sources.bills.google_skus import SERVICES
from costcheck.sources.bills.rows import BatchBuilder, Read, check, known
from costcheck.sources.bills.windows import Window, bucket_window
from costcheck.sources.http import ApiClient, RetryPolicy, follow_pages
from costcheck.units import parse_decimal

SOURCE = "google-bigquery"
BASE_URL = "https://bigquery.googleapis.com"
KEY = "GOOGLE_ACCESS_TOKEN"
KEY_HELP = (
    "an access token in GOOGLE_ACCESS_TOKEN (`gcloud auth print-access-token`), of a login with the roles BigQuery "
    "Job User and, on the export's dataset, BigQuery Data Viewer"
)
TABLE = re.compile(r"([a-z][a-z0-9.:-]{4,62})\.(\w{1,1024})\.([\w-]{1,1024})")
EXPORT = re.compile(r"gcp_billing_export(_resource)?_v1_")
"""Google's own tables, partitioned by the day of the export; a view of one's own has no partitions."""
PROJECT = re.compile(r"[a-z][a-z0-9.:-]{4,62}")
GIB = 2**30
DAY = timedelta(days=1)
POLLS = 60
WAIT_MILLISECONDS = 10_000
ROWS_PER_PAGE = 10_000
COLUMNS = (
    "day",
    "service_id",
    "sku",
    "project",
    "unit",
    "currency",
    "cost_type",
    "credit",
    "cost",
    "amount",
    "row_count",
)
SAME = ", ".join(COLUMNS[:7])
IS_DISCOUNT = f"IFNULL(one.type, 'other') IN ({', '.join(repr(name) for name in DISCOUNTS)})"
# Amounts are FLOAT64 in the export; they are summed as decimals, without the noise below a millionth of a millionth.
QUERY = f"""
WITH billed AS (
  SELECT FORMAT_TIMESTAMP('%F', usage_start_time) AS day, service.id AS service_id, sku.description AS sku,
    project.id AS project, usage.unit AS unit, currency, cost_type, usage.amount AS quantity, credits,
    CAST(cost AS BIGNUMERIC) + IFNULL(
      (SELECT SUM(CAST(one.amount AS BIGNUMERIC)) FROM UNNEST(credits) AS one WHERE {IS_DISCOUNT}), 0) AS money
  FROM `{{table}}`
  WHERE usage_start_time >= @start AND usage_start_time < @end AND service.id IN UNNEST(@services){{partitions}}
)
SELECT {SAME}, CAST(NULL AS STRING) AS credit, CAST(ROUND(SUM(money), 12) AS STRING) AS cost,
  CAST(ROUND(SUM(CAST(quantity AS BIGNUMERIC)), 6) AS STRING) AS amount, COUNT(*) AS row_count
FROM billed GROUP BY {SAME}
UNION ALL
SELECT {SAME}, IFNULL(one.type, 'other') AS credit, CAST(ROUND(SUM(CAST(one.amount AS BIGNUMERIC)), 12) AS STRING),
  CAST(NULL AS STRING), COUNT(*)
FROM billed, UNNEST(credits) AS one WHERE NOT {IS_DISCOUNT} GROUP BY {SAME}, credit
ORDER BY {SAME}, credit
"""  # noqa: S608 - constant text; the table's name is checked, everything else is a parameter
PARTITIONS = " AND _PARTITIONTIME >= TIMESTAMP_SUB(@start, INTERVAL 2 DAY)"
"""A row is exported after its usage: older partitions cannot hold it, and are not paid for."""


class JobReference(msgspec.Struct, frozen=True, rename="camel"):
    """Where the rest of an answer is."""

    job_id: str
    location: str | None = None


class Column(msgspec.Struct, frozen=True):
    """One column of an answer."""

    name: str


class Schema(msgspec.Struct, frozen=True):
    """The columns of an answer."""

    fields: list[Column]


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a query's result, or that it is not there yet; rows stay raw."""

    job_complete: bool
    job_reference: JobReference
    schema: Schema | None = None
    rows: list[msgspec.Raw] = []
    total_rows: str | None = None
    page_token: str | None = None


class DryRun(msgspec.Struct, frozen=True, rename="camel"):
    """What a dry run answers."""

    total_bytes_processed: str


class Cell(msgspec.Struct, frozen=True):
    """One value; BigQuery writes every one of them as text."""

    v: str | None


class Cells(msgspec.Struct, frozen=True):
    """One row."""

    f: list[Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Which table is asked, who pays for the query, and how much it may scan.

    Attributes:
        project: Where the query runs, and which is billed for it.
    """

    table: str
    project: str
    max_bytes: int

    @property
    def path(self) -> str:
        """Return the path of its queries."""
        return f"/bigquery/v2/projects/{self.project}/queries"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedMonth:
    """Every row of one month's query."""

    window: Window
    rows: tuple[msgspec.Raw, ...]


def open_client(token: str, *, base_url: str = BASE_URL, retry: RetryPolicy | None = None) -> ApiClient:
    """Return a client for BigQuery."""
    return ApiClient(
        base_url, {"authorization": f"Bearer {token}"}, key_help=KEY_HELP, retry=retry, default_url=BASE_URL
    )


def plan(request: PullRequest) -> PullPlan:
    """Return what a read will scan: a dry run of each month's query, for which BigQuery charges nothing.

    Raises:
        UsageError: GOOGLE_ACCESS_TOKEN is not set, --table is missing or none, or a query would scan too much.
        SourceError: The dry run failed.
    """
    export = _export(request)
    with _open(request) as client:
        scanned = [dry_run(client, export, window) for window in request.windows]
    for window, size in zip(request.windows, scanned, strict=True):
        if size > export.max_bytes:
            message = f"the query for {window.bucket} would scan {_gib(size)}"
            raise UsageError(
                message,
                expected=f"at most {_gib(export.max_bytes)}",
                action="give a higher --max-gib, or fewer months",
            )
    charge = f"BigQuery's price of {_gib(sum(scanned))} scanned"
    return PullPlan(requests=len(request.windows), charge=charge)


def _gib(size: int) -> str:
    return f"{Decimal(size) / GIB:.2f} GiB"


def pull(request: PullRequest) -> BillBatch:
    """Return usage and charges of the months, by the day.

    Raises:
        CostcheckError: See `fetch_days` and `normalise_days`.
    """
    export = _export(request)
    with _open(request) as client:
        months = fetch_days(client, export, request.windows, now=request.now, on_page=request.on_page)
    return normalise_days(months, request.buckets, request.provenance(SOURCE, f"bigquery:{export.table}"))


def _open(request: PullRequest) -> ApiClient:
    token = request.required(KEY, KEY_HELP)
    return open_client(token, base_url=request.options.get("base-url", BASE_URL), retry=request.retry)


def _export(request: PullRequest) -> Export:
    request.required(KEY, KEY_HELP)
    wanted = "project.dataset.gcp_billing_export_v1_ACCOUNT, as the console of Cloud Billing shows it"
    table, limit = request.option("table", wanted), request.options.get("max-gib", "100")
    match = TABLE.fullmatch(table)
    project = request.options.get("project", match[1] if match else "")
    if match is None or not PROJECT.fullmatch(project):
        message = f"--table is {table!r}" if match is None else f"--project is {project!r}"
        raise UsageError(message, expected=wanted, action="copy the name from BigQuery, without backticks")
    if not limit.isdecimal() or not int(limit):
        message = f"--max-gib is {limit!r}"
        raise UsageError(message, expected="a whole number of GiB", action="give one, 100 for example")
    return Export(table=table, project=project, max_bytes=int(limit) * GIB)


def dry_run(client: ApiClient, export: Export, window: Window) -> int:
    """Return the number of bytes that a month's query would scan.

    Raises:
        SourceError: The query cannot run.
    """
    body = query_body(export, window) | {"dryRun": True}
    answer = client.send("POST", export.path, body, DryRun, repeatable=True)
    if not answer.total_bytes_processed.isdecimal():
        message = f"totalBytesProcessed is {answer.total_bytes_processed!r}"
        raise SourcePayloadError(message, expected="a number of bytes", action="run it again; nothing was scanned")
    return int(answer.total_bytes_processed)


def query_body(export: Export, window: Window) -> dict[str, object]:
    """Return the body of one month's query; what varies is a parameter."""
    partitions = PARTITIONS if EXPORT.search(export.table) else ""
    return {
        "query": QUERY.format(table=export.table, partitions=partitions),
        "useLegacySql": False,
        "parameterMode": "NAMED",
        "queryParameters": [
            _parameter("start", f"{window.start:%Y-%m-%d %H:%M:%S+00:00}"),
            _parameter("end", f"{window.end:%Y-%m-%d %H:%M:%S+00:00}"),
            {
                "name": "services",
                "parameterType": {"type": "ARRAY", "arrayType": {"type": "STRING"}},
                "parameterValue": {"arrayValues": [{"value": service} for service in SERVICES]},
            },
        ],
        "maximumBytesBilled": str(export.max_bytes),
        "maxResults": ROWS_PER_PAGE,
        "timeoutMs": WAIT_MILLISECONDS,
    }


def _parameter(name: str, time: str) -> dict[str, object]:
    return {"name": name, "parameterType": {"type": "TIMESTAMP"}, "parameterValue": {"value": time}}


def fetch_days(
    client: ApiClient,
    export: Export,
    windows: Sequence[Window],
    *,
    now: datetime,
    on_page: Callable[[], None] = lambda: None,
) -> list[FetchedMonth]:
    """Return every row of each month's query.

    Raises:
        SourceError: A query fails, does not end, or gives another number of rows than it says.
    """
    months = []
    for window in windows:
        # A query that is sent again after a lost answer is the same job, and is not paid for twice.
        request_id = hashlib.sha256(f"{export.table} {window.bucket} {now.isoformat()}".encode()).hexdigest()[:36]
        body = query_body(export, window) | {"requestId": request_id}
        rows = tuple(_rows(client, export, body, on_page))
        months.append(FetchedMonth(window=window, rows=rows))
    return months


def _rows(
    client: ApiClient, export: Export, body: dict[str, object], on_page: Callable[[], None]
) -> Iterator[msgspec.Raw]:
    first = _completed(client, export, client.send("POST", export.path, body, Answer, repeatable=True))
    count, total = 0, first.total_rows
    for page in follow_pages(partial(_page, client, export, first), lambda answer: answer.page_token):
        if page.schema is not None and tuple(column.name for column in page.schema.fields) != COLUMNS:
            _refuse(f"its columns are {[column.name for column in page.schema.fields]}", ", ".join(COLUMNS))
        count += len(page.rows)
        on_page()
        yield from page.rows
    if total != str(count):
        _refuse(f"{count} rows came of {total}", "all of them")


def _refuse(seen: str, expected: str) -> None:
    message = f"BigQuery's answer: {seen}"
    raise SourcePayloadError(message, expected=expected, action="run it again; the read is not complete")


def _completed(client: ApiClient, export: Export, answer: Answer) -> Answer:
    """Return the first page, once the job is done; the server waits some seconds each time it is asked."""
    for _ in range(POLLS):
        if answer.job_complete:
            return answer
        answer = _results(client, export, answer.job_reference, [("timeoutMs", WAIT_MILLISECONDS)])
    message = f"the job {answer.job_reference.job_id} is not complete"
    raise SourcePayloadError(
        message, expected=f"an end within {POLLS * WAIT_MILLISECONDS // 60_000} minutes", action="run it again later"
    )


def _page(client: ApiClient, export: Export, first: Answer, token: str | None) -> Answer:
    return first if token is None else _results(client, export, first.job_reference, [("pageToken", token)])


def _results(client: ApiClient, export: Export, job: JobReference, params: Sequence[tuple[str, str | int]]) -> Answer:
    located = [("location", job.location)] if job.location else []
    path = f"{export.path}/{_safe(job.job_id)}"
    return client.get(path, [*params, *located, ("maxResults", ROWS_PER_PAGE)], Answer)


def _safe(job_id: str) -> str:
    check(
        re.fullmatch(r"[\w-]+", job_id) is not None, seen=f"jobId is {job_id[:80]!r}", expected="letters and digits"
    )
    return job_id


def normalise_days(months: Sequence[FetchedMonth], buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
    """Return the days as one batch.

    Raises:
        SourcePayloadError: There are rows, and none could be read.
        CurrencyError: An amount is not in US dollars.
    """
    builder = BatchBuilder(SOURCE)
    for month in months:
        for raw in month.rows:
            read = partial(_read_row, month.window, raw, provenance)
            builder.read(month.window.bucket, raw, read)
    return builder.batch(buckets, provenance)


def replay(rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
    """Return what quarantined rows say now, what still cannot be read quarantined as before."""
    months = [FetchedMonth(window=bucket_window(row.x_bucket), rows=(msgspec.Raw(row.raw),)) for row in rows]
    return normalise_days(months, tuple(sorted({row.x_bucket for row in rows})), provenance)


def _read_row(window: Window, raw: msgspec.Raw, provenance: Provenance) -> tuple[Hashable, Read]:
    cells = [cell.v for cell in msgspec.json.decode(raw, type=Cells).f]
    check(len(cells) == len(COLUMNS), seen=f"{len(cells)} cells", expected=f"{len(COLUMNS)}, one a column")
    row = dict(zip(COLUMNS, cells, strict=True))
    start = datetime.strptime(row["day"] or "", "%Y-%m-%d").replace(tzinfo=UTC)
    check(window.start <= start < window.end, seen=f"day is {row['day']}", expected=f"a day of {window.bucket}")
    sku = row["sku"] or ""
    check(bool(sku.strip()), seen="sku.description is missing", expected="what the SKU is called")
    service_id, credit, cost_type = row["service_id"] or "", row["credit"], row["cost_type"] or ""
    known(SERVICES, service_id, what="service.id")
    # A tax or a correction may be of no usage at all.
    has_usage = credit is None and (cost_type in {"", "regular"} or row["amount"] is not None)
    line = Line(
        source=SOURCE,
        bucket=window.bucket,
        start=start,
        end=start + DAY,
        service_id=service_id,
        sku=sku,
        project=row["project"],
        unit=row["unit"] or "",
        currency=row["currency"] or "",
        cost_type=cost_type,
        cost=parse_decimal(row["cost"], what=f"cost of {sku!r}"),
        amount=parse_decimal(row["amount"], what=f"usage.amount of {sku!r}") if has_usage else None,
        credit=credit,
    )
    return tuple(cells[:8]), records_of(line, provenance)
