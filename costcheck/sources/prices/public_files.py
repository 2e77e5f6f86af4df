"""A whole price snapshot without an AWS account: AWS's public price files, and bundled facts labelled as such.

What only an account can tell stays unknown, with that reason: quotas are empty, and zones are known only where the
bundled snapshot knows them. Neither is ever taken for *enough* or *offered*.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from costcheck.errors import CostcheckError, PriceNotFoundError
from costcheck.market import Discount, MarketFacts, Subject
from costcheck.meters import METERS, Meter, auto_mode_meter, gateway_meters, on_demand_meter
from costcheck.price_book import GLOBAL
from costcheck.records import InstanceType, PriceSnapshot, Provenance, UnitPrice
from costcheck.sources.prices.aws_price_list import PriceListItem, select_prices
from costcheck.sources.prices.market import ask_bands, ask_discounts, pull_provenance
from costcheck.sources.prices.market_answers import Answers
from costcheck.sources.prices.market_questions import read_market_questions
from costcheck.sources.prices.public_csv import read_items
from costcheck.sources.prices.public_offers import OpenOffer
from costcheck.sources.prices.public_savings_plans import OFFER, read_savings_plan_rates
from costcheck.sources.prices.pull import Progress, collect_prices
from costcheck.sources.prices.spot_advisor import Advice
from costcheck.sources.prices.token_prices import TokenPrices
from costcheck.sources.snapshot import WholeSnapshot

ACCOUNT_ONLY = (
    Subject.SPOT_PRICES,
    Subject.SPOT_QUOTAS,
    Subject.CAPACITY_BLOCKS,
    Subject.CLUSTER_VERSIONS,
    Subject.PLACEMENT_SCORES,
    Subject.SAVINGS_PLANS_OWNED,
    Subject.RESERVED_INSTANCES_OWNED,
    Subject.CAPACITY_RESERVATIONS_OWNED,
)
NO_ACCOUNT = "only an AWS account is told, and this pull used none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRequest:
    """What is asked.

    Attributes:
        instance_types: Types to price.
        only_priced: Leave out types that the region's file does not price, instead of failing on them.
        bundled: The bundled snapshot: facts about machines, and zones.
        token_prices: Rows of tokens, fetched before.
        fetch_advice: Gives AWS's file of interruptions; None where only the kit's own copy is wanted.
        discounts: Contracted ones; None where no configuration tells.
        now: UTC.
        needed_types: Types that every decision needs, whichever were asked for; priced where the region's file has
            them.
    """

    region_id: str
    instance_types: Sequence[str]
    only_priced: bool
    bundled: PriceSnapshot
    token_prices: TokenPrices
    fetch_advice: Callable[[], Advice] | None
    discounts: tuple[Discount, ...] | None
    now: datetime
    needed_types: Sequence[str] = ()

    @property
    def all_types(self) -> tuple[str, ...]:
        """Return the types asked for, then those that are needed beside them."""
        return tuple(dict.fromkeys((*self.instance_types, *self.needed_types)))


def fetch_public_snapshot(
    open_offer: OpenOffer, request: PublicRequest, progress: Progress, tell: Callable[[str], None]
) -> WholeSnapshot:
    """Return the snapshot of one region: every list price, or an error that lists what is missing.

    Args:
        open_offer: Opens price files: `downloads` or `files_in`.
        request: What is asked.
        progress: Told before each step.
        tell: Told what was left out, and where nobody knows the zones.

    Raises:
        CostcheckError: A list price was missing or refused; nothing partial is ever returned.
    """
    region_id, bundled = request.region_id, request.bundled
    facts = _facts(bundled, request.all_types)
    prices = _Prices(open_offer, region_id, request.all_types, progress)
    named = () if request.only_priced else request.instance_types
    names = [name for name in request.all_types if name in named or prices.has(on_demand_meter(name))]
    _tell_missing(tell, request.all_types, names, f"no on-demand price in the file of {region_id}, left out")
    if not set(names) & set(request.instance_types):
        asked = len(request.instance_types)
        message = f"the price file of {region_id} prices none of the {asked} instance types asked for"
        raise PriceNotFoundError(message, expected="at least one", action="choose another region or other types")
    rows = collect_prices(names, prices.of, progress)
    with open_offer(OFFER, region_id) as opened:
        plans = read_savings_plan_rates(opened.file, region_id, names, opened.provenance)
    answers = Answers(pull_provenance(request.now))
    further = _further_prices(answers, prices, names)
    zones = [row for row in bundled.zone_offerings if row.region_id == region_id and row.instance_type in names]
    _tell_missing(tell, names, [row.instance_type for row in zones], "nobody here knows which zones offer it")
    snapshot = PriceSnapshot(
        as_of=request.now.date(),
        region_id=region_id,
        unit_prices=(*rows, *plans, *further, *request.token_prices.unit_prices),
        instance_types=tuple(facts[name] for name in names),
        zone_offerings=tuple(zones),
        quotas=(),
    )
    return WholeSnapshot(prices=snapshot, market=_market(answers, request, names, plans))


class _Prices:
    """Every product of the price files that some meter may mean; each file is read once and let go."""

    def __init__(
        self, open_offer: OpenOffer, region_id: str, instance_types: Sequence[str], progress: Progress
    ) -> None:
        self._region_id = region_id
        self._read: dict[tuple[str, str], tuple[list[PriceListItem], Provenance]] = {}
        self._failed: dict[tuple[str, str], CostcheckError] = {}
        required = [*map(on_demand_meter, instance_types), *METERS]
        further = [*map(auto_mode_meter, instance_types), *_gateway()]
        meters: Mapping[tuple[str, str], list[Meter]] = defaultdict(list)
        for meter in (*required, *further):
            meters[self._file_of(meter)].append(meter)
        for done, (key, wanted) in enumerate(meters.items()):
            progress(f"reading {key[0]}", done, len(meters))
            try:
                with open_offer(*key) as opened:
                    self._read[key] = read_items(opened.file, wanted, region_id), opened.provenance
            except CostcheckError as exc:
                if any(self._file_of(meter) == key for meter in required):
                    raise
                self._failed[key] = exc

    def of(self, meter: Meter) -> tuple[UnitPrice, ...]:
        """Return every tier of one meter's only SKU, lowest first."""
        key = self._file_of(meter)
        if key in self._failed:
            raise self._failed[key]
        items, provenance = self._read[key]
        return select_prices(items, self._region_id, meter, provenance)

    def has(self, meter: Meter) -> bool:
        """Return whether there is a price."""
        try:
            return bool(self.of(meter))
        except PriceNotFoundError:
            return False

    def _file_of(self, meter: Meter) -> tuple[str, str]:
        return meter.service_code, self._region_id if meter.region_id != GLOBAL else ""


