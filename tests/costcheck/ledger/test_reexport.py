"""Exports that are made again, come in parts, or are another account's; on a real DuckDB file, all constructed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costcheck.errors import LedgerError
from costcheck.ledger import Ledger, open_ledger
from costcheck.records import BillBatch, Charge, Origin, Provenance, TokenType, TokenUsage

DAY = timedelta(days=1)
ACCOUNT, OTHER = "111122223333", "444455556666"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.duckdb") as opened:
        yield opened


def charge(month: int = 10, day: int = 1, cost: str = "1.50", **changes: Any) -> Charge:  # noqa: ANN401 - any field
    start = datetime(2026, month, day, tzinfo=UTC)
    default = Charge(
        x_source="focus",
        x_bucket="",
        charge_period_start=start,
        charge_period_end=start + DAY,
        service_provider_name="aws",
        service_name="Amazon Bedrock",
        sub_account_id=ACCOUNT,
        billed_cost=Decimal(cost),
        billing_currency="USD",
        x_gen_ai_request_model="meta.llama3-3-70b-instruct",
        x_token_type=TokenType.UNCACHED_INPUT,
    )
    return replace(default, **changes)


def usage(**changes: Any) -> TokenUsage:  # noqa: ANN401 - any field of the record
    start = datetime(2026, 10, 1, tzinfo=UTC)
    default = TokenUsage(
        x_source="focus",
        x_bucket="",
        charge_period_start=start,
        charge_period_end=start + DAY,
        service_provider_name="aws",
        request_model="meta.llama3-3-70b-instruct",
        sub_account_id=ACCOUNT,
        uncached_input_tokens=100,
        output_tokens=0,
    )
    return replace(default, **changes)


def export(name: str, *rows: Charge | TokenUsage, source: str = "focus") -> BillBatch:
    bucket = f"sha256:{name}"
    placed = [replace(row, x_bucket=bucket, x_source=source) for row in rows]
    return BillBatch(
        x_source=source,
        buckets=(bucket,),
        usage=tuple(row for row in placed if isinstance(row, TokenUsage)),
        charges=tuple(row for row in placed if isinstance(row, Charge)),
        quarantined=(),
        set_aside=(),
        provenance=Provenance(
            source=source, source_url=f"{name}.csv", retrieved_on=date(2026, 11, 23), origin=Origin.CONSTRUCTED
        ),
    )


@pytest.mark.parametrize("source", ["focus", "cur", "google"])
def test_a_charge_of_the_same_kind_in_a_second_export_is_refused_whatever_its_amount(
    ledger: Ledger, source: str
) -> None:
    ledger.replace(export("old", charge(cost="10.00"), source=source))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(export("new", charge(cost="10.10"), source=source))
    assert "2026-10 10.00 USD in the ledger and 10.10 USD in it" in caught.value.seen
    assert "the same export made again, corrected" in caught.value.seen
    assert [row.x_bucket for row in ledger.ingests()] == ["sha256:old"]


@pytest.mark.parametrize(
    ("cost", "told"),
    [("10.001", "2026-10 10 USD in the ledger and 10.001 USD in it"), ("10", "10.00 USD in both, of other days")],
)
def test_amounts_that_cents_do_not_tell_apart_are_told_to_the_digit(ledger: Ledger, cost: str, told: str) -> None:
    ledger.replace(export("old", charge(cost="10.00", consumed_quantity=Decimal(1))))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(export("new", charge(cost=cost, consumed_quantity=Decimal(2))))
    assert told in caught.value.seen


def test_a_correction_that_has_all_of_several_files_says_which_to_forget(ledger: Ledger) -> None:
    ledger.replace(export("a", charge(day=1)))
    ledger.replace(export("b", charge(day=2)))
    corrected = export("new", charge(day=1, cost="2"), charge(day=2))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(corrected)
    assert (
        "run `costcheck bill forget focus sha256:a` and `costcheck bill forget focus sha256:b`, then read it again"
        in caught.value.action
    )
    for bucket in ("sha256:a", "sha256:b"):
        ledger.forget("focus", bucket)
    ledger.replace(corrected)


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        ({"month": 9, "cost": "7"}, "lacks 2026-09 (7.00 USD) of old.csv"),
        ({"day": 2, "cost": "7"}, f"lacks 7.00 USD of 2026-10, Amazon Bedrock, account {ACCOUNT} of old.csv"),
        ({"sub_account_id": OTHER}, f"lacks 1.50 USD of 2026-10, Amazon Bedrock, account {OTHER} of old.csv"),
        ({"service_name": "Claude"}, f"lacks 1.50 USD of 2026-10, Claude, account {ACCOUNT} of old.csv"),
        ({"x_gen_ai_request_model": "b"}, f"lacks 1.50 USD of 2026-10, Amazon Bedrock, account {ACCOUNT} of old.csv"),
    ],
)
def test_a_correction_that_lacks_a_month_a_day_an_account_or_a_model_says_what_to_bring(
    ledger: Ledger, held: dict[str, Any], lacking: str
) -> None:
    ledger.replace(export("old", charge(), charge(**held)))
    with pytest.raises(LedgerError) as caught:
        ledger.replace(export("new", charge(cost="2")))
    assert caught.value.action.startswith(f"new.csv {lacking}")
    assert "then run `costcheck bill forget focus sha256:old`, and import all of them in one" in caught.value.action
    assert "nothing is lost" not in caught.value.action


def test_months_that_a_correction_lacks_are_told_together(ledger: Ledger) -> None:
    ledger.replace(export("old", *(charge(month=month) for month in range(5, 11))))
    with pytest.raises(LedgerError, match=r"2026-10 1\.50 USD in the ledger") as caught:
        ledger.replace(export("new", charge(cost="2")))
    assert "lacks 2026-05 to 2026-09 (7.50 USD) of old.csv" in caught.value.action


def test_the_same_amounts_again_are_no_correction(ledger: Ledger) -> None:
    ledger.replace(export("old", charge(), charge(day=2)))
    with pytest.raises(LedgerError, match="holds 1 rows that sha256:old holds too") as caught:
        ledger.replace(export("new", charge()))
    assert "leave sha256:new (new.csv) out" in caught.value.action
    assert "import all of its files in one command" in caught.value.action


def test_input_in_one_part_and_output_in_another_are_no_double_and_no_overlap(ledger: Ledger) -> None:
    output = usage(uncached_input_tokens=0, output_tokens=50)
    ledger.replace(export("a", charge(), usage()))
    ledger.replace(export("b", charge(x_token_type=TokenType.OUTPUT), output))
    assert ledger.overlaps() == ()
    (hour,) = ledger.usage_by_hour()
    assert (hour.uncached_input_tokens, hour.output_tokens) == (100, 50)


def test_tokens_of_one_class_in_two_parts_are_refused_without_any_charge(ledger: Ledger) -> None:
    ledger.replace(export("a", usage()))
    with pytest.raises(LedgerError):
        ledger.replace(export("b", usage(uncached_input_tokens=7)))


@pytest.mark.parametrize(
    ("accounts", "overlaps"),
    [((ACCOUNT, OTHER), 0), ((ACCOUNT, None), 1), (("redacted:1", ACCOUNT), 1), (("redacted:1", "redacted:2"), 0)],
)
def test_only_two_accounts_that_are_both_told_are_no_overlap(
    ledger: Ledger, accounts: tuple[str | None, str | None], overlaps: int
) -> None:
    for bucket, account in zip("ab", accounts, strict=True):
        ledger.replace(export(bucket, usage(sub_account_id=account)))
    assert len(ledger.overlaps()) == overlaps


def test_a_project_that_a_console_calls_otherwise_than_the_api_does_not_hide_an_overlap(ledger: Ledger) -> None:
    for bucket, project in (("a", "proj_1"), ("b", "Project One")):
        ledger.replace(export(bucket, usage(sub_account_id=project), source="openai"))
    assert len(ledger.overlaps()) == 1


def test_charges_of_another_source_may_be_of_one_kind_in_two_files(ledger: Ledger) -> None:
    for bucket, cost in (("a", "1"), ("b", "2")):
        ledger.replace(export(bucket, charge(cost=cost), source="litellm"))
    assert len(ledger.ingests()) == 2
