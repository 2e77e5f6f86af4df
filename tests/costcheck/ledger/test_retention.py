"""What a ledger need not know any longer is gone, from its file too, and the sums stay."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from costcheck.ledger import Ledger, open_ledger, rewrite
from costcheck.ledger.summary import MonthLine, month_lines
from costcheck.records import QuarantinedRow, SetAsideRows
from tests.costcheck.ledger.test_ledger import batch, charge, usage

PROJECT, KEY, TAG = "proj_of-anna", "key-hash-0123456789", "team:of-berta"
AUGUST, SEPTEMBER = (datetime(2026, month, 5, tzinfo=UTC) for month in (8, 9))
QUARANTINED = QuarantinedRow(
    x_source="openai",
    x_bucket="2026-09",
    reason=f"a second, different row for ('usage', '{PROJECT}', \"{KEY}\", 5)",
    raw=f'{{"project_id": "{PROJECT}"}}'.encode(),
    context='{"kind": "costs"}',
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


def fill(path: Path) -> None:
    owned = replace(usage(SEPTEMBER), sub_account_id=PROJECT, x_api_key_id=KEY, tags=(TAG,))
    other = replace(owned, sub_account_id="proj_2", output_tokens=3)
    charged = replace(charge(start=SEPTEMBER), sub_account_id=PROJECT)
    with open_ledger(path) as ledger:
        ledger.replace(batch(usage(AUGUST, bucket="2026-08"), bucket="2026-08"))
        ledger.replace(batch(owned, other, charged, QUARANTINED))


def lines(ledger: Ledger) -> tuple[MonthLine, ...]:
    return month_lines(ledger.usage_by_hour(), ledger.charges_by_month())


@pytest.mark.parametrize("salt", [None, "salt"])
def test_redacting_takes_every_identifier_out_of_the_file_itself(path: Path, salt: str | None) -> None:
    fill(path)
    assert all(text.encode() in path.read_bytes() for text in (PROJECT, KEY, TAG))
    with open_ledger(path) as ledger:
        assert ledger.redact(salt) == 3
    rewrite(path)
    assert [text for text in (PROJECT, KEY, TAG, "of-anna") if text.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("salt", [None, "salt"])
def test_redacting_leaves_every_sum_as_it_was(path: Path, salt: str | None) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        before, bad = lines(ledger), sum(ledger.count_quarantined().values())
        ledger.redact(salt)
        assert (lines(ledger), sum(ledger.count_quarantined().values())) == (before, bad)


def test_redacting_keeps_the_tags_that_a_price_depends_on(path: Path) -> None:
    told, own = ("context_window:200k-1M", "inference_geo:us"), ("inference_geo:jane.doe@corp.example", TAG)
    dear = replace(usage(SEPTEMBER), tags=(*told, *own))
    with open_ledger(path) as ledger:
        for source in ("anthropic", "litellm"):
            ledger.replace(replace(batch(replace(dear, x_source=source)), x_source=source))
        ledger.redact(None)
        assert [row.tags for row in ledger.usage_by_hour()] == [told, ()]


def test_with_a_salt_two_projects_stay_two_and_one_is_the_same_in_usage_and_charges(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        ledger.redact("salt")
        query = "SELECT DISTINCT sub_account_id FROM {} WHERE sub_account_id IS NOT NULL"
        used, charged = (
            {name for (name,) in ledger._connection.execute(query.format(table)).fetchall()}
            for table in ("usage", "charges")
        )
    assert len(used) == 2
    assert charged < used


def test_another_salt_gives_another_hash(tmp_path: Path) -> None:
    names = set()
    for number, salt in enumerate(("one", "two")):
        fill(tmp_path / f"{number}.duckdb")
        with open_ledger(tmp_path / f"{number}.duckdb") as ledger:
            ledger.redact(salt)
            names |= {row.sub_account_id for row in ledger.usage_by_hour() if row.sub_account_id}
    assert len(names) == 4


@pytest.mark.parametrize("salt", [None, "salt"])
def test_redacting_twice_changes_nothing_more(path: Path, salt: str | None) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        ledger.redact(salt)
        before = ledger.digest()
        assert ledger.redact("another") == 0
        assert ledger.digest() == before


def test_a_quarantined_row_keeps_its_reason_without_what_it_quoted(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        ledger.redact(None)
        (row,) = ledger.quarantined()
    assert (row.reason, row.raw, row.context) == ("a second, different row for (..., ..., ..., 5)", b"", "{}")


def test_the_digest_of_a_bucket_is_noted_again(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        before = {row.x_bucket: row.digest for row in ledger.ingests()}
        ledger.redact(None)
        after = {row.x_bucket: row.digest for row in ledger.ingests()}
    assert (before["2026-08"] == after["2026-08"], before["2026-09"] == after["2026-09"]) == (True, False)


def test_a_month_that_ended_before_is_forgotten_and_the_month_itself_stays(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        (removed,) = ledger.forget_before(date(2026, 9, 1))
        assert (removed.x_bucket, removed.rows, removed.is_whole) == ("2026-08", 1, True)
        assert [row.x_bucket for row in ledger.ingests()] == ["2026-09"]


def test_an_empty_month_is_forgotten_like_a_full_one(path: Path) -> None:
    with open_ledger(path) as ledger:
        ledger.replace(batch(bucket="2026-07"))
        ledger.replace(batch(bucket="2026-07-31"))
        ledger.replace(batch(bucket="2026-09"))
        assert len(ledger.forget_before(date(2026, 9, 1))) == 2
        assert [row.x_bucket for row in ledger.ingests()] == ["2026-09"]


def test_of_a_file_that_reaches_over_the_day_only_the_older_rows_go(path: Path) -> None:
    aside = SetAsideRows(x_source="openai", x_bucket="file:a", reason="failed request", row_count=4)
    rows = [usage(day, bucket="file:a") for day in (AUGUST, SEPTEMBER)]
    with open_ledger(path) as ledger:
        ledger.replace(batch(*rows, charge(start=AUGUST, bucket="file:a"), aside, bucket="file:a"))
        (removed,) = ledger.forget_before(date(2026, 9, 1))
        assert (removed.rows, removed.is_whole) == (2, False)
        assert [row.row_count for row in ledger.ingests()] == [2]
        assert sum(ledger.count_set_aside().values()) == 4


def test_only_one_source_is_forgotten_where_one_is_meant(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        assert ledger.forget_before(date(2027, 1, 1), "litellm") == ()
        assert len(ledger.forget_before(date(2027, 1, 1), "openai")) == 2


def test_what_was_forgotten_is_gone_from_the_file(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        ledger.forget_before(date(2027, 1, 1))
    rewrite(path)
    assert PROJECT.encode() not in path.read_bytes()


def test_a_rewritten_ledger_is_the_same_ledger_and_leaves_nothing_beside_it(path: Path) -> None:
    fill(path)
    with open_ledger(path) as ledger:
        before = ledger.digest()
    rewrite(path)
    with open_ledger(path, read_only=True) as ledger:
        assert ledger.digest() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_row_that_ends_as_the_month_begins_is_older_and_the_next_one_is_not(path: Path) -> None:
    midnight = datetime(2026, 9, 1, tzinfo=UTC)
    rows = [usage(midnight + shift, bucket="file:a") for shift in (timedelta(hours=-1), timedelta(0))]
    with open_ledger(path) as ledger:
        ledger.replace(batch(*rows, bucket="file:a"))
        ledger.forget_before(midnight.date())
        assert [row.hour for row in ledger.usage_by_hour()] == [midnight]


def test_nobody_can_write_into_the_file_that_is_about_to_be_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path)
    replaced, refusals = Path.replace, []

    def last_moment(part: Path, target: Path) -> Path:
        program = f"import duckdb; duckdb.connect({str(path)!r})"
        asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - this Python
        refusals.append("Could not set lock" in asked.stderr)
        return replaced(part, target)

    monkeypatch.setattr(Path, "replace", last_moment)
    rewrite(path)
    assert refusals == [True]
    with open_ledger(path) as ledger:
        assert len(ledger.usage_by_hour()) == 3