def _further_prices(answers: Answers, prices: _Prices, names: Sequence[str]) -> tuple[UnitPrice, ...]:
    """Return the prices without which a snapshot is still one; why one is not known stands among the answers."""
    fees = {name: auto_mode_meter(name) for name in names}
    gateway = {meter.sku_meter: meter for meter in _gateway()}
    return (
        *answers.ask_each(Subject.AUTO_MODE_FEES, fees, lambda name: prices.of(fees[name])),
        *answers.ask_each(Subject.GATEWAY_SERVICES, gateway, lambda name: prices.of(gateway[name])),
    )


def _market(
    answers: Answers, request: PublicRequest, names: Sequence[str], plans: Sequence[UnitPrice]
) -> MarketFacts:
    answers.note(Subject.SAVINGS_PLAN_RATES)
    planned = (row.sku_meter.rpartition("/")[2] for row in plans)
    answers.note_absent(Subject.SAVINGS_PLAN_RATES, names, planned, "no Compute Savings Plan of one year has a rate")
    for subject in ACCOUNT_ONLY:
        answers.note(subject, NO_ACCOUNT)
    bands = ask_bands(answers, request.region_id, names, request.fetch_advice)
    discounts = ask_discounts(answers, request.discounts)
    return MarketFacts(interruption_bands=bands, discounts=discounts, asked=tuple(answers.rows))


def _gateway() -> tuple[Meter, ...]:
    sizes = read_market_questions().gateway
    return gateway_meters(sizes.database_class, sizes.cache_node)


def _facts(bundled: PriceSnapshot, names: Sequence[str]) -> dict[str, InstanceType]:
    facts = {fact.instance_type: fact for fact in bundled.instance_types}
    if unknown := [name for name in names if name not in facts]:
        message = f"the bundled snapshot describes no {', '.join(unknown)}, and price files do not tell GPUs reliably"
        raise PriceNotFoundError(
            message,
            expected="types that the bundled snapshot describes",
            action="name others, or pull with AWS credentials and without --public",
        )
    return {name: facts[name] for name in names}


def _tell_missing(tell: Callable[[str], None], asked: Sequence[str], kept: Sequence[str], reason: str) -> None:
    if missing := [name for name in asked if name not in kept]:
        tell(f"{', '.join(missing)}: {reason}")
