"""Everything that a pull asks beside list prices. What cannot be answered is written down with its reason.

List prices stop a pull (`pull.fetch_snapshot`), because nothing can be decided without them. What stands here depends
on what an account may see: a missing permission costs its answer and no other, and is never read as *none*.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from costcheck.errors import CostcheckError
from costcheck.market import (
    CapacityBlock,
    ClusterVersion,
    Commitment,
    Discount,
    InterruptionBand,
    MarketFacts,
    PlacementScore,
    SpotZonePrice,
    Subject,
)
from costcheck.meters import Meter, auto_mode_meter, gateway_meters
from costcheck.quotas import PurchaseOption, QuotaRule, quota_rule_for
from costcheck.records import Origin, Provenance, Quota, UnitPrice
from costcheck.sources.prices.aws_price_list import (
    PriceListItem,
    fetch_price_list,
    parse_item,
    price_list_provenance,
    select_prices,
)
from costcheck.sources.prices.aws_quotas import fetch_quota
from costcheck.sources.prices.capacity_blocks import fetch_capacity_blocks
from costcheck.sources.prices.commitments import (
    fetch_capacity_reservations,
    fetch_reserved_instances,
    fetch_savings_plans,
)
from costcheck.sources.prices.eks_versions import fetch_cluster_versions
from costcheck.sources.prices.market_answers import Answers, reason_of
from costcheck.sources.prices.market_questions import read_market_questions
from costcheck.sources.prices.placement import fetch_placement_scores
from costcheck.sources.prices.pull import PriceClients, Progress
from costcheck.sources.prices.savings_plans import SavingsPlansClient, fetch_savings_plan_rates
from costcheck.sources.prices.spot import dearest_zone_prices, fetch_spot_zones
from costcheck.sources.prices.spot_advisor import Advice, bundled_advice, normalise_advice

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient

_LETTERS = re.compile(r"[a-z]+(?=\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketClients:
    """Clients of boto3: those of list prices, EKS in the region, Savings Plans for the world."""

    prices: PriceClients
    eks: "EKSClient"
    savings_plans: SavingsPlansClient


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRequest:
    """What is asked.

    Attributes:
        instance_types: Types that the snapshot prices.
        named: The user named them, so that they may stand for each other.
        fetch_advice: Gives AWS's file of interruptions; None where only the kit's own copy is wanted.
        discounts: Contracted ones; None where no configuration tells.
        now: UTC.
    """

    region_id: str
    instance_types: Sequence[str]
    named: bool
    fetch_advice: Callable[[], Advice] | None
    discounts: tuple[Discount, ...] | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What came of it: further prices and quotas for the snapshot, and the facts beside them."""

    unit_prices: tuple[UnitPrice, ...]
    quotas: tuple[Quota, ...]
    facts: MarketFacts


def fetch_market(clients: MarketClients, request: MarketRequest, progress: Progress) -> Market:
    """Return everything that could be had; what could not is among `facts.asked`, with its reason."""
    asking = _Asking(clients, request, progress)
    zones = asking.spot_zones()
    prices = (*dearest_zone_prices(zones), *asking.savings_plan_rates(), *asking.fees(), *asking.gateway())
    return Market(
        unit_prices=prices,
        quotas=asking.spot_quotas(),
        facts=MarketFacts(
            spot_zone_prices=zones,
            capacity_blocks=asking.capacity_blocks(),
            cluster_versions=asking.cluster_versions(),
            commitments=asking.commitments(),
            placement_scores=asking.placement_scores(),
            interruption_bands=asking.interruption_bands(),
            discounts=asking.discounts(),
            asked=tuple(asking.answers.rows),
        ),
    )


