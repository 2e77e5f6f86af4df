"""Gather everything that a decision reads: settings, ledger, prices, and the kit's own data."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property

import msgspec

from costcheck import __version__
from costcheck.catalogue import load_gpus, load_open_weights, load_roofline, load_serving_rules
from costcheck.cli.measured import (
    DAY,
    longest_run,
    missing_months,
    negligible_models,
    quarantined_share,
    quiet_providers,
    unbilled_gap_days,
    unread_invoice_rows,
)
from costcheck.cli.model_names import name_of, nearest_names
from costcheck.cli.named import require_known_types, resolve_models
from costcheck.cli.own_prices import with_own_prices
from costcheck.decision.commitment import PAYMENT_OPTION
from costcheck.decision.inputs import Coverage, DecisionInputs
from costcheck.demand_rules import DemandRules, read_demand_rules
from costcheck.errors import CurrencyError, PriceNotFoundError
from costcheck.ledger import Ledger
from costcheck.ledger.summary import complete_months
from costcheck.model.api_cost import ModelName, TokenMarket, list_cost
from costcheck.model.assignment import split_by_workload
from costcheck.model.bill import BillSummary, PricedUsage, summarise_bill
from costcheck.model.coverage import measure_coverage, next_month
from costcheck.model.demand import ModelUsage, Priced, WorkloadDemand, estimate_demand, priced_by
from costcheck.model.price_tags import LONGEST_PROMPT_TOKENS, is_long_context, price_tags
from costcheck.model.self_hosted_cost import PURCHASE_CATEGORY
from costcheck.price_book import TOKEN_UNIT, PriceBook, savings_plan_meter
from costcheck.records import (
    MonthCharge,
    Operation,
    PriceSnapshot,
    PricingCategory,
    TokenType,
    UnitPrice,
    UsageHour,
)
from costcheck.rules import load_assumptions, load_thresholds, read_ledger_rules
from costcheck.settings import Settings
from costcheck.sources.snapshot import read_max_ages

COMMITTED_METERS = savings_plan_meter(PAYMENT_OPTION, "")
ONE = Decimal(1)


class Assembly:
    """The evidence of one company on one day.

    Args:
        settings: From `costcheck.toml`.
        ledger: Open ledger.
        snapshot: Prices.
        as_of: Day of the question.
        live: That day is today.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, snapshot: PriceSnapshot, *, as_of: date, live: bool
    ) -> None:
        self.catalogue = load_open_weights()
        self.settings = resolve_models(settings, self.catalogue)
        self.as_of = as_of
        self.live = live
        self.book = with_own_prices(PriceBook(snapshot, read_max_ages()), settings)
        require_known_types(settings, {row.instance_type for row in snapshot.instance_types})
        self.usage = ledger.usage_by_hour()
        self.charges = ledger.charges_by_month()
        self.quarantined_rows = sum(ledger.count_quarantined().values())
        self.quarantined_share = quarantined_share(ledger)
        self.unread_invoice_rows = unread_invoice_rows(ledger)
        reads = {(row.x_source, row.x_bucket): f"{row.x_source} {row.name}" for row in ledger.ingests()}
        self.counted_twice = tuple(
            f"{row.service_provider_name}/{row.request_model} in {row.months} month{'' if row.months == 1 else 's'} "
            f"in {reads[row.first]} and in {reads[row.second]}{row.way_out}"
            for row in ledger.overlaps()
            if not {row.first[0], row.second[0]} & set(settings.separate_sources)
        )
        self.missing_months = missing_months(ledger, as_of)
        self.complete_months = complete_months(ledger.coverage(), ledger.periods())
        self.rules: DemandRules = read_demand_rules()
        self.surcharge_share = read_ledger_rules().regional_surcharge_share.value
        self._unit_prices: dict[tuple[object, ...], dict[str, float]] = {}

    def inputs(self, *, draws: int, seed: int) -> DecisionInputs:
        """Return the inputs of the decision.

        Raises:
            CostcheckError: The evidence cannot even be put together, e.g. a workload without any usage.
        """
        candidates = {name for workload in self.settings.workload for name in workload.candidates}
        return DecisionInputs(
            costcheck_version=__version__,
            as_of=self.as_of,
            live=self.live,
            settings=self.settings,
            coverage=self.coverage,
            bill=self.bill,
            demands=self.demands,
            names=self.names,
            snapshot=self._trimmed(candidates),
            max_ages=self.book.max_ages,
            thresholds=load_thresholds(self.settings.thresholds),
            assumptions=load_assumptions(self.settings.assumptions),
            serving_rules=load_serving_rules(),
            roofline=load_roofline(),
            models={name: self.catalogue[name] for name in sorted(candidates)},
            gpus=load_gpus(),
            draws=draws,
            seed=seed,
        )

    @cached_property
    def names(self) -> dict[str, ModelName]:
        """Return the price list's name of every chat model that was billed or may replace one; unknown ones lack."""
        billed = {
            (row.service_provider_name, row.request_model) for row in self.usage if row.operation is Operation.CHAT
        }
        providers = sorted({provider for provider, _ in billed})
        wished = {
            (provider, workload.cheaper_request_model)
            for workload in self.settings.workload
            if workload.cheaper_request_model is not None
            for provider in providers
        }
        found = {
            f"{provider}/{model}": name_of(self.book, provider, model) for provider, model in sorted(billed | wished)
        }
        return {billed_as: name for billed_as, name in found.items() if name is not None}

    @cached_property
    def coverage(self) -> Coverage:
        """Return how much of the past was measured, by usage or, where there is none, by charges."""
        if self.usage:
            seen = measure_coverage(self.usage, as_of=self.as_of, rules=self.rules)
            return Coverage(
                first_day=seen.first_day,
                last_day=seen.last_day,
                complete_months=seen.complete_months,
                gap_days=longest_run(seen.gap_days),
                unbilled_gap_days=unbilled_gap_days(seen.gap_days, self.charges),
                quiet=quiet_providers(self.usage, self.as_of, self.rules),
                quarantined_rows=self.quarantined_rows,
                quarantined_share=self.quarantined_share,
                unread_invoice_rows=self.unread_invoice_rows,
                counted_twice=self.counted_twice,
                missing_months=self.missing_months,
            )
        billed = sorted({(row.month, row.x_source) for row in self.charges if row.month < self.as_of})
        partial = {month for month, source in billed if month not in self.complete_months.get(source, ())}
        complete = sorted({month for month, _ in billed if next_month(month) <= self.as_of} - partial)
        inner = sorted(month for month in partial if complete and complete[0] < month < complete[-1])
        return Coverage(
            first_day=billed[0][0] if billed else None,
            last_day=next_month(billed[-1][0]) - DAY if billed else None,
            complete_months=tuple(complete),
            partial_months=tuple(inner) or msgspec.UNSET,
            gap_days=0,
            quarantined_rows=self.quarantined_rows,
            quarantined_share=self.quarantined_share,
            unread_invoice_rows=self.unread_invoice_rows,
            counted_twice=self.counted_twice,
            missing_months=self.missing_months,
        )

    @cached_property
    def demands(self) -> tuple[WorkloadDemand, ...]:
        """Return the demand of every workload; of the declared ones only where there is no usage at all."""
        declared = tuple(workload for workload in self.settings.workload if workload.declared_demand is not None)
        return estimate_demand(
            self.settings.workload if self.usage else declared,
            self.usage,
            as_of=self.as_of,
            rules=self.rules,
            constant_price=self._constant_price,
            set_aside_models=self.set_aside_models,
            surcharge_share=self.surcharge_share,
        )

    @cached_property
    def negligible(self) -> tuple[str, ...]:
        """Return the models that nobody can price, and of which the bill says that they hardly matter."""
        return negligible_models(self.usage, self.charges, self.names)

    @property
    def set_aside_models(self) -> tuple[str, ...]:
        """Return the models that are compared with nothing."""
        return (*self.settings.set_aside_models, *(name.split("/", 1)[1] for name in self.negligible))

    @cached_property
    def bill(self) -> BillSummary:
        """Return the bill, reconciled.

        Raises:
            CurrencyError: Some charges are not in USD.
        """
        require_usd(self.charges)
        entered = {row.service_provider_name: ONE - row.discount_share for row in self.settings.contracted_discount}
        summary = summarise_bill(
            self._priced_usage(), self.charges, self.coverage.complete_months, entered_factor=entered.get
        )
        nearest = {name: nearest_names(self.book, *name.split("/", 1)) for name in summary.unpriced_models}
        return replace(
            summary, negligible_models=self.negligible or msgspec.UNSET, nearest_names=nearest or msgspec.UNSET
        )

    def _priced_usage(self) -> list[PricedUsage]:
        by_workload = split_by_workload(self.settings.workload, self.usage, set_aside_models=self.set_aside_models)
        rows = []
        for workload, hours in by_workload.items():
            groups: dict[tuple[str, date, str, str], list[UsageHour]] = defaultdict(list)
            for row in hours:
                if row.operation is Operation.CHAT:
                    month = row.hour.date().replace(day=1)
                    groups[row.x_source, month, row.service_provider_name, row.request_model].append(row)
            rows += [
                PricedUsage(
                    x_source=source,
                    month=month,
                    service_provider_name=provider,
                    request_model=model,
                    addressable=workload is not None,
                    list_cost_usd=self._list_cost(group, month),
                )
                for (source, month, provider, model), group in groups.items()
            ]
        return rows

    def _list_cost(self, hours: Sequence[UsageHour], month: date) -> Decimal | None:
        market = self._market(min(_middle_of(month), self.as_of))
        try:
            return sum(
                (list_cost(market, usage, or_first=True) for usage in _by_price(hours, self.surcharge_share)),
                Decimal(0),
            )
        except PriceNotFoundError:
            return None

    def _market(self, on: date) -> TokenMarket:
        return TokenMarket(book=self.book, names=self.names, contracted_factor=lambda _: ONE, on=on)

    def _constant_price(self, row: UsageHour) -> float:
        """Return what a row's tokens cost at today's unit prices; tokens that nobody prices weigh nothing."""
        kind = (row.service_provider_name, row.request_model, row.service_tier, price_tags(row.x_source, row.tags))
        if kind not in self._unit_prices:
            self._unit_prices[kind] = self._today_unit_prices(row)
        prices = self._unit_prices[kind]
        return sum(price * float(getattr(row, column)) for column, price in prices.items())

    def _today_unit_prices(self, row: UsageHour) -> dict[str, float]:
        market = self._market(self.as_of)
        tags = price_tags(row.x_source, row.tags)
        context = LONGEST_PROMPT_TOKENS if is_long_context(tags) else 0
        factor = float(priced_by(tags, self.surcharge_share).get("price_factor", 1))
        try:
            name = market.name(row.service_provider_name, row.request_model)
            return {
                str(token_type): factor
                * float(market.price(name, token_type, row.service_tier, context, or_first=True).list_unit_price)
                for token_type in TokenType
            }
        except PriceNotFoundError:
            return {}

    def _trimmed(self, candidates: Iterable[str]) -> PriceSnapshot:
        """Return the snapshot with the rows that this decision can use."""
        models = {(name.service_code, name.model_id) for name in self.names.values()}
        for candidate in candidates:
            models |= {(api.provider_id, api.model_id) for api in self.catalogue[candidate].managed_apis}
        snapshot = self.book.snapshot
        kinds = {row.instance_type for row in self.book.gpu_instance_types()}
        region = self.settings.company.region_id
        bought = {PURCHASE_CATEGORY[option] for option in self.settings.self_hosting.purchase_options}
        if PricingCategory.STANDARD in bought:
            bought.add(PricingCategory.COMMITTED)  # hours on demand could be committed to
        kept = [row for row in snapshot.unit_prices if _is_used(row, models, region, bought)]
        return replace(
            snapshot,
            unit_prices=tuple(kept),
            instance_types=tuple(row for row in snapshot.instance_types if row.instance_type in kinds),
            zone_offerings=tuple(row for row in snapshot.zone_offerings if row.instance_type in kinds),
        )


