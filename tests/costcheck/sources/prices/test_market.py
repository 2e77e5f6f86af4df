"""A whole pull beside list prices: what is refused is named, costs its own answer, and is never *none*."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from costcheck.errors import SourceAuthError, SourceError
from costcheck.gate.types.caches import cluster
from costcheck.gate.types.rds import instance
from costcheck.gate.view import Side, View
from costcheck.market import Subject
from costcheck.meters import gateway_meters
from costcheck.sources.prices.market import Market, MarketClients, MarketRequest, fetch_market
from costcheck.sources.prices.market_answers import reason_of
from costcheck.sources.prices.market_questions import read_market_questions
from costcheck.sources.prices.pull import PriceClients
from costcheck.sources.prices.spot_advisor import bundled_advice
from tests.costcheck.gate.plans import create, preview, read
from tests.costcheck.sources.prices.market_stubs import NOW, REGION, Stub, block_row, rate_row, spot_row, version_row

NAMES = ("g6.xlarge", "p5.48xlarge")
SIZES = read_market_questions().gateway
WHO = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized. Encoded authorization failure message: abc"


class Account:
    """An account in which every question has an answer, until one is refused."""

    def __init__(self, stub: Stub, item: Callable[..., str]) -> None:
        self._item = item
        self.clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}
        for service in ("pricing", "ec2", "service-quotas", "eks", "savingsplans"):
            self.clients[service], self.stubs[service] = stub(service)

    def answer(self, *, refused: str = "", unasked: str = "") -> None:
        for service, method, answer in self._script():
            if method == refused:
                self.stubs[service].add_client_error(method, "AccessDenied", WHO)
            elif method != unasked:
                self.stubs[service].add_response(method, answer)

    def _script(self) -> list[tuple[str, str, dict[str, Any]]]:
        quotas = [{"QuotaCode": code, "QuotaName": "n", "Value": 8.0} for code in ("L-3819A6DF", "L-C4BD4855")]
        zones = [spot_row("a", "0.3"), spot_row("b", "0.4")]
        version = version_row("1.35", "STANDARD_SUPPORT", None)
        return [
            ("ec2", "describe_spot_price_history", {"SpotPriceHistory": zones}),
            ("savingsplans", "describe_savings_plans_offering_rates", {"searchResults": [rate_row()]}),
            ("pricing", "get_products", {"PriceList": [self._fee()]}),
            *(("pricing", "get_products", {"PriceList": [row]}) for row in self._services()),
            *(("service-quotas", "get_service_quota", {"Quota": quota}) for quota in quotas),
            ("ec2", "describe_capacity_block_offerings", {"CapacityBlockOfferings": [block_row()]}),
            ("eks", "describe_cluster_versions", {"clusterVersions": [version]}),
            ("savingsplans", "describe_savings_plans", {"savingsPlans": []}),
            ("ec2", "describe_reserved_instances", {"ReservedInstances": []}),
            ("ec2", "describe_capacity_reservations", {"CapacityReservations": []}),
        ]

    def _fee(self) -> str:
        usage = "USE1-EKS-Auto:g6.xlarge-management-hours"
        return self._item(usd="0.09658", unit="Hours", usagetype=usage, operation="EKSAutoUsage")

    def _services(self) -> list[str]:
        return [
            self._item(
                usd="0.1",
                unit=meter.divisors[0][0],
                family=dict(meter.fields).get("productFamily", ""),
                usagetype=f"USE1-{meter.usage_type}",
                **{name: value for name, value in meter.fields if name != "productFamily"},
            )
            for meter in gateway_meters(SIZES.database_class, SIZES.cache_node)
        ]

    def pull(self, **changes: Any) -> Market:  # noqa: ANN401 - any field of a request
        prices = PriceClients(
            pricing=self.clients["pricing"], ec2=self.clients["ec2"], quotas=self.clients["service-quotas"]
        )
        clients = MarketClients(prices=prices, eks=self.clients["eks"], savings_plans=self.clients["savingsplans"])
        request = MarketRequest(
            region_id=REGION,
            instance_types=NAMES,
            named=False,
            fetch_advice=bundled_advice,
            discounts=(),
            now=NOW,
        )
        return fetch_market(clients, replace(request, **changes), lambda *_: None)


@pytest.fixture
def account(stub: Stub, item: Callable[..., str]) -> Account:
    return Account(stub, item)


def reasons(market: Market) -> dict[tuple[Subject, str], str]:
    return {(row.subject, row.about): row.reason for row in market.facts.unknown()}


def test_an_account_that_may_be_asked_everything_leaves_only_what_aws_does_not_have(account: Account) -> None:
    account.answer()
    market = account.pull()
    assert set(reasons(market)) == {
        (Subject.SPOT_PRICES, "p5.48xlarge"),
        (Subject.SAVINGS_PLAN_RATES, "p5.48xlarge"),
        (Subject.AUTO_MODE_FEES, "p5.48xlarge"),
        (Subject.PLACEMENT_SCORES, ""),
    }
    assert {row.sku_meter for row in market.unit_prices} == {
        "SpotUsage:g6.xlarge",
        "ComputeSavingsPlan1yr/No Upfront/g6.xlarge",
        "EKS-Auto:g6.xlarge-management-hours",
        *(meter.sku_meter for meter in gateway_meters(SIZES.database_class, SIZES.cache_node)),
    }
    assert [quota.quota_code for quota in market.quotas] == ["L-3819A6DF", "L-C4BD4855"]
    assert len(market.facts.capacity_blocks) == len(market.facts.cluster_versions) == 1
    for stubber in account.stubs.values():
        stubber.assert_no_pending_responses()


def test_every_subject_is_answered_or_has_a_reason(account: Account) -> None:
    account.answer()
    asked = {row.subject for row in account.pull().facts.asked if not row.about}
    assert asked == set(Subject)


def test_an_account_that_owns_nothing_says_so(account: Account) -> None:
    account.answer()
    facts = account.pull().facts
    assert facts.commitments == ()
    assert facts.is_known(Subject.SAVINGS_PLANS_OWNED)


@pytest.mark.parametrize(
    ("method", "subject", "action"),
    [
        ("describe_spot_price_history", Subject.SPOT_PRICES, "ec2:DescribeSpotPriceHistory"),
        (
            "describe_savings_plans_offering_rates",
            Subject.SAVINGS_PLAN_RATES,
            "savingsplans:DescribeSavingsPlansOfferingRates",
        ),
        ("describe_capacity_block_offerings", Subject.CAPACITY_BLOCKS, "ec2:DescribeCapacityBlockOfferings"),
        ("describe_cluster_versions", Subject.CLUSTER_VERSIONS, "eks:DescribeClusterVersions"),
        ("describe_savings_plans", Subject.SAVINGS_PLANS_OWNED, "savingsplans:DescribeSavingsPlans"),
        ("describe_reserved_instances", Subject.RESERVED_INSTANCES_OWNED, "ec2:DescribeReservedInstances"),
        (
            "describe_capacity_reservations",
            Subject.CAPACITY_RESERVATIONS_OWNED,
            "ec2:DescribeCapacityReservations",
        ),
    ],
)
def test_a_missing_permission_is_named_and_costs_no_other_answer(
    account: Account, method: str, subject: Subject, action: str
) -> None:
    account.answer(refused=method)
    market = account.pull()
    assert reasons(market)[subject, ""] == f"{action}: AWS answered AccessDenied"
    assert not market.facts.is_known(subject)
    whole = {row.subject for row in market.facts.unknown() if not row.about}
    assert whole == {subject, Subject.PLACEMENT_SCORES}


def test_without_a_network_each_subject_is_given_up_at_once(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.answer()
    asked: list[str] = []

    def nobody_there(operation: str, _request: object) -> object:
        asked.append(operation)
        raise EndpointConnectionError(endpoint_url="https://aws.invalid")

    for client in account.clients.values():
        monkeypatch.setattr(client, "_make_api_call", nobody_there)
    market = account.pull()
    assert (market.unit_prices, market.quotas, market.facts.commitments) == ((), (), ())
    assert len(asked) == len(Subject) - len(
        [Subject.PLACEMENT_SCORES, Subject.INTERRUPTION_BANDS, Subject.CONTRACTED_DISCOUNTS]
    )


def test_scores_are_asked_for_named_types_that_are_enough(account: Account) -> None:
    account.answer(unasked="describe_capacity_block_offerings")  # none of these types is sold in blocks
    names = ("g6.xlarge", "g6e.xlarge", "g5.xlarge")
    stubber = account.stubs["ec2"]
    row = {"Region": REGION, "AvailabilityZoneId": "use1-az4", "Score": 9}
    stubber.add_response("get_spot_placement_scores", {"SpotPlacementScores": [row]})
    assert [one.score for one in account.pull(named=True, instance_types=names).facts.placement_scores] == [9]


def test_scores_of_fewer_types_are_not_asked_for(account: Account) -> None:
    account.answer()
    assert "3 or more types" in reasons(account.pull(named=True))[Subject.PLACEMENT_SCORES, ""]


def test_a_file_of_interruptions_that_cannot_be_had_is_replaced_by_the_copy_and_told(account: Account) -> None:
    def unreachable() -> Any:  # noqa: ANN401 - never returns
        raise SourceError("the feed is down", expected="", action="")  # noqa: EM101, TRY003 - a test

    account.answer()
    market = account.pull(fetch_advice=unreachable)
    told = reasons(market)[Subject.INTERRUPTION_BANDS, "AWS's file of today"]
    assert told == "the feed is down; the kit's copy of 2025-07-28 stands in"
    assert {band.provenance.origin for band in market.facts.interruption_bands} == {"bundled"}


def test_no_configuration_is_not_no_discount(account: Account) -> None:
    account.answer()
    assert "costcheck.toml" in reasons(account.pull(discounts=None))[Subject.CONTRACTED_DISCOUNTS, ""]


def test_a_reason_names_no_account_and_stays_short() -> None:
    refusal = SourceAuthError(f"ec2:X: AWS answered AccessDenied: {WHO}", expected="", action="")
    failure = SourceError(f"ec2:X: AWS answered Other: {WHO} {'z' * 900}", expected="", action="")
    assert reason_of(refusal) == "ec2:X: AWS answered AccessDenied"
    assert "123456789012" not in reason_of(failure)
    assert len(reason_of(failure)) == 200


def view(token: str, inputs: dict[str, Any]) -> View:
    plan = read(preview(*json.loads(json.dumps([create(token, "one", inputs | {"region": REGION})]))))
    (resource,) = plan.after
    return View(resource, Side(plan.after, {}))


def test_the_gate_finds_the_same_skus() -> None:
    single, multi, storage, zoned, cache = gateway_meters("db.m7g.2xlarge", "cache.t4g.medium")
    database = {"instanceClass": "db.m7g.2xlarge", "engine": "postgres", "allocatedStorage": 20, "storageType": "gp3"}
    for several, wanted in ((False, {single, storage}), (True, {multi, zoned})):
        parts = instance(view("aws:rds/instance:Instance", database | {"multiAz": several})).components
        found = {part.meter.sku_meter: part.meter for part in parts}
        for meter in wanted:
            assert found[meter.sku_meter].required(REGION) == meter.required(REGION)
            assert found[meter.sku_meter].spellings == meter.spellings
    node = {"nodeType": "cache.t4g.medium", "engine": "valkey", "numCacheNodes": 1}
    (part,) = cluster(view("aws:elasticache/cluster:Cluster", node)).components
    assert part.meter.required(REGION) == cache.required(REGION)