class _Asking:
    """One question a method; none of them raises."""

    def __init__(self, clients: MarketClients, request: MarketRequest, progress: Progress) -> None:
        self._clients = clients
        self._request = request
        self._progress = progress
        self._region_id = request.region_id
        self._names = request.instance_types
        self._today = request.now.date()
        self._questions = read_market_questions()
        self._products: dict[tuple[object, ...], list[PriceListItem]] = {}
        self.answers = Answers(pull_provenance(request.now))

    def spot_zones(self) -> tuple[SpotZonePrice, ...]:
        self._begin(Subject.SPOT_PRICES)
        zones = self.answers.ask(
            Subject.SPOT_PRICES,
            lambda: fetch_spot_zones(self._clients.prices.ec2, self._region_id, self._names, now=self._request.now),
        )
        found = (row.instance_type for row in zones)
        reason = f"no zone of {self._region_id} lists a spot price: there is no pool"
        self.answers.note_absent(Subject.SPOT_PRICES, self._names, found, reason)
        return zones

    def savings_plan_rates(self) -> tuple[UnitPrice, ...]:
        self._begin(Subject.SAVINGS_PLAN_RATES)
        rates = self.answers.ask(
            Subject.SAVINGS_PLAN_RATES,
            lambda: fetch_savings_plan_rates(
                self._clients.savings_plans, self._region_id, self._names, retrieved_on=self._today
            ),
        )
        found = (row.sku_meter.rpartition("/")[2] for row in rates)
        reason = "no Compute Savings Plan of one year has a rate"
        self.answers.note_absent(Subject.SAVINGS_PLAN_RATES, self._names, found, reason)
        return rates

    def fees(self) -> tuple[UnitPrice, ...]:
        return self._metered(Subject.AUTO_MODE_FEES, {name: auto_mode_meter(name) for name in self._names})

    def gateway(self) -> tuple[UnitPrice, ...]:
        sizes = self._questions.gateway
        meters = gateway_meters(sizes.database_class, sizes.cache_node)
        return self._metered(Subject.GATEWAY_SERVICES, {meter.sku_meter: meter for meter in meters})

    def _metered(self, subject: Subject, meters: Mapping[str, Meter]) -> tuple[UnitPrice, ...]:
        self._begin(subject)
        return self.answers.ask_each(subject, meters, lambda name: self._prices_of(meters[name]))

    def _prices_of(self, meter: Meter) -> tuple[UnitPrice, ...]:
        """Return the tiers of a meter; what GetProducts finds by the same attributes is asked for once."""
        filters = (meter.service_code, *sorted(meter.required(self._region_id).items()))
        if filters not in self._products:
            texts = fetch_price_list(self._clients.prices.pricing, self._region_id, meter)
            self._products[filters] = [parse_item(text) for text in texts]
        provenance = price_list_provenance(self._region_id, meter, retrieved_on=self._today)
        return select_prices(self._products[filters], self._region_id, meter, provenance)

    def spot_quotas(self) -> tuple[Quota, ...]:
        self._begin(Subject.SPOT_QUOTAS)
        rules: dict[str, QuotaRule] = {}
        for name in self._names:
            try:
                rule = quota_rule_for(name, PurchaseOption.SPOT)
            except CostcheckError as exc:
                self.answers.note(Subject.SPOT_QUOTAS, reason_of(exc), about=name)
            else:
                rules[rule.name] = rule
        client = self._clients.prices.quotas
        return self.answers.ask_each(
            Subject.SPOT_QUOTAS,
            rules,
            lambda name: (fetch_quota(client, self._region_id, rules[name], retrieved_on=self._today),),
        )

    def capacity_blocks(self) -> tuple[CapacityBlock, ...]:
        self._begin(Subject.CAPACITY_BLOCKS)
        families = self._questions.capacity_block_families.names
        letters = {name: _LETTERS.match(name) for name in self._names}
        client, now = self._clients.prices.ec2, self._request.now
        return self.answers.ask_each(
            Subject.CAPACITY_BLOCKS,
            [name for name, found in letters.items() if found and found[0] in families],
            lambda name: fetch_capacity_blocks(client, self._region_id, name, self._questions, now=now),
        )

    def cluster_versions(self) -> tuple[ClusterVersion, ...]:
        self._begin(Subject.CLUSTER_VERSIONS)
        return self.answers.ask(
            Subject.CLUSTER_VERSIONS,
            lambda: fetch_cluster_versions(self._clients.eks, self._region_id, retrieved_on=self._today),
        )

    def commitments(self) -> tuple[Commitment, ...]:
        self._begin(Subject.SAVINGS_PLANS_OWNED)
        ec2, region, today = self._clients.prices.ec2, self._region_id, self._today
        questions: Mapping[Subject, Callable[[], tuple[Commitment, ...]]] = {
            Subject.SAVINGS_PLANS_OWNED: lambda: fetch_savings_plans(self._clients.savings_plans, retrieved_on=today),
            Subject.RESERVED_INSTANCES_OWNED: lambda: fetch_reserved_instances(ec2, region, retrieved_on=today),
            Subject.CAPACITY_RESERVATIONS_OWNED: lambda: fetch_capacity_reservations(ec2, region, retrieved_on=today),
        }
        return tuple(row for subject, fetch in questions.items() for row in self.answers.ask(subject, fetch))

    def placement_scores(self) -> tuple[PlacementScore, ...]:
        """Return scores of the types that the user named: any others do not stand for each other."""
        self._begin(Subject.PLACEMENT_SCORES)
        least = int(self._questions.placement_types.value)
        if not self._request.named or len(self._names) < least:
            reason = f"asked only about {least} or more types that you name with --instance-type"
            self.answers.note(Subject.PLACEMENT_SCORES, reason)
            return ()
        client, target = self._clients.prices.ec2, int(self._questions.placement_target.value)
        return self.answers.ask(
            Subject.PLACEMENT_SCORES,
            lambda: fetch_placement_scores(client, self._region_id, self._names, target, retrieved_on=self._today),
        )

    def interruption_bands(self) -> tuple[InterruptionBand, ...]:
        self._begin(Subject.INTERRUPTION_BANDS)
        return ask_bands(self.answers, self._region_id, self._names, self._request.fetch_advice)

    def discounts(self) -> tuple[Discount, ...]:
        return ask_discounts(self.answers, self._request.discounts)

    def _begin(self, subject: Subject) -> None:
        self._progress(str(subject), list(Subject).index(subject), len(Subject))


