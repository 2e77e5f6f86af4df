"""A month that lies in two folders of deliveries is one month twice."""

import pytest

from costcheck.errors import InputFileError
from costcheck.sources.exports.deliveries import refuse_two_deliveries


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("BILLING_PERIOD=2026-10/20261103T020000Z-a", "BILLING_PERIOD=2026-10/20261105T020000Z-b"),
        ("billing_period=2026-10/x", "BILLING_PERIOD=2026-10/y"),
        ("BILLING_PERIOD=2026-10", "BILLING_PERIOD=2026-10/20261105T020000Z-b"),
        ("BILLING_PERIOD=2026-10", "BILLING_PERIOD=2026-10 (copy)"),
        ("20261001-20261031/one-run", "20261001-20261031/another"),
    ],
)
def test_two_deliveries_of_a_month_are_refused_by_name(first: str, second: str) -> None:
    files = [f"s3://acme/data/{first}/a.parquet", f"s3://acme/data/{second}/a.parquet"]
    with pytest.raises(InputFileError) as caught:
        refuse_two_deliveries(files)
    assert first in caught.value.seen
    assert second in caught.value.seen
    assert "bill pull aws-export" in caught.value.action


@pytest.mark.parametrize(
    "folders",
    [
        ("BILLING_PERIOD=2026-10/run", "BILLING_PERIOD=2026-10/run"),
        ("BILLING_PERIOD=2026-09/run", "BILLING_PERIOD=2026-10/other"),
        ("one/BILLING_PERIOD=2026-10", "two/BILLING_PERIOD=2026-10"),
        ("BILLING_PERIOD=2026-10/region=eu", "BILLING_PERIOD=2026-10/region=us"),
        ("20261001-20261015/run", "20261016-20261031/other"),
        ("2026/10/one", "2026/10/two"),
    ],
)
def test_parts_of_one_delivery_and_deliveries_of_several_months_or_exports_may_lie_together(
    folders: tuple[str, str],
) -> None:
    refuse_two_deliveries([f"/data/{folder}/{number}.parquet" for number, folder in enumerate(folders)])


def test_of_many_deliveries_the_first_are_named_and_the_rest_counted() -> None:
    with pytest.raises(InputFileError, match=r"in 30 folders: .*/e04, 25 more"):
        refuse_two_deliveries([f"BILLING_PERIOD=2026-10/e{number:02}/a.csv" for number in range(30)])
