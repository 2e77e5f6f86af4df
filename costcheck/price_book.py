"""Look prices and instance facts up in one snapshot: pure, exact, and never a quiet fallback."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costcheck.errors import AmbiguousPriceError, PriceNotFoundError
from costcheck.records import (
    InstanceType,
    PriceSnapshot,
    PricingCategory,
    Quota,
    ServiceTier,
    TokenType,
    UnitPrice,
    ZoneOffering,
)
from costcheck.units import Money

TOKEN_UNIT = "1000000 Tokens"  # noqa: S105 - a pricing unit, not a secret
GLOBAL = "global"
EC2 = "AmazonEC2"
PULL = "run `costcheck prices pull` for a fresh snapshot, or name the row you need with `costcheck prices show`"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxAges:
    """How many days after its observation a price may still decide.

    Attributes:
        on_demand_days: EC2 instance hours bought on demand, or under a Savings Plan.
        spot_days: Anything whose price moves with supply.
        token_days: Prices of tokens.
        other_aws_days: Every other AWS unit price.
    """

    on_demand_days: int
    spot_days: int
    token_days: int
    other_aws_days: int

    def limit_days(self, price: UnitPrice) -> int:
        """Return the age in days that this price may reach."""
        if price.pricing_category is PricingCategory.DYNAMIC:
            return self.spot_days
        if price.pricing_unit == TOKEN_UNIT:
            return self.token_days
        is_on_demand = price.service_code == EC2 and price.sku_meter.startswith("BoxUsage:")
        if is_on_demand or price.pricing_category is PricingCategory.COMMITTED:
            return self.on_demand_days
        return self.other_aws_days


@dataclass(frozen=True, slots=True, kw_only=True)
class StalePrice:
    """A price that is older than it may be."""

    price: UnitPrice
    age_days: int
    limit_days: int


@dataclass(frozen=True, slots=True)
class _Key:
    service_code: str
    sku_meter: str
    region_id: str
    pricing_category: PricingCategory

    def __str__(self) -> str:
        return f"{self.service_code} {self.sku_meter} {self.region_id} {self.pricing_category}"


class PriceBook:
    """The rows of one snapshot, by key, and `instances`: its facts by instance type.

    Raises:
        PriceNotFoundError: A row holds a price that is not a finite number above zero.
    """

    def __init__(self, snapshot: PriceSnapshot, max_ages: MaxAges) -> None:
        self.snapshot = snapshot
        self.max_ages = max_ages
        self._prices: dict[_Key, list[UnitPrice]] = defaultdict(list)
        self._tiers: dict[tuple[_Key, date], tuple[UnitPrice, ...]] = {}
        for price in snapshot.unit_prices:
            require_positive(price)
            self._prices[_key_of(price)].append(price)
        self.instances = {fact.instance_type: fact for fact in snapshot.instance_types}
        self._offerings = {row.instance_type: row for row in snapshot.zone_offerings}
        self._quotas = {quota.quota_code: quota for quota in snapshot.quotas}

    def price(  # noqa: PLR0913 - the key of a price has this many parts, all named
        self,
        service_code: str,
        sku_meter: str,
        *,
        region_id: str,
        category: PricingCategory = PricingCategory.STANDARD,
        quantity: Decimal = Decimal(0),
        on: date | None = None,
    ) -> UnitPrice:
        """Return the one price that applies on a day to the pricing unit at `quantity`.

        Args:
            service_code: As in `UnitPrice`.
            sku_meter: As in `UnitPrice`.
            region_id: AWS region, or `global`.
            category: On-demand, spot or commitment.
            quantity: Where in the tiers: pricing units bought this month, or tokens of one prompt.
            on: Day of use; the snapshot's own day where none is given.

        Raises:
            PriceNotFoundError: No row under this key applies on that day.
            AmbiguousPriceError: Two rows do.
        """
        tiers = self.tiers(service_code, sku_meter, region_id=region_id, category=category, on=on)
        reached = [row for row in tiers if row.tier_start <= quantity]
        if not reached:
            key = _Key(service_code, sku_meter, region_id, category)
            message = f"no price of {key} reaches down to a quantity of {quantity}"
            raise _not_found(message)
        return reached[-1]

    def tiers(
        self,
        service_code: str,
        sku_meter: str,
        *,
        region_id: str,
        category: PricingCategory = PricingCategory.STANDARD,
        on: date | None = None,
    ) -> tuple[UnitPrice, ...]:
        """Return every tier of one price on one day, lowest first.

        Raises:
            PriceNotFoundError: No row under this key applies on that day.
            AmbiguousPriceError: Two rows claim the same tier.
        """
        key = _Key(service_code, sku_meter, region_id, category)
        day = on or self.snapshot.as_of
        if (key, day) not in self._tiers:
            self._tiers[key, day] = self._ordered_tiers(key, day)
        return self._tiers[key, day]

    def is_priced(
        self,
        service_code: str,
        sku_meter: str,
        *,
        region_id: str,
        category: PricingCategory = PricingCategory.STANDARD,
    ) -> bool:
        """Return whether any row stands under a key, on whatever day."""
        return _Key(service_code, sku_meter, region_id, category) in self._prices

    def _ordered_tiers(self, key: _Key, day: date) -> tuple[UnitPrice, ...]:
        rows = _in_effect(self._prices.get(key, []), day)
        if not rows:
            raise self._unknown_price(key, day)
        ordered = sorted(rows, key=lambda row: row.tier_start)
        starts = [row.tier_start for row in ordered]
        if len(set(starts)) != len(starts):
            skus = ", ".join(sorted(row.sku_id or "no SKU recorded" for row in ordered))
            message = f"{key} has {len(ordered)} prices for {len(set(starts))} tiers on {day} ({skus})"
            raise AmbiguousPriceError(message, expected="exactly one price for each tier", action=PULL)
        return tuple(ordered)

    def tiered_cost(
        self,
        service_code: str,
        sku_meter: str,
        *,
        region_id: str,
        quantity: Decimal,
        on: date | None = None,
    ) -> Money:
        """Return the cost of one month's `quantity` where each tier prices only the units inside it.

        This is how AWS bills volumes (transfer, storage). Context tiers of tokens work otherwise:
        there the whole request takes the price of the tier that its prompt reaches, so use `price`.
        """
        rows = self.tiers(service_code, sku_meter, region_id=region_id, on=on)
        return Money(tiered_cost(rows, quantity), rows[0].pricing_currency)

    def token_price(  # noqa: PLR0913 - the key of a token price has this many parts, all named
        self,
        service_code: str,
        model_id: str,
        token_type: TokenType,
        *,
        region_id: str = GLOBAL,
        service_tier: ServiceTier = ServiceTier.STANDARD,
        context_tokens: int = 0,
        on: date | None = None,
        or_first: bool = False,
    ) -> UnitPrice:
        """Return the price of one class of tokens of one model, in USD a million tokens.

        A class of input that the provider does not price apart is charged as uncached input, as
        genai-prices does (https://github.com/pydantic/genai-prices, `decompose`): a provider that
        lists no cache prices gives no cache discount. Output has no such substitute.

        Args:
            service_code: Provider in genai-prices' words.
            model_id: Model in genai-prices' words.
            token_type: Class of tokens.
            region_id: `global`, or the AWS region.
            service_tier: Standard, batch, flex or priority; a tier without a price is an error.
            context_tokens: Tokens of the prompt, cached ones included: they choose the context tier.
            on: Day of use.
            or_first: The tokens were bought, so that a list that begins later only lacks the older price: take its
                first one.

        Raises:
            PriceNotFoundError: Neither the class nor its substitute has a price on that day.
        """
        asked = token_meter(model_id, token_type, service_tier)
        uncached = token_meter(model_id, TokenType.UNCACHED_INPUT, service_tier)
        known = _Key(service_code, asked, region_id, PricingCategory.STANDARD) in self._prices
        meter = asked if known or token_type is TokenType.OUTPUT else uncached
        day = on or self.snapshot.as_of
        if or_first:
            day = max(day, self._known_from(_Key(service_code, meter, region_id, PricingCategory.STANDARD)))
        return self.price(service_code, meter, region_id=region_id, quantity=Decimal(context_tokens), on=day)

    def _known_from(self, key: _Key) -> date:
        days = (row.effective_from or date.min for row in self._prices.get(key, []))
        return min(days, default=date.min)

    def token_price_known_from(self, service_code: str, model_id: str, service_tier: ServiceTier) -> date:
        """Return the first day of which the price of a model's input at a tier is known; `date.min` if always."""
        meter = token_meter(model_id, TokenType.UNCACHED_INPUT, service_tier)
        return self._known_from(_Key(service_code, meter, GLOBAL, PricingCategory.STANDARD))

    def instance(self, instance_type: str) -> InstanceType:
        """Return what EC2 says of one instance type.

        Raises:
            PriceNotFoundError: The snapshot holds no facts about it; the nearest name is given.
        """
        if instance_type not in self.instances:
            nearest = difflib.get_close_matches(instance_type, self.instances, n=1)
            hint = f"; the nearest is {nearest[0]}" if nearest else ""
            message = f"the snapshot knows no instance type {instance_type!r}{hint}"
            raise _not_found(message)
        return self.instances[instance_type]

    def gpu_instance_types(self) -> tuple[InstanceType, ...]:
        """Return the types with at least one whole GPU, by name; priced or not, offered or not."""
        return tuple(
            sorted(
                (fact for fact in self.instances.values() if fact.gpu_count > 0),
                key=lambda fact: fact.instance_type,
            )
        )

    def zones(self, instance_type: str) -> ZoneOffering:
        """Return the zones that offer one type; no zone at all is an answer, no row is not.

        Raises:
            PriceNotFoundError: Nobody asked AWS where this type is offered.
        """
        if instance_type not in self._offerings:
            message = f"the snapshot does not say which zones of {self.snapshot.region_id} offer {instance_type}"
            raise _not_found(message)
        return self._offerings[instance_type]

    def quota(self, quota_code: str) -> Quota | None:
        """Return a quota of the account; None means that nobody asked, which is not *unlimited*."""
        return self._quotas.get(quota_code)

    def age_days(self, price: UnitPrice, as_of: date, *, live: bool = False) -> int:
        """Return how many days lie between a price and the day that it is used for.

        Seen before that day: the days since. Seen later (a replay): 0 if it says that it already
        applied, or if it comes from a dated history of token prices; else the days to the later of
        the two, because nobody saw it in force on that day.

        Args:
            price: The row.
            as_of: Day of the decision.
            live: The decision is about today, so a row from the future is an error.

        Raises:
            PriceNotFoundError: A live decision meets a row from the future.
        """
        seen_on, applies_from = price.provenance.retrieved_on, price.effective_from
        if live and max(seen_on, applies_from or seen_on) > as_of:
            message = f"{price.key} was observed on {seen_on} and applies from {applies_from}"
            raise PriceNotFoundError(
                message,
                expected=f"a price observed and in force by {as_of}",
                action="correct the clock or the snapshot",
            )
        since_seen = (as_of - seen_on).days
        until_applied = ((applies_from or as_of) - as_of).days
        if since_seen >= 0:
            return max(since_seen, until_applied)
        if applies_from is None and price.pricing_unit != TOKEN_UNIT:
            return -since_seen
        return max(0, until_applied)

    def stale(self, as_of: date, *, live: bool = False) -> tuple[StalePrice, ...]:
        """Return every row that is older than its limit on that day, oldest first.

        Rows of a token history that start after that day are no evidence about it and are left out.
        """
        old = [
            StalePrice(price=price, age_days=age, limit_days=limit)
            for price in self.snapshot.unit_prices
            if not (price.pricing_unit == TOKEN_UNIT and (price.effective_from or as_of) > as_of)
            and (age := self.age_days(price, as_of, live=live)) > (limit := self.max_ages.limit_days(price))
        ]
        return tuple(sorted(old, key=lambda row: -row.age_days))

    def _unknown_price(self, key: _Key, day: date) -> PriceNotFoundError:
        same_meter = sorted({str(known) for known in self._prices if known.sku_meter == key.sku_meter})
        same_service = [str(known) for known in self._prices if known.service_code == key.service_code]
        near = same_meter or difflib.get_close_matches(str(key), same_service, n=1)
        hint = f"; the nearest row is {near[0]}" if near else ""
        later = "" if key not in self._prices else " (its rows begin later)"
        return _not_found(f"no price of {key} on {day}{later}{hint if not later else ''}")


def tiered_cost(tiers: Sequence[UnitPrice], quantity: Decimal) -> Decimal:
    """Return what a month's quantity costs where each tier, lowest first, prices only the units inside it."""
    total = Decimal(0)
    ends = (*(row.tier_start for row in tiers[1:]), None)
    for row, end in zip(tiers, ends, strict=True):
        units = (quantity if end is None else min(quantity, end)) - row.tier_start
        total += max(units, Decimal(0)) * row.list_unit_price
    return total


def token_meter(model_id: str, token_type: TokenType, service_tier: ServiceTier = ServiceTier.STANDARD) -> str:
    """Return the `sku_meter` of a token price: `<model>/<token type>`, then the tier unless standard."""
    suffix = "" if service_tier is ServiceTier.STANDARD else f"/{service_tier}"
    return f"{model_id}/{token_type}{suffix}"


def savings_plan_meter(payment_option: str, instance_type: str) -> str:
    """Return the `sku_meter` of an hour under a Compute Savings Plan of one year, in AWS's words for the payment."""
    return f"ComputeSavingsPlan1yr/{payment_option}/{instance_type}"


def require_positive(price: UnitPrice) -> UnitPrice:
    """Return the price if it is a finite number above zero.

    Raises:
        PriceNotFoundError: It is zero, negative, NaN or infinite; such a row prices nothing.
    """
    amount = price.list_unit_price
    if amount.is_finite() and amount > 0:
        return price
    message = f"{price.key} has a price of {amount} {price.pricing_currency} (SKU {price.sku_id})"
    raise PriceNotFoundError(
        message,
        expected="a finite price above zero",
        action="check the source; a zero is never taken for a price",
    )


def _key_of(price: UnitPrice) -> _Key:
    return _Key(price.service_code, price.sku_meter, price.region_id, price.pricing_category)


def _in_effect(rows: list[UnitPrice], day: date) -> list[UnitPrice]:
    """Return the rows of the latest price list in force on a day.

    A replay may know only a later list of AWS prices: then its first one serves, and `age_days`
    tells the distance. A history of token prices says what applied when, so nothing stands in for it.
    """
    begun = [row for row in rows if (row.effective_from or date.min) <= day]
    if begun:
        latest = max(row.effective_from or date.min for row in begun)
        return [row for row in begun if (row.effective_from or date.min) == latest]
    later = [row for row in rows if row.pricing_unit != TOKEN_UNIT]
    first = min((row.effective_from or date.min for row in later), default=day)
    return [row for row in later if row.effective_from == first]


def _not_found(message: str) -> PriceNotFoundError:
    return PriceNotFoundError(message, expected="exactly one row under that key", action=PULL)
