"""A LiteLLM proxy's tables in a real PostgreSQL, filled as LiteLLM fills them; every row here is constructed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from costcheck.errors import SourceError, UsageError
from costcheck.records import BillBatch
from costcheck.sources.bills import litellm_dump, litellm_postgres
from costcheck.sources.bills.contract import PullRequest
from costcheck.sources.bills.windows import month_windows
from localcloud.toolchain import debian

pytestmark = pytest.mark.e2e
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
PASSWORD = "p@ss/word-7391"  # noqa: S105 - of a server that lives as long as this test
CANARY = "my secret prompt 7391"
# As Prisma makes them from `schema.prisma` of LiteLLM 1.106.2: the columns that matter here, and those with texts.
TABLES = """
CREATE TABLE "LiteLLM_SpendLogs" (
    request_id TEXT PRIMARY KEY, call_type TEXT NOT NULL, api_key TEXT NOT NULL DEFAULT '',
    spend DOUBLE PRECISION NOT NULL DEFAULT 0, total_tokens INTEGER NOT NULL DEFAULT 0,
    prompt_tokens INTEGER NOT NULL DEFAULT 0, completion_tokens INTEGER NOT NULL DEFAULT 0,
    "startTime" TIMESTAMP(3) NOT NULL, "endTime" TIMESTAMP(3) NOT NULL, model TEXT NOT NULL DEFAULT '',
    custom_llm_provider TEXT DEFAULT '', metadata JSONB DEFAULT '{}', cache_hit TEXT DEFAULT '',
    request_tags JSONB DEFAULT '[]', team_id TEXT, status TEXT, messages JSONB DEFAULT '{}',
    response JSONB DEFAULT '{}', proxy_server_request JSONB DEFAULT '{}'
);
CREATE TABLE "LiteLLM_DailyUserSpend" (
    id TEXT PRIMARY KEY, user_id TEXT, date TEXT NOT NULL, api_key TEXT NOT NULL, model TEXT, model_group TEXT,
    custom_llm_provider TEXT, endpoint TEXT, prompt_tokens BIGINT NOT NULL DEFAULT 0,
    completion_tokens BIGINT NOT NULL DEFAULT 0, cache_read_input_tokens BIGINT NOT NULL DEFAULT 0,
    cache_creation_input_tokens BIGINT NOT NULL DEFAULT 0, spend DOUBLE PRECISION NOT NULL DEFAULT 0,
    api_requests BIGINT NOT NULL DEFAULT 0, successful_requests BIGINT NOT NULL DEFAULT 0
);
CREATE ROLE reader LOGIN PASSWORD 'p@ss/word-7391';
CREATE ROLE stranger LOGIN PASSWORD 'p@ss/word-7391';
GRANT SELECT ON "LiteLLM_SpendLogs", "LiteLLM_DailyUserSpend" TO reader;
ALTER DATABASE postgres SET TimeZone = 'America/New_York';
ALTER DATABASE postgres SET DateStyle = 'German';
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Yield the port of a server of its own; it may not run as root."""
    initdb = debian.install("initdb", package="postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="ww-postgres-"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [initdb, "-D", "data", "-U", "owner", "-A", "trust", "-E", "UTF8"],
        user=user,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (folder / "data" / "pg_hba.conf").write_text(
        "host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
    )
    postgres = initdb.with_name("postgres")
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", f"port={port}"]
    process = subprocess.Popen(  # noqa: S603 - the same
        [postgres, "-D", "data", *options], user=user, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _owner(port: str) -> psycopg.Connection[Any]:
    return psycopg.connect(host="127.0.0.1", port=port, user="owner", dbname="postgres", autocommit=True)


def _wait(port: str) -> None:
    for attempt in range(100):
        try:
            _owner(port).close()
        except psycopg.OperationalError:
            if attempt == 99:
                raise
            subprocess.run(["sleep", "0.1"], check=True)  # noqa: S607
        else:
            return


@pytest.fixture
def port(server: str) -> Iterator[str]:
    """Yield the port of a server with both tables, empty."""
    with _owner(server) as owner:
        owner.execute(TABLES)
        try:
            yield server
        finally:
            owner.execute('DROP TABLE "LiteLLM_SpendLogs", "LiteLLM_DailyUserSpend"; DROP ROLE reader, stranger')


def add_log(port: str, request_id: str = "r1", **changes: object) -> None:
    row = {
        "request_id": request_id,
        "call_type": "acompletion",
        "api_key": "hash",
        "spend": 0.0175,
        "prompt_tokens": 4000,
        "completion_tokens": 500,
        "startTime": "2026-10-20 09:15:00.100",
        "endTime": "2026-10-20 09:15:01.100",
        "model": "gpt-5.4",
        "custom_llm_provider": "openai",
        "metadata": json.dumps(
            {
                "additional_usage_values": {"cache_read_input_tokens": 2000},
                "requester_metadata": {"note": CANARY},
                "cost_breakdown": {"service_tier": "flex"},
            }
        ),
        "cache_hit": "False",
        "request_tags": json.dumps(["team:search", "User-Agent: OpenAI/Python 3.54"]),
        "team_id": "team-1",
        "status": "success",
        "messages": json.dumps([{"role": "user", "content": CANARY}]),
        "response": json.dumps({"content": CANARY}),
        "proxy_server_request": json.dumps({"body": CANARY}),
    } | changes
    _insert(port, "LiteLLM_SpendLogs", row)


def add_day(port: str, identity: str = "d1", **changes: object) -> None:
    row = {
        "id": identity,
        "date": "2026-10-05",
        "api_key": "hash",
        "model": "gpt-5.4",
        "custom_llm_provider": "openai",
        "endpoint": "/chat/completions",
        "prompt_tokens": 9000,
        "completion_tokens": 700,
        "spend": 0.25,
        "successful_requests": 8,
    } | changes
    _insert(port, "LiteLLM_DailyUserSpend", row)


def _insert(port: str, table: str, row: dict[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    places = ", ".join("%s" for _ in row)
    with _owner(port) as owner:
        owner.execute(f'INSERT INTO "{table}" ({names}) VALUES ({places})'.encode(), list(row.values()))  # noqa: S608


def request(port: str, *, role: str = "reader", password: str = "p%40ss%2Fword-7391", **options: str) -> PullRequest:  # noqa: S107
    url = f"postgresql://{role}:{password}@127.0.0.1:{port}/postgres?schema=public&connection_limit=5"
    windows = month_windows(date(2026, 10, 1), date(2026, 10, 1), now=NOW)
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return PullRequest(windows=windows, now=NOW, environ={"LITELLM_DATABASE_URL": url}, options=named)


def pull(port: str) -> BillBatch:
    return litellm_postgres.pull(request(port))


def test_the_log_of_a_month_is_summed_by_the_rules_of_the_dump(port: str) -> None:
    add_log(port)
    add_log(port, "r2", startTime="2026-10-20 09:59:59.999", spend=1e-07, metadata="{}")
    add_log(port, "r3", cache_hit="True", spend=0)
    batch = pull(port)
    assert [(row.requests, row.service_tier, row.tags, row.sub_account_id) for row in batch.usage] == [
        (1, "flex", ("team:search",), "team-1"),
        (1, "standard", ("team:search",), "team-1"),
    ]
    assert batch.usage[0].cache_read_input_tokens == 2000
    assert sum(charge.billed_cost for charge in batch.charges) == Decimal("0.0175001")
    assert [row.row_count for row in batch.set_aside] == [1]


def test_times_are_utc_however_the_database_is_set(port: str) -> None:
    add_log(port, startTime="2026-10-01 00:00:00")
    add_log(port, "r2", startTime="2026-10-31 23:59:59.999")
    add_log(port, "r3", startTime="2026-11-01 00:00:00")
    assert [row.charge_period_start for row in pull(port).usage] == [
        datetime(2026, 10, 1, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    ]


def test_texts_do_not_leave_the_server(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add_log(port)
    add_log(port, "r2", metadata=json.dumps({"usage_object": {"cache_read_input_tokens": CANARY * 9}}))
    kept: list[bytes] = []
    whole = litellm_postgres._write

    def watched(path: Path, *rest: Any) -> None:  # noqa: ANN401
        whole(path, *rest)
        kept.append(path.read_bytes())

    monkeypatch.setattr(litellm_postgres, "_write", watched)
    batch = pull(port)
    assert kept
    assert all(CANARY.encode() not in content for content in kept)
    assert CANARY not in repr(batch)
    assert len(batch.quarantined) == 1


def test_the_pull_gives_what_an_import_of_the_exported_table_gives(port: str, tmp_path: Path) -> None:
    for number in range(50):
        add_log(
            port,
            f"r{number}",
            startTime=f"2026-10-{number % 28 + 1:02d} {number % 24:02d}:00:00",
            model=("gpt-5.4", "claude-opus-5-5")[number % 2],
            prompt_tokens=4000 + number,
        )
    path = tmp_path / "logs.csv"
    with _owner(port) as owner:
        owner.execute("SET DateStyle = 'ISO'")
        with owner.cursor().copy('COPY "LiteLLM_SpendLogs" TO STDOUT (FORMAT csv, HEADER)') as copy:
            path.write_bytes(b"".join(bytes(piece) for piece in copy))
    pulled = pull(port)
    dumped = litellm_dump.read(path, pulled.provenance)
    assert [(row.charge_period_start, row.input_tokens, row.requests) for row in pulled.usage] == [
        (row.charge_period_start, row.input_tokens, row.requests) for row in dumped.usage
    ]
    assert [row.billed_cost for row in pulled.charges] == [row.billed_cost for row in dumped.charges]


def test_days_before_a_pruned_log_begins_come_from_the_daily_sums(port: str) -> None:
    add_log(port, startTime="2026-10-10 05:00:00")
    add_log(port, "r2", startTime="2026-10-20 05:00:00")
    add_day(port)
    add_day(port, "d2", date="2026-10-10", prompt_tokens=11_000)
    add_day(port, "d3", date="2026-10-20")
    batch = pull(port)
    assert sorted((row.charge_period_start.day, row.input_tokens) for row in batch.usage) == [
        (5, 9000),
        (10, 11_000),
        (20, 4000),
    ]


def test_an_empty_log_leaves_all_to_the_daily_sums(port: str) -> None:
    add_day(port)
    (row,) = pull(port).usage
    assert (row.requests, row.output_tokens) == (8, 700)


def test_nothing_at_all_is_an_empty_batch(port: str) -> None:
    assert pull(port).is_empty


def test_the_password_stands_in_no_message_and_no_row(port: str) -> None:
    add_log(port)
    batch = pull(port)
    assert batch.provenance.source_url == f"postgresql://127.0.0.1:{port}/postgres"
    with pytest.raises(SourceError, match="authentication failed") as caught:
        litellm_postgres.pull(request(port, password="wrong-7391"))  # noqa: S106
    assert "7391" not in str(caught.value)


def test_a_role_without_the_right_to_read_is_told_so(port: str) -> None:
    add_log(port)
    with pytest.raises(UsageError, match="no table"):
        litellm_postgres.pull(request(port, role="stranger"))


def test_a_read_that_takes_too_long_ends_with_advice(port: str) -> None:
    add_log(port)
    with _owner(port) as owner:
        owner.execute('BEGIN; LOCK TABLE "LiteLLM_SpendLogs" IN ACCESS EXCLUSIVE MODE')
        with pytest.raises(SourceError, match="statement timeout") as caught:
            litellm_postgres.pull(request(port, statement_timeout="1"))
        owner.execute("ROLLBACK")
    assert "--statement-timeout" in caught.value.action


def test_a_server_that_is_gone_is_a_source_error(server: str) -> None:
    with pytest.raises(SourceError, match=r"postgresql://127\.0\.0\.1:1/postgres"):
        litellm_postgres.pull(request("1"))
    assert server