def require_usd(charges: Iterable[MonthCharge]) -> None:
    """Do nothing if every charge is in USD.

    Raises:
        CurrencyError: One is not; the kit converts nothing.
    """
    other = sorted({row.billing_currency for row in charges} - {"USD"})
    if other:
        message = f"the ledger holds charges in {', '.join(other)}"
        raise CurrencyError(
            message,
            expected="charges in USD, the currency of the prices",
            action="import the bill in USD; the kit converts nothing, because a rate would be a guess",
        )


def _is_used(row: UnitPrice, models: set[tuple[str, str]], region_id: str, bought: set[PricingCategory]) -> bool:
    """Return whether a decision may read a row; a spot price that nobody would pay must not make it stale."""
    if row.pricing_unit == TOKEN_UNIT:
        return any(row.service_code == code and row.sku_meter.startswith(f"{model}/") for code, model in models)
    if row.pricing_category is PricingCategory.COMMITTED and not row.sku_meter.startswith(COMMITTED_METERS):
        return False
    return row.region_id == region_id and row.pricing_category in {PricingCategory.STANDARD, *bought}


def _by_price(hours: Sequence[UsageHour], surcharge_share: Decimal) -> list[ModelUsage]:
    """Return the usage of one model, summed where all of it has one price."""
    alike: dict[tuple[str, tuple[str, ...]], list[UsageHour]] = defaultdict(list)
    for row in hours:
        alike[row.service_tier, price_tags(row.x_source, row.tags)].append(row)
    return [_sum_usage(rows, priced_by(tags, surcharge_share)) for (_, tags), rows in alike.items()]


def _sum_usage(rows: Sequence[UsageHour], priced: Priced) -> ModelUsage:
    return ModelUsage(
        service_provider_name=rows[0].service_provider_name,
        request_model=rows[0].request_model,
        service_tier=rows[0].service_tier,
        uncached_input_tokens=Decimal(sum(row.uncached_input_tokens for row in rows)),
        cache_read_input_tokens=Decimal(sum(row.cache_read_input_tokens for row in rows)),
        cache_creation_5m_input_tokens=Decimal(sum(row.cache_creation_5m_input_tokens for row in rows)),
        cache_creation_1h_input_tokens=Decimal(sum(row.cache_creation_1h_input_tokens for row in rows)),
        output_tokens=Decimal(sum(row.output_tokens for row in rows)),
        requests=Decimal(sum(row.requests or 0 for row in rows)),
        **priced,
    )


def _middle_of(month: date) -> date:
    return month.replace(day=15)
