"""CUR 2.0 exports in CSV and in Parquet; every line here is constructed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from costcheck.errors import InputFileError
from costcheck.records import BillBatch, ChargeCategory, Provenance
from costcheck.sources.bills import cur as source
from costcheck.sources.bills.registry import FILES
from tests.costcheck.sources.bills.focus_rows import CUR_TYPES, Row, cur, write_csv, write_parquet

Read = Callable[[list[Row]], BillBatch]


@pytest.fixture(params=["csv", "parquet"])
def read(request: pytest.FixtureRequest, provenance: Provenance, tmp_path: Path) -> Read:
    def as_csv(rows: list[Row]) -> BillBatch:
        return source.read(write_csv(tmp_path / "cur.csv", rows), provenance)

    def as_parquet(rows: list[Row]) -> BillBatch:
        return source.read(write_parquet(tmp_path / "cur.parquet", rows, CUR_TYPES), provenance)

    return as_csv if request.param == "csv" else as_parquet


AWS_BILLED = cur(
    bill_billing_entity="AWS",
    line_item_product_code="AmazonBedrock",
    line_item_usage_type="USE1-Nova2.0Lite-output-tokens",
    line_item_usage_amount="10.5",
    line_item_unblended_cost="0.0252",
    pricing_unit="1K tokens",
    product='{"product_name": "Amazon Bedrock"}',
)


def test_a_unit_of_the_marketplace_is_a_million_tokens(read: Read) -> None:
    (row,) = read([cur()]).usage
    assert (row.service_provider_name, row.request_model, row.uncached_input_tokens) == (
        "aws",
        "anthropic.claude-opus-5-5",
        1_000_000,
    )
    assert (row.sub_account_id, row.tags) == ("111122223333", ("region:USW2", "scope:regional"))


def test_a_unit_that_aws_bills_is_a_thousand_tokens(read: Read) -> None:
    batch = read([AWS_BILLED])
    assert [row.output_tokens for row in batch.usage] == [10_500]
    assert [row.billed_cost for row in batch.charges] == [Decimal("0.0252")]


def test_credits_discounts_taxes_and_fees_are_kept_apart(read: Read) -> None:
    none = {"line_item_usage_type": "Credit", "line_item_usage_amount": "0", "pricing_unit": ""}
    rows = [
        cur(),
        cur(line_item_line_item_type="Credit", line_item_unblended_cost="-1.25", **none),
        cur(line_item_line_item_type="EdpDiscount", line_item_unblended_cost="-0.55", **none),
        cur(line_item_line_item_type="Tax", line_item_unblended_cost="1.05", **none),
    ]
    batch = read(rows)
    by_category = {
        category: sum(row.billed_cost for row in batch.charges if row.charge_category is category)
        for category in ChargeCategory
    }
    assert by_category == {
        ChargeCategory.USAGE: Decimal("5.5"),
        ChargeCategory.CREDIT: Decimal("-1.8"),
        ChargeCategory.TAX: Decimal("1.05"),
        ChargeCategory.PURCHASE: 0,
        ChargeCategory.ADJUSTMENT: 0,
    }


DISCOUNT = {
    "line_item_line_item_type": "EdpDiscount",
    "line_item_unblended_cost": "-0.55",
    "pricing_public_on_demand_cost": "",
}


@pytest.mark.parametrize(
    "rows",
    [
        [cur(line_item_net_unblended_cost="4.95")],
        [cur(line_item_net_unblended_cost="4.95"), cur(**DISCOUNT, line_item_net_unblended_cost="0")],
        [cur(line_item_net_unblended_cost="4.95"), cur(**DISCOUNT, line_item_net_unblended_cost="")],
        [cur(), cur(**DISCOUNT)],
        [cur(), cur(**DISCOUNT | {"line_item_line_item_type": "PrivateRateDiscount"}, line_item_usage_amount="0")],
        [cur(), cur(**DISCOUNT, pricing_unit="")],
    ],
    ids=["net", "net beside a line", "net beside a line without one", "line", "private rate", "line without a unit"],
)
def test_a_discount_lowers_the_cost_of_the_usage_as_in_focus(read: Read, rows: list[Row]) -> None:
    batch = read(rows)
    (charge,) = batch.charges
    assert (charge.charge_category, charge.billed_cost, charge.list_cost, charge.consumed_quantity) == (
        ChargeCategory.USAGE,
        Decimal("4.95"),
        Decimal("5.5"),
        Decimal(1_000_000),
    )
    assert [row.uncached_input_tokens for row in batch.usage] == [1_000_000]


@pytest.mark.parametrize("net", ["", "0"])
def test_a_net_column_that_tells_nothing_of_a_month_leaves_its_unblended_costs_and_discounts(
    read: Read, net: str
) -> None:
    october = {
        "line_item_usage_start_date": "2026-10-20T09:00:00Z",
        "line_item_usage_end_date": "2026-10-20T10:00:00Z",
    }
    told = [cur(line_item_net_unblended_cost="4.95"), cur(**DISCOUNT, line_item_net_unblended_cost=net)]
    untold = [cur(**row | october, line_item_net_unblended_cost=net) for row in ({}, DISCOUNT)]
    assert [row.billed_cost for row in read([*told, *untold]).charges] == [Decimal("4.95"), Decimal("4.95")]


def test_net_costs_that_are_all_zero_are_told_with_what_counts_instead(read: Read) -> None:
    zero = read([cur(line_item_net_unblended_cost="0")])
    assert [row.billed_cost for row in zero.charges] == [Decimal("5.5")]
    (note,) = (note for note in zero.notes if "net" in note)
    assert note.startswith(
        "2026-11: the net costs of language models are all 0, their unblended costs come to 5.50 USD"
    )
    for net in ("", "4.95"):
        assert [note for note in read([cur(line_item_net_unblended_cost=net)]).notes if "net" in note] == []


def test_a_discount_that_came_late_counts_for_nothing_where_its_invoice_is_told_net(read: Read) -> None:
    late = {
        "line_item_usage_start_date": "2026-10-31T09:00:00Z",
        "line_item_usage_end_date": "2026-10-31T10:00:00Z",
        "bill_billing_period_start_date": "2026-11-01T00:00:00Z",
    }
    rows = [cur(line_item_net_unblended_cost="4.95"), cur(**DISCOUNT | late, line_item_net_unblended_cost="")]
    assert [row.billed_cost for row in read(rows).charges] == [Decimal("4.95")]


def test_one_free_line_among_net_costs_is_free(read: Read) -> None:
    free = cur(line_item_usage_account_id="444455556666", line_item_net_unblended_cost="0")
    charges = read([cur(line_item_net_unblended_cost="4.95"), free]).charges
    assert sum(row.billed_cost for row in charges) == Decimal("4.95")


def test_a_line_that_tells_no_net_cost_is_billed_as_it_stands(read: Read) -> None:
    credit = cur(line_item_line_item_type="Credit", line_item_unblended_cost="-1", line_item_net_unblended_cost="")
    costs = {
        row.charge_category: row.billed_cost for row in read([cur(line_item_net_unblended_cost="5"), credit]).charges
    }
    assert costs == {ChargeCategory.USAGE: 5, ChargeCategory.CREDIT: -1}


def test_a_net_cost_that_is_no_number_is_quarantined(read: Read) -> None:
    batch = read([cur(), cur(line_item_net_unblended_cost="x")])
    assert (len(batch.charges), [row.reason for row in batch.quarantined]) == (1, ["the billed cost is no number"])


def test_months_with_and_without_net_costs_are_each_read_by_their_own_columns(
    provenance: Provenance, tmp_path: Path
) -> None:
    october = {
        "line_item_usage_start_date": "2026-10-20T09:00:00Z",
        "line_item_usage_end_date": "2026-10-20T10:00:00Z",
    }
    files = (
        write_csv(tmp_path / "10.csv", [cur(**october), cur(**october, **DISCOUNT)]),
        write_csv(tmp_path / "11.csv", [cur(line_item_net_unblended_cost="4.95"), cur(**DISCOUNT)]),
    )
    batch = source.read_delivery(files, provenance)
    assert [row.billed_cost for row in batch.charges] == [Decimal("4.95"), Decimal("4.95")]


def test_other_services_are_set_aside_and_counted(read: Read) -> None:
    compute = cur(
        bill_billing_entity="AWS",
        line_item_product_code="AmazonEC2",
        line_item_usage_type="BoxUsage:m5.large",
        product='{"product_name": "Amazon Elastic Compute Cloud"}',
    )
    batch = read([cur(), compute, compute])
    assert sum(row.row_count for row in batch.set_aside) == 2
    assert len(batch.charges) == 1


def test_a_type_of_line_that_is_not_known_is_quarantined(read: Read) -> None:
    batch = read([cur(), cur(line_item_line_item_type="Gift")])
    assert [row.reason for row in batch.quarantined] == ["the charge category is 'Gift'"]


def test_an_export_without_the_products_map_says_so(tmp_path: Path, provenance: Provenance) -> None:
    path = write_csv(tmp_path / "cur.csv", [{name: value for name, value in cur().items() if name != "product"}])
    with pytest.raises(InputFileError, match="no column product"):
        source.read(path, provenance)


def test_an_export_is_told_from_every_other_kind_of_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cur.csv", [cur()])
    assert [found.name for found in FILES if found.load().recognises(path)] == ["cur"]
