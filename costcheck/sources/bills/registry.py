"""Every source of bills, one entry each: `bill pull NAME` and `bill import --format NAME` come from here.

A module is named and not imported, so that `costcheck --help` stays fast and a source loads what it needs alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, cast

from costcheck.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costcheck.sources.bills.contract import FileModule, PullModule

N = TypeVar("N", "PullSource", "FileSource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a source on the command line; every value is a text.

    Attributes:
        name: `base-url`, without dashes in front.
        choices: All that it may be; empty for any text.
        default: Its value where it is not given; empty for none.
    """

    name: str
    help: str
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSource:
    """A bill that is read from an API, whole months at a time, or days where months are soon out of reach.

    Attributes:
        name: The command's name, and the rows' `x_source` unless they are another source's.
        rows_of: The source whose bill this is read another way: the same `x_source` and the same months, so that the
            last read replaces the other and nothing is counted twice; empty for its own.
        module: A `PullModule`.
        summary: The command's help.
        settles_after_days: After this many days past its end a month no longer changes at the provider: one that was
            read then is not read again.
        reaches_back_days: How many completed days the API still knows, where that is little: then each day is a
            bucket of its own, so that what is out of reach by now is never replaced. None for months.
    """

    name: str
    module: str
    summary: str
    options: tuple[Option, ...] = ()
    rows_of: str = ""
    settles_after_days: int
    reaches_back_days: int | None = None

    @property
    def x_source(self) -> str:
        """Return the `x_source` of its rows."""
        return self.rows_of or self.name

    def load(self) -> PullModule:
        """Return the module."""
        return cast("PullModule", import_module(self.module))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A bill that is read from a file.

    Attributes:
        name: What `--format` calls it.
        module: A `FileModule`.
        holds: What the file is, for the help and for messages.
    """

    name: str
    module: str
    holds: str

    def load(self) -> FileModule:
        """Return the module."""
        return cast("FileModule", import_module(self.module))


BUCKET_WIDTH = Option(
    name="bucket-width",
    help="By the hour, or by the minute: slower, and tells the busiest minute.",
    choices=("1h", "1m"),
    default="1h",
)

ENDPOINT_URL = Option(name="endpoint-url", help="Instead of AWS's own address.")

ENGINE = (
    Option(
        name="engine",
        help="What reads the export where it lies.",
        choices=("duckdb", "spark", "athena", "trino", "bigquery"),
        default="duckdb",
    ),
    Option(
        name="path", help="Files for duckdb and spark: a file, a folder, a glob, or s3://bucket/prefix/*.parquet."
    ),
    Option(name="table", help="Table of the engine: catalog.database.table."),
    Option(name="region", help="Athena's region, AWS_REGION by default."),
    Option(name="workgroup", help="Athena's workgroup.", default="primary"),
    Option(name="output", help="s3:// prefix for Athena's results, where the workgroup has none."),
    Option(name="project", help="Google project that pays for BigQuery's queries, the table's own by default."),
)
"""Raw exports too big to copy, see docs/at-any-size.md."""

MISSING_DAYS = Option(
    name="missing-days",
    help="A whole company's month with a day without a line of any service: refuse it, or accept it as it is.",
    choices=("refuse", "accept"),
    default="refuse",
)

AZURE_URLS = (
    Option(name="base-url", help="Instead of https://management.azure.com."),
    Option(name="login-url", help="Instead of https://login.microsoftonline.com."),
)

PULLS: tuple[PullSource, ...] = (
    PullSource(
        name="openai",
        module="costcheck.sources.bills.openai",
        summary="Read OpenAI's usage and costs with the admin key in OPENAI_ADMIN_KEY.",
        options=(Option(name="base-url", help="Instead of https://api.openai.com/v1."), BUCKET_WIDTH),
        settles_after_days=2,
    ),
    PullSource(
        name="anthropic",
        module="costcheck.sources.bills.anthropic",
        summary="Read Anthropic's usage and cost with the Admin API key in ANTHROPIC_ADMIN_KEY.",
        options=(Option(name="base-url", help="Instead of https://api.anthropic.com."), BUCKET_WIDTH),
        settles_after_days=2,
    ),
    PullSource(
        name="anthropic-legacy",
        module="costcheck.sources.bills.anthropic_legacy",
        summary="Read Anthropic's older reports with the same key, also before 2026; they replace what `anthropic` "
        "read of the same months.",
        options=(Option(name="base-url", help="Instead of https://api.anthropic.com."), BUCKET_WIDTH),
        rows_of="anthropic",
        settles_after_days=2,
    ),
    PullSource(
        name="litellm",
        module="costcheck.sources.bills.litellm",
        summary="Read a LiteLLM proxy's spend log, by the minute, with the key in LITELLM_MASTER_KEY; texts are "
        "never kept.",
        options=(Option(name="base-url", help="The proxy, LITELLM_BASE_URL by default."),),
        settles_after_days=1,
    ),
    PullSource(
        name="azure",
        module="costcheck.sources.bills.azure",
        summary="Read what Azure bills for Azure OpenAI and Foundry, by day and meter, from Cost Management.",
        options=(
            Option(name="scope", help="/subscriptions/ID (several with commas), a billing account, ..."),
            Option(
                name="usage",
                help="Keep the daily tokens, or leave load to azure-monitor.",
                choices=("daily", "none"),
                default="daily",
            ),
            *AZURE_URLS,
        ),
        settles_after_days=5,
    ),
    PullSource(
        name="azure-monitor",
        module="costcheck.sources.bills.azure_monitor",
        summary="Read the load of Azure OpenAI deployments of the last 93 days, by the minute, without money.",
        options=(
            Option(name="resource", help="Id of an account (/subscriptions/...), several with commas."),
            *AZURE_URLS,
        ),
        settles_after_days=1,
        reaches_back_days=93,
    ),
    PullSource(
        name="google-bigquery",
        module="costcheck.sources.bills.google_bigquery",
        summary="Read Vertex AI and the Gemini API from Google's billing export in BigQuery, by the day.",
        options=(
            Option(name="table", help="project.dataset.gcp_billing_export_v1_ACCOUNT, or a view of it."),
            Option(name="project", help="Where the query runs and is paid for; the table's project by default."),
            Option(name="max-gib", help="Refuse a month whose query would scan more.", default="100"),
            Option(name="base-url", help="Instead of https://bigquery.googleapis.com."),
        ),
        settles_after_days=7,
    ),
    PullSource(
        name="openrouter",
        module="costcheck.sources.bills.openrouter",
        summary="Read OpenRouter's activity of the last 30 days, by the day, with the management key in "
        "OPENROUTER_MANAGEMENT_KEY.",
        options=(Option(name="base-url", help="Instead of https://openrouter.ai/api/v1."),),
        settles_after_days=1,
        reaches_back_days=30,
    ),
    PullSource(
        name="aws",
        module="costcheck.sources.bills.aws_cost_explorer",
        summary="Read what AWS charges for Bedrock's models, by the day, from Cost Explorer: 0.01 USD a request.",
        options=(
            Option(
                name="usage",
                help="Keep the daily tokens, or leave load to bedrock-metrics.",
                choices=("daily", "none"),
                default="daily",
            ),
            Option(name="max-requests", help="Pay for at most so many answers a month.", default="50"),
            ENDPOINT_URL,
        ),
        settles_after_days=10,
    ),
    PullSource(
        name="focus",
        module="costcheck.sources.bills.focus",
        summary="Read the language models' part of a FOCUS export where it lies.",
        options=(*ENGINE, MISSING_DAYS),
        settles_after_days=15,
    ),
    PullSource(
        name="cur",
        module="costcheck.sources.bills.cur",
        summary="Read Bedrock's part of a CUR 2.0 export where it lies.",
        options=(*ENGINE, MISSING_DAYS),
        settles_after_days=15,
    ),
    PullSource(
        name="litellm-export",
        module="costcheck.sources.bills.litellm_export",
        summary="Read a LiteLLM spend log where it lies; it replaces what `litellm` read of the same months.",
        options=ENGINE,
        rows_of="litellm",
        settles_after_days=1,
    ),
    PullSource(
        name="bedrock-metrics",
        module="costcheck.sources.bills.aws_cloudwatch",
        summary="Read the load of Bedrock's models from CloudWatch, by the minute while it is young; no charges.",
        options=(
            Option(name="regions", help="Every region in which Bedrock is called, AWS_REGION by default."),
            Option(name="models", help="Models not called for two weeks, as they were called, with commas between."),
            ENDPOINT_URL,
        ),
        settles_after_days=1,
    ),
    PullSource(
        name="litellm-postgres",
        module="costcheck.sources.bills.litellm_postgres",
        summary="Read a LiteLLM proxy's own database, LITELLM_DATABASE_URL, by the hour; daily sums where its log is "
        "pruned. It replaces what `litellm` read of the same months; texts stay in the database.",
        options=(Option(name="statement-timeout", help="Seconds that one statement may take.", default="300"),),
        rows_of="litellm",
        settles_after_days=1,
    ),
    PullSource(
        name="litellm-daily",
        module="costcheck.sources.bills.litellm_daily",
        summary="Read a LiteLLM proxy's daily sums with the key in LITELLM_MASTER_KEY, where its log is gone; they "
        "replace what `litellm` read of the same months.",
        options=(Option(name="base-url", help="The proxy, LITELLM_BASE_URL by default."),),
        rows_of="litellm",
        settles_after_days=1,
    ),
    PullSource(
        name="langfuse",
        module="costcheck.sources.bills.langfuse",
        summary="Read a Langfuse project's generations, by the minute, with LANGFUSE_PUBLIC_KEY and "
        "LANGFUSE_SECRET_KEY; its costs are estimates, and texts are not asked for.",
        options=(
            Option(name="base-url", help="LANGFUSE_HOST, or https://cloud.langfuse.com, by default."),
            Option(name="provider", help="Who bills these models (`openai`), for Langfuse does not say."),
        ),
        settles_after_days=1,
    ),
    PullSource(
        name="aws-export",
        module="costcheck.sources.bills.aws_exports",
        summary="Fetch the months of a CUR 2.0 or FOCUS export from S3, and read the models' part of them.",
        options=(
            Option(name="export", help="s3://BUCKET/PREFIX/EXPORT, the folder that holds `data` and `metadata`."),
            Option(name="max-gib", help="Fetch at most so many GiB a month.", default="20"),
            ENDPOINT_URL,
        ),
        settles_after_days=15,
    ),
)

# In this order a file is asked what it is; the first that recognises it wins.
FILES: tuple[FileSource, ...] = (
    FileSource(
        name="bedrock-logs",
        module="costcheck.sources.bills.bedrock_logs",
        holds="Bedrock's model invocation log (JSON lines, plain or gzip)",
    ),
    FileSource(
        name="opentelemetry",
        module="costcheck.sources.bills.opentelemetry",
        holds="spans of model calls as OTLP JSON, plain, gzip or zstd",
    ),
    FileSource(
        name="langfuse",
        module="costcheck.sources.bills.langfuse_export",
        holds="observations exported from Langfuse (JSONL, JSON, CSV)",
    ),
    FileSource(
        name="google",
        module="costcheck.sources.bills.google",
        holds="a dump of Google's billing export (JSON lines, Parquet, CSV)",
    ),
    FileSource(
        name="openai", module="costcheck.sources.bills.openai_pages", holds="saved pages of OpenAI's API (JSON)"
    ),
    FileSource(
        name="openai-console",
        module="costcheck.sources.bills.openai_console",
        holds="usage or costs exported from OpenAI's console (CSV)",
    ),
    FileSource(
        name="anthropic-console",
        module="costcheck.sources.bills.anthropic_console",
        holds="usage or cost exported from Anthropic's console (CSV)",
    ),
    FileSource(
        name="litellm",
        module="costcheck.sources.bills.litellm_dump",
        holds="an export of LiteLLM_SpendLogs (CSV, Parquet)",
    ),
    FileSource(name="focus", module="costcheck.sources.bills.focus", holds="a FOCUS export (CSV, Parquet)"),
    FileSource(name="cur", module="costcheck.sources.bills.cur", holds="an AWS CUR 2.0 export (CSV, Parquet)"),
    FileSource(
        name="invoice",
        module="costcheck.sources.bills.invoice_csv",
        holds="a CSV of invoices, see `costcheck bill template`",
    ),
)


def find(sources: Sequence[N], name: str) -> N:
    """Return the source of that name.

    Raises:
        UsageError: There is none.
    """
    for source in sources:
        if source.name == name:
            return source
    message = f"there is no source {name!r}"
    raise UsageError(
        message,
        expected="one of " + ", ".join(source.name for source in sources),
        action="see `costcheck bill --help`",
    )