def ask_bands(
    answers: Answers, region_id: str, names: Sequence[str], fetch_advice: Callable[[], Advice] | None
) -> tuple[InterruptionBand, ...]:
    """Return the bands of AWS's file; where it cannot be had, those of the kit's own copy, labelled with its day."""
    advice = bundled_advice()
    copy = f"the kit's copy of {advice.provenance.retrieved_on} stands in"
    try:
        advice = fetch_advice() if fetch_advice else advice
        why = "" if fetch_advice else "nobody asked"
    except CostcheckError as exc:
        why = reason_of(exc)
    if why:
        answers.note(Subject.INTERRUPTION_BANDS, f"{why}; {copy}", about="AWS's file of today")
    bands = answers.ask(Subject.INTERRUPTION_BANDS, lambda: normalise_advice(advice, region_id, names))
    reason = f"the Spot Advisor of {advice.provenance.retrieved_on} does not list it in {region_id}"
    answers.note_absent(Subject.INTERRUPTION_BANDS, names, (row.instance_type for row in bands), reason)
    return bands


def ask_discounts(answers: Answers, discounts: tuple[Discount, ...] | None) -> tuple[Discount, ...]:
    """Return the contracted discounts; that there is no configuration is not the same as none."""
    reason = (
        "" if discounts is not None else "there is no costcheck.toml that would state them; name yours with --config"
    )
    answers.note(Subject.CONTRACTED_DISCOUNTS, reason)
    return discounts or ()


def pull_provenance(now: datetime) -> Provenance:
    """Return where the rows of `asked` come from: this pull."""
    return Provenance(
        source="costcheck prices pull", source_url="docs/prices.md", retrieved_on=now.date(), origin=Origin.LIVE
    )
