"""Quotas: vCPUs, the right one for each family, and a thing to ask for."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costcheck.errors import PriceNotFoundError
from costcheck.price_book import PriceBook
from costcheck.quotas import PurchaseOption, quota_precondition, quota_rule_for
from costcheck.records import Origin, Provenance, Quota
from costcheck.sources.snapshot import read_max_ages
from tests.costcheck.decision.builders import AS_OF, snapshot


def book(limit: str | None) -> PriceBook:
    provenance = Provenance(source="test", source_url="test", retrieved_on=AS_OF, origin=Origin.CONSTRUCTED)
    quotas = (
        ()
        if limit is None
        else (
            Quota(
                region_id="us-east-1",
                quota_code="L-DB2E81BA",
                quota_name="Running On-Demand G and VT instances",
                vcpu_limit=Decimal(limit),
                provenance=provenance,
            ),
        )
    )
    return PriceBook(replace(snapshot(), quotas=quotas), read_max_ages())


@pytest.mark.parametrize(("limit", "starts"), [("0", "raise"), ("11", "raise"), ("12", ""), ("100", "")])
def test_a_quota_is_enough_from_the_vcpus_that_run(limit: str, starts: str) -> None:
    # g6.xlarge has 4 vCPUs, so that three of them need 12.
    text = quota_precondition(book(limit), "g6.xlarge", "on_demand", 3)
    assert text.startswith(starts)
    assert bool(text) is bool(starts)


def test_a_quota_that_nobody_asked_for_is_unknown_and_not_unlimited() -> None:
    text = quota_precondition(book(None), "g6.xlarge", "on_demand", 3)
    assert "at least 12 vCPUs: nobody has asked AWS yet" in text


def test_spot_has_a_quota_of_its_own() -> None:
    spot, on_demand = (
        quota_rule_for("g6.xlarge", option) for option in (PurchaseOption.SPOT, PurchaseOption.ON_DEMAND)
    )
    assert spot.code != on_demand.code
    assert "nobody has asked" in quota_precondition(book("100"), "g6.xlarge", "spot", 3)


def test_p_and_g_have_quotas_of_their_own() -> None:
    codes = {
        quota_rule_for(name, PurchaseOption.ON_DEMAND).code for name in ("g6.xlarge", "g5.xlarge", "p5.48xlarge")
    }
    assert len(codes) == 2


@pytest.mark.parametrize("name", ["", "gpu", "zz9.large", "g6"])
def test_a_family_without_a_known_quota_is_an_error(name: str) -> None:
    with pytest.raises(PriceNotFoundError):
        quota_rule_for(name, PurchaseOption.ON_DEMAND)
