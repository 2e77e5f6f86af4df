"""Thresholds of the decision table and assumptions of the cost model: typed, dated, overridable."""

import difflib
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from costcheck.errors import ConfigError
from costcheck.facts import Fact, Typed, read_data_toml
from costcheck.settings import Override


class Thresholds(Typed, frozen=True, kw_only=True):
    """Every threshold of the decision table; `data/thresholds.toml` says where each belongs."""

    min_complete_months: Fact
    min_addressable_bill_usd: Fact
    keep_measuring_bill_usd: Fact
    ask_again_days: Fact
    max_bill_age_days: Fact
    max_gap_days: Fact
    max_unreconciled_share: Fact
    max_quarantined_share: Fact
    min_saving_share: Fact
    min_saving_usd: Fact
    max_pay_back_months: Fact
    wait_months: Fact
    horizon_months: Fact
    max_monthly_growth: Fact
    decision_valid_days: Fact
    max_evaluation_age_days: Fact


class SystemNode(Typed, frozen=True, kw_only=True):
    """The CPU instance that carries everything but the models."""

    instance_type: str
    note: str


class Assumptions(Typed, frozen=True, kw_only=True):
    """Everything that no bill tells; `data/assumptions.toml` says what each rests on."""

    system_node: SystemNode
    people_rate_usd_per_hour: Fact
    upkeep_hours_per_month: Fact
    set_up_cost_usd: Fact
    api_switch_cost_usd: Fact
    model_refresh_hours_per_month: Fact
    system_node_count: Fact
    gpu_node_volume_gb: Fact
    system_node_volume_gb: Fact
    gateway_volume_gb: Fact
    nat_gateway_count: Fact
    nat_gb_per_month: Fact
    load_balancer_count: Fact
    public_ipv4_count: Fact
    interface_endpoint_zone_count: Fact
    kms_key_count: Fact
    log_gb_per_month: Fact
    log_retention_months: Fact
    image_gb: Fact
    bytes_per_token: Fact
    cold_start_minutes: Fact
    paying_hours_per_week: Fact
    starts_per_month: Fact
    self_hosted_outage_hours_per_month: Fact
    api_outage_hours_per_month: Fact
    spot_overhead_share: Fact
    input_token_factor: Fact
    output_token_factor: Fact
    api_price_decline_per_year: Fact
    gpu_price_decline_per_year: Fact
    growth_damping: Fact
    monthly_level_error: Fact


class LedgerRules(Typed, frozen=True, kw_only=True):
    """What a read of a bill must keep to, and what explains a residual; `data/ledger_rules.toml` has the sources."""

    max_quarantined_share: Fact
    min_quarantined_rows: Fact
    max_lost_cost_share: Fact
    max_unpriced_share: Fact
    max_source_gap_share: Fact
    rounding_of_a_charge: Fact
    regional_surcharge_share: Fact
    regional_surcharge_error: Fact
    max_uncounted_share: Fact
    worth_telling_share: Fact
    max_tax_share: Fact


def read_ledger_rules() -> LedgerRules:
    """Return the rules that the kit ships."""
    return read_data_toml("ledger_rules.toml", LedgerRules)


RANGES = {
    "horizon_months": (1, 60),
    "wait_months": (0, 60),
    "paying_hours_per_week": (5, 120),
    "ask_again_days": (0, 3_650),
    "decision_valid_days": (0, 3_650),
    "max_evaluation_age_days": (0, 3_650),
    "growth_damping": (0, 1),
}
"""Where a rule cannot be any number: months are counted, and a week has 120 hours from Monday to Friday."""
WHOLE = frozenset({"horizon_months", "wait_months"})

R = TypeVar("R", Thresholds, Assumptions)


def load_thresholds(overrides: Mapping[str, Override]) -> Thresholds:
    """Return the thresholds, with the company's own in place of the kit's.

    Raises:
        ConfigError: An override names no threshold (the nearest is named) or is not finite.
    """
    return _overridden(read_data_toml("thresholds.toml", Thresholds), overrides, "thresholds")


def load_assumptions(overrides: Mapping[str, Override]) -> Assumptions:
    """Return the assumptions, with the company's own in place of the kit's.

    Raises:
        ConfigError: An override names no assumption (the nearest is named), is not finite, or has a range that
            does not hold its value.
    """
    return _overridden(read_data_toml("assumptions.toml", Assumptions), overrides, "assumptions")


def _overridden(rules: R, overrides: Mapping[str, Override], table: str) -> R:
    known = [name for name in rules.__struct_fields__ if isinstance(getattr(rules, name), Fact)]
    for name in overrides:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            message = f"[{table}.{name}] overrides nothing"
            raise ConfigError(message, expected=f"a known name; the nearest is `{nearest}`", action="mend that key")
    changed = {
        name: _replace(getattr(rules, name), override, f"[{table}.{name}]") for name, override in overrides.items()
    }
    return msgspec.structs.replace(rules, **changed)


def _replace(fact: Fact, override: Override, name: str) -> Fact:
    for problem, expected in _override_problems(fact, override, name.strip("[]").rsplit(".", maxsplit=1)[-1]):
        message = f"{name} has {problem}"
        raise ConfigError(message, expected=expected, action="mend that override")
    return msgspec.structs.replace(
        fact,
        value=override.value,
        low=override.low,
        high=override.high,
        source_url="costcheck.toml",
        note=f"overridden: {override.reason} (the kit has {fact.value})",
    )


def _override_problems(fact: Fact, override: Override, key: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an override, and what would be right."""
    value, ends = override.value, (override.low, override.high)
    figures = [figure for figure in (override.low, value, override.high) if figure is not None]
    if not all(figure.is_finite() and figure >= 0 for figure in figures) or figures != sorted(figures):
        yield f"low {ends[0]}, value {value}, high {ends[1]}", "0 <= low <= value <= high, all finite"
        return
    if ends != (None, None) and (None in ends or fact.low is None):
        held = "a low and a high, or neither" if fact.low is not None else "a value alone: nothing draws this one"
        yield f"low {ends[0]}, high {ends[1]}", held
    low, high = RANGES.get(key, (0, None))
    if figures[0] < low or (high is not None and figures[-1] > high) or (key in WHOLE and value != round(value)):
        number = "a whole number" if key in WHOLE else "a number"
        yield f"the value {value}", f"{number} from {low} to {high}"
