"""What a LiteLLM proxy's database is asked; `tests/e2e/test_litellm_postgres.py` asks a real one."""

import builtins
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import SourcePayloadError, UsageError
from costcheck.records import Operation, Provenance
from costcheck.sources.bills import litellm_postgres, litellm_sql
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import Window, month_windows
from costcheck.sources.exports.spend_log_columns import COLUMNS, REQUIRED_COLUMNS

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
URL = "postgresql://reader:p%40ss%2Fword@db.internal:6432/litellm?schema=gateway&connection_limit=5&sslmode=require"
OCTOBER = month_windows(date(2026, 10, 1), date(2026, 10, 1), now=NOW)[0]
NOVEMBER = month_windows(date(2026, 11, 1), date(2026, 11, 1), now=NOW)[0]
DAY_HEADER = b",".join(name.encode() for name in litellm_sql.DAY_COLUMNS) + b"\n"


class Tables:
    """Both tables, as the questions see them: when the log begins, and how many daily sums there are."""

    def __init__(self, *, oldest: datetime | None, sums: int, has_days: bool = True) -> None:
        self.oldest, self.sums, self.has_days = oldest, sums, has_days
        self.copied: list[str] = []

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        if "information_schema" in statement:
            if litellm_sql.DAYS in statement:
                return [(name,) for name in litellm_sql.DAY_COLUMNS] if self.has_days else []
            return [(name,) for name in COLUMNS]
        return [(self.oldest,)] if "min(" in statement else [(self.sums,)]

    def copy(self, statement: str) -> Iterator[bytes]:
        self.copied.append(statement)
        yield DAY_HEADER


def spans(tables: Tables, folder: Path, window: Window = OCTOBER) -> list[str]:
    """Return the conditions of what was copied: of the log, and of the daily sums where they were needed."""
    litellm_postgres.fetch_month(tables, "", window, folder / "logs.csv", folder / "days.csv")
    conditions = [statement.partition(" WHERE ")[2].partition(")")[0] for statement in tables.copied]
    return [condition.partition(" ORDER")[0].partition(" OFFSET")[0] for condition in conditions]


def log_span(first: str, last: str) -> str:
    return f"\"startTime\" >= '{first} 00:00:00' AND \"startTime\" < '{last}'"


def day_span(first: str, until: str) -> str:
    return f"\"date\" >= '{first}' AND \"date\" < '{until}'"


def test_a_log_that_reaches_back_far_enough_is_read_alone(tmp_path: Path) -> None:
    tables = Tables(oldest=datetime.fromisoformat("2026-09-30T23:00"), sums=500)
    assert spans(tables, tmp_path) == [log_span("2026-10-01", "2026-11-01 00:00:00")]


def test_days_up_to_the_oldest_row_of_a_pruned_log_come_from_the_daily_sums(tmp_path: Path) -> None:
    tables = Tables(oldest=datetime.fromisoformat("2026-10-10T05:00"), sums=500)
    assert spans(tables, tmp_path) == [
        log_span("2026-10-11", "2026-11-01 00:00:00"),
        day_span("2026-10-01", "2026-10-11"),
    ]


def test_a_log_that_begins_at_midnight_has_that_day_whole(tmp_path: Path) -> None:
    tables = Tables(oldest=datetime(2026, 10, 10, tzinfo=UTC), sums=500)
    assert spans(tables, tmp_path)[1] == day_span("2026-10-01", "2026-10-10")


@pytest.mark.parametrize("oldest", [None, datetime.fromisoformat("2026-11-20")])
def test_an_empty_log_leaves_the_whole_month_to_the_daily_sums(tmp_path: Path, oldest: datetime | None) -> None:
    assert spans(Tables(oldest=oldest, sums=500), tmp_path)[1] == day_span("2026-10-01", "2026-11-01")


def test_of_a_month_that_still_runs_today_is_read_too(tmp_path: Path) -> None:
    assert spans(Tables(oldest=None, sums=500), tmp_path, NOVEMBER)[1] == day_span("2026-11-01", "2026-11-24")


@pytest.mark.parametrize("tables", [Tables(oldest=None, sums=0), Tables(oldest=None, sums=9, has_days=False)])
def test_without_daily_sums_the_log_is_all_there_is(tmp_path: Path, tables: Tables) -> None:
    assert spans(tables, tmp_path) == [log_span("2026-10-01", "2026-11-01 00:00:00")]


def test_texts_are_not_among_what_is_copied() -> None:
    statement = litellm_sql.log_statement([*COLUMNS, "messages", "response"], "", OCTOBER.start, OCTOBER.end)
    assert not any(name in statement for name in ("messages", "response", "proxy_server_request", "*"))
    assert '"metadata"::text' not in statement
    assert "\"usage_object\" #>> '{prompt_tokens_details,cached_tokens}'" in statement


