"""The export: FOCUS 1.4 by its own model, exact, the same bytes for the same content, and readable again."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from costcheck.errors import InputFileError
from costcheck.ledger import open_ledger
from costcheck.ledger.focus import COLUMNS
from costcheck.records import Charge, ChargeCategory, Operation, ServiceTier, TokenType
from costcheck.sources.bills import focus
from tests.costcheck.ledger.test_ledger import HOUR, PROVENANCE, batch, charge

MODEL: dict[str, Any] = msgspec.json.decode((Path(__file__).parents[2] / "data/focus_1_4/model.json").read_bytes())
WRITTEN = {name for name, _, _ in COLUMNS}
CHARGES = (
    replace(
        charge("1.250000000000000000000001"),
        list_cost=Decimal("1.5"),
        consumed_quantity=Decimal(1_000_000),
        consumed_unit="tokens",
        x_gen_ai_request_model="gpt-5.4",
        x_token_type=TokenType.OUTPUT,
        x_service_tier=ServiceTier.BATCH,
        sub_account_id="proj, \"a\"\n'b'",
    ),
    replace(charge("-20"), charge_category=ChargeCategory.CREDIT, x_operation=Operation.OTHER),
    charge("3"),
    replace(charge("0.10"), x_operation=Operation.OTHER, service_name="web search"),
)


def write(folder: Path, *rows: Charge, name: str = "out.csv") -> Path:
    file = folder / name
    with open_ledger(folder / f"{len(list(folder.iterdir()))}.duckdb") as ledger:
        ledger.replace(batch(*rows))
        assert ledger.export_focus(file) == len(rows)
    return file


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_mandatory_column_is_there_and_every_other_is_focus_or_ours() -> None:
    mandatory = {name for name, column in MODEL["columns"].items() if column["feature_level"] == "Mandatory"}
    assert mandatory <= WRITTEN
    assert {name for name in WRITTEN - MODEL["columns"].keys() if not name.startswith("x_")} == set()


def test_what_may_not_be_null_never_is(tmp_path: Path) -> None:
    never = {name for name in WRITTEN & MODEL["columns"].keys() if not MODEL["columns"][name]["allows_nulls"]}
    assert [
        (name, row["BilledCost"]) for row in rows_of(write(tmp_path, *CHARGES)) for name in never if not row[name]
    ] == []


def test_every_value_is_one_that_focus_allows(tmp_path: Path) -> None:
    allowed = {name: MODEL["columns"][name]["allowed_values"] for name in WRITTEN & MODEL["columns"].keys()}
    rows = rows_of(write(tmp_path, *CHARGES))
    strange = [
        (name, row[name])
        for row in rows
        for name, known in allowed.items()
        if known and row[name] and row[name] not in known
    ]
    assert strange == []
    parents = MODEL["service_subcategory_parents"]
    assert all(parents[row["ServiceSubcategory"]] == row["ServiceCategory"] for row in rows)


def test_amounts_are_exact_and_without_the_zeros_of_their_column(tmp_path: Path) -> None:
    billed = [row["BilledCost"] for row in rows_of(write(tmp_path, *CHARGES))]
    assert sorted(billed) == ["-20", "0.1", "1.250000000000000000000001", "3"]


def test_tokens_are_told_in_the_unit_of_focus_and_other_units_stay(tmp_path: Path) -> None:
    thousand = replace(CHARGES[0], consumed_unit="1K tokens", billed_cost=Decimal(9))
    rows = rows_of(write(tmp_path, CHARGES[0], thousand))
    assert sorted((row["ConsumedQuantity"], row["ConsumedUnit"]) for row in rows) == [
        ("1000000", "1K tokens"),
        ("1000000", "Tokens"),
    ]


def test_a_list_cost_that_nobody_told_is_the_billed_one_and_says_so(tmp_path: Path) -> None:
    told, untold = sorted(rows_of(write(tmp_path, CHARGES[0], CHARGES[2])), key=lambda row: row["BilledCost"])
    assert (told["ListCost"], told["x_ListCostKnown"]) == ("1.5", "true")
    assert (untold["ListCost"], untold["x_ListCostKnown"]) == ("3", "false")


def test_prepaid_spend_keeps_both_of_its_costs(tmp_path: Path) -> None:
    (row,) = rows_of(write(tmp_path, replace(charge("0"), effective_cost=Decimal("2.5"))))
    assert (row["BilledCost"], row["EffectiveCost"]) == ("0", "2.5")


def test_times_are_utc_and_the_billing_period_is_the_month(tmp_path: Path) -> None:
    (row,) = rows_of(write(tmp_path, charge()))
    assert row["ChargePeriodStart"] == "2026-09-01T10:00:00Z"
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z")


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_the_same_content_gives_the_same_bytes_in_whatever_order_it_came(tmp_path: Path, name: str) -> None:
    forth = write(tmp_path, *CHARGES, name=name).read_bytes()
    assert write(tmp_path, *reversed(CHARGES), name=name).read_bytes() == forth


def test_a_parquet_file_holds_decimals_and_times_in_utc(tmp_path: Path) -> None:
    file = write(tmp_path, *CHARGES, name="out.parquet")
    with duckdb.connect() as connection:
        kinds = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{file}')").fetchall()  # noqa: S608 - our own file
    assert dict(kinds)["BilledCost"] == "DECIMAL(38,26)"
    assert dict(kinds)["ChargePeriodStart"] == "TIMESTAMP WITH TIME ZONE"


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_what_was_exported_can_be_imported_to_the_same_charges(tmp_path: Path, name: str) -> None:
    charges = [
        replace(row, x_gen_ai_request_model="gpt-5.4", x_operation=Operation.CHAT, charge_period_start=day)
        for row in CHARGES
        if row.charge_category is ChargeCategory.USAGE
        for day in (HOUR.replace(hour=0),)
    ]
    charges = [replace(row, charge_period_end=row.charge_period_start + timedelta(days=1)) for row in charges]
    back = focus.read(write(tmp_path, *charges, name=name), PROVENANCE)
    assert back.quarantined == ()
    assert sum(row.billed_cost for row in back.charges) == sum(row.billed_cost for row in charges)
    assert {row.x_gen_ai_request_model for row in back.charges} == {"gpt-5.4"}
    assert {row.x_service_tier for row in back.charges} == {ServiceTier.STANDARD, ServiceTier.BATCH}
    assert sum(row.output_tokens for row in back.usage) == 1_000_000


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"ends in '\.json'"):
        write(tmp_path, charge(), name="out.json")


def test_a_file_that_cannot_be_written_leaves_the_older_one_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    (target / "out.csv").mkdir(parents=True)
    with pytest.raises(InputFileError, match="cannot be written"):
        write(tmp_path, charge(), name="kept/out.csv")
    assert [file.name for file in target.iterdir()] == ["out.csv"]
