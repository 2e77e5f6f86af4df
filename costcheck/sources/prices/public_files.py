"""A whole price snapshot without an AWS account: AWS's public price files, and bundled facts labelled as such.

What only an account can tell stays unknown: quotas are empty, and zones are known only where the bundled snapshot
knows them. Neither is ever taken for *offered* or *enough*.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date

from costcheck.errors import PriceNotFoundError
from costcheck.meters import METERS, Meter, on_demand_meter
from costcheck.price_book import GLOBAL
from costcheck.records import InstanceType, PriceSnapshot, Provenance, UnitPrice
from costcheck.sources.prices.aws_price_list import PriceListItem, select_prices
from costcheck.sources.prices.public_csv import read_items
from costcheck.sources.prices.public_offers import OpenOffer
from costcheck.sources.prices.public_savings_plans import OFFER, read_savings_plan_rates
from costcheck.sources.prices.pull import Progress, collect_prices
from costcheck.sources.prices.token_prices import TokenPrices


def fetch_public_snapshot(  # noqa: PLR0913 - what a snapshot is made of, all named
    open_offer: OpenOffer,
    region_id: str,
    instance_types: Sequence[str],
    *,
    only_priced: bool,
    bundled: PriceSnapshot,
    token_prices: TokenPrices,
    today: date,
    progress: Progress,
    tell: Callable[[str], None],
) -> PriceSnapshot:
    """Return the snapshot of one region: every price, or an error that lists what is missing.

    Args:
        open_offer: Opens price files: `downloads` or `files_in`.
        region_id: Region of the instances.
        instance_types: Types to price.
        only_priced: Leave out types that the region's file does not price, instead of failing on them.
        bundled: The bundled snapshot: facts about machines, and zones.
        token_prices: Rows of tokens, fetched before.
        today: UTC day of the pull.
        progress: Told before each step.
        tell: Told what was left out, and what is not known.

    Raises:
        CostcheckError: Anything was missing or refused; nothing partial is ever returned.
    """
    facts = _facts(bundled, instance_types)
    prices = _Prices(open_offer, region_id, instance_types, progress)
    names = [name for name in instance_types if not only_priced or prices.has(on_demand_meter(name))]
    _tell_left_out(tell, instance_types, names, f"the price file of {region_id} has no on-demand price of them")
    if not names:
        message = f"the price file of {region_id} prices none of the {len(instance_types)} instance types asked for"
        raise PriceNotFoundError(message, expected="at least one", action="choose another region or other types")
    rows = collect_prices(names, prices.of, progress)
    with open_offer(OFFER, region_id) as opened:
        plans = read_savings_plan_rates(opened.file, region_id, names, opened.provenance)
    planned = [name for name in names if any(row.sku_meter.endswith(f"/{name}") for row in plans)]
    _tell_left_out(tell, names, planned, "no Compute Savings Plan of one year prices them")
    zones = [row for row in bundled.zone_offerings if row.region_id == region_id and row.instance_type in names]
    _tell_left_out(tell, names, [row.instance_type for row in zones], "nobody here knows which zones offer them")
    return PriceSnapshot(
        as_of=today,
        region_id=region_id,
        unit_prices=(*rows, *plans, *token_prices.unit_prices),
        instance_types=tuple(facts[name] for name in names),
        zone_offerings=tuple(zones),
        quotas=(),
    )


class _Prices:
    """Every product of the price files that some meter may mean; each file is read once and let go."""

    def __init__(
        self, open_offer: OpenOffer, region_id: str, instance_types: Sequence[str], progress: Progress
    ) -> None:
        self._region_id = region_id
        self._read: dict[tuple[str, str], tuple[list[PriceListItem], Provenance]] = {}
        meters = defaultdict(list)
        for meter in (*map(on_demand_meter, instance_types), *METERS):
            meters[self._file_of(meter)].append(meter)
        for done, ((offer, where), wanted) in enumerate(meters.items()):
            progress(f"reading {offer}", done, len(meters))
            with open_offer(offer, where) as opened:
                self._read[offer, where] = read_items(opened.file, wanted, region_id), opened.provenance

    def of(self, meter: Meter) -> tuple[UnitPrice, ...]:
        """Return every tier of one meter's only SKU, lowest first."""
        items, provenance = self._read[self._file_of(meter)]
        return select_prices(items, self._region_id, meter, provenance)

    def has(self, meter: Meter) -> bool:
        """Return whether there is a price."""
        try:
            return bool(self.of(meter))
        except PriceNotFoundError:
            return False

    def _file_of(self, meter: Meter) -> tuple[str, str]:
        return meter.service_code, self._region_id if meter.region_id != GLOBAL else ""


def _facts(bundled: PriceSnapshot, names: Sequence[str]) -> dict[str, InstanceType]:
    facts = {fact.instance_type: fact for fact in bundled.instance_types}
    if unknown := [name for name in names if name not in facts]:
        message = f"the bundled snapshot describes no {', '.join(unknown)}, and price files do not tell GPUs reliably"
        raise PriceNotFoundError(
            message,
            expected="types that the bundled snapshot describes",
            action="name others, or pull with AWS credentials and without --public",
        )
    return facts


def _tell_left_out(tell: Callable[[str], None], asked: Sequence[str], kept: Sequence[str], reason: str) -> None:
    if missing := [name for name in asked if name not in kept]:
        tell(f"{', '.join(missing)}: {reason}")