def test_a_column_that_an_older_proxy_lacks_is_null() -> None:
    statement = litellm_sql.log_statement(REQUIRED_COLUMNS, "", OCTOBER.start, OCTOBER.end)
    assert 'NULL::text AS "metadata"' in statement
    assert 'NULL::text AS "team_id"' in statement


@pytest.mark.parametrize(("found", "what"), [([], "no table"), (["request_id", "model"], "no column startTime")])
def test_what_is_missing_is_named(found: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        litellm_sql.log_statement(found, "", OCTOBER.start, OCTOBER.end)


def test_names_are_quoted() -> None:
    assert litellm_sql.table('a"b', litellm_sql.LOGS) == '"a""b"."LiteLLM_SpendLogs"'
    assert "'it''s'" in litellm_sql.columns_statement("it's", litellm_sql.LOGS)


def test_what_only_prisma_knows_is_left_out_of_the_url() -> None:
    place = litellm_postgres.database(URL)
    assert place.url == "postgresql://reader:p%40ss%2Fword@db.internal:6432/litellm?sslmode=require"
    assert (place.schema, place.secret) == ("gateway", "p@ss/word")


def test_the_address_that_is_kept_holds_neither_user_nor_password() -> None:
    assert litellm_postgres.database(URL).address == "postgresql://db.internal:6432/litellm"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter22@h/d",
        "postgresql://u:hunter22@h",
        "postgresql://u:hunter22@h:port/d",
        "u:hunter22@h/d",
        "://",
    ],
)
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        litellm_postgres.database(url)
    assert "hunter22" not in str(caught.value)


def test_a_missing_url_and_a_bad_timeout_are_usage_errors() -> None:
    request = PullRequest(windows=(OCTOBER,), now=NOW, environ={"LITELLM_DATABASE_URL": URL})
    assert litellm_postgres.plan(request).requests == 3
    for wrong in (replace(request, environ={}), replace(request, options={"statement-timeout": "5; DROP"})):
        with pytest.raises(UsageError, match=r"LITELLM_DATABASE_URL|statement-timeout"):
            litellm_postgres.plan(wrong)


def test_without_the_driver_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "psycopg":
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    request = PullRequest(windows=(OCTOBER,), now=NOW, environ={"LITELLM_DATABASE_URL": URL})
    with pytest.raises(UsageError) as caught:
        litellm_postgres.plan(request)
    assert "worthwhile[postgres]" in caught.value.action


def test_constructed_daily_sums_give_what_they_say(payloads: Path, provenance: Provenance) -> None:
    text = (payloads / "litellm_postgres" / "daily_user_spend.csv").read_text(encoding="utf-8")
    batch = litellm_postgres.normalise_days(text, "2026-10", provenance)
    assert [(row.operation, row.input_tokens, row.requests) for row in batch.usage] == [
        (Operation.CHAT, 4000, 3),
        (Operation.EMBEDDINGS, 900, 2),
    ]
    assert [charge.billed_cost for charge in batch.charges] == [Decimal("0.0175"), Decimal("0.000018")]
    assert [row.row_count for row in batch.set_aside] == [1]


@pytest.mark.parametrize("bad", ["not-a-day,hash,m,p,,1,1,0,0,0.1,1", "2026-10-05,hash,m,p,,,1,0,0,0.1,1"])
def test_a_daily_sum_that_cannot_be_read_is_quarantined(provenance: Provenance, bad: str) -> None:
    good = "good,2026-10-05,hash,m,p,,10,1,0,0,0.1,1"
    text = f"{DAY_HEADER.decode()}{good}\nbad,{bad}\n"
    batch = litellm_postgres.normalise_days(text, "2026-10", provenance)
    assert (len(batch.usage), len(batch.quarantined)) == (1, 1)


def test_tokens_without_a_model_are_not_dropped(provenance: Provenance) -> None:
    with pytest.raises(SourcePayloadError, match="name no model"):
        litellm_postgres.normalise_days(
            f"{DAY_HEADER.decode()}x,2026-10-05,hash,,p,,10,1,0,0,0.1,1\n", "2026-10", provenance
        )


def test_what_a_tool_costs_is_a_charge_without_a_model(provenance: Provenance) -> None:
    text = f"{DAY_HEADER.decode()}x,2026-10-05,hash,,mcp,/mcp,0,0,0,0,0.1,1\n"
    (charge,) = litellm_postgres.normalise_days(text, "2026-10", provenance).charges
    assert (charge.x_gen_ai_request_model, charge.x_operation) == (None, Operation.TOOL)
