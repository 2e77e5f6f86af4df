"""What the gate holds a plan against: the company's `gate.toml`, its waivers, and the kit's own dated rules."""

from datetime import date
from decimal import Decimal

import msgspec

from costcheck.errors import ConfigError
from costcheck.facts import Fact, Typed, parse_toml, read_data_toml

WAIVABLE = "limit."
MOST = Decimal(10**12)
"""More than any company spends, and few enough digits to be counted exactly."""


class GateRules(Typed, frozen=True, kw_only=True):
    """Dated rules of the kit, `costcheck/data/gate_rules.toml`."""

    max_price_rise_share: Fact
    max_waiver_days: Fact


class Limits(Typed, frozen=True, kw_only=True):
    """What a plan that raises cost may not exceed; each is checked only where it is set.

    Attributes:
        monthly_usd: The whole stack, at the worst case.
        monthly_increase_usd: More than before, at the worst case.
        monthly_increase_percent: The same, of what it cost before.
        budget_usd: The whole stack, at the desired size.
    """

    monthly_usd: Decimal | None = None
    monthly_increase_usd: Decimal | None = None
    monthly_increase_percent: Decimal | None = None
    budget_usd: Decimal | None = None


class Runway(Typed, frozen=True, kw_only=True):
    """How long the money lasts.

    Attributes:
        cash_usd: Money left.
        monthly_burn_usd: What the company spends a month now, this stack included.
        min_months: Fewer are refused.
    """

    cash_usd: Decimal
    monthly_burn_usd: Decimal
    min_months: Decimal


class GateConfig(Typed, frozen=True, kw_only=True):
    """The company's `gate.toml`.

    Attributes:
        usage: Units a month of what only use tells, by meter (`AmazonEC2 NatGateway-Bytes`), for the whole stack.
    """

    limits: Limits = Limits()
    runway: Runway | None = None
    usage: dict[str, Decimal] = msgspec.field(default_factory=dict)


class Waiver(Typed, frozen=True, kw_only=True):
    """A person's word that one limit may be exceeded for a while, kept as a file in the repository.

    Attributes:
        owner: Who answers for it.
        reason: Why.
        check: The limit, such as `limit.monthly_usd`.
        stack: Where it holds, `project/stack`.
        up_to: The figure that may be reached, in the limit's own unit.
        expires: Last day.
    """

    owner: str
    reason: str
    check: str
    stack: str
    up_to: Decimal
    expires: date


def load_gate_rules() -> GateRules:
    """Return the kit's rules."""
    return read_data_toml("gate_rules.toml", GateRules)


def parse_gate_config(text: str, name: str) -> GateConfig:
    """Return a company's `gate.toml`.

    Raises:
        ConfigError: It is no TOML, has an unknown key, or a figure that is not finite and above zero.
    """
    config = parse_toml(text, GateConfig, name)
    figures = {
        **{f"limits.{key}": value for key, value in msgspec.structs.asdict(config.limits).items()},
        **(
            {f"runway.{key}": value for key, value in msgspec.structs.asdict(config.runway).items()}
            if config.runway
            else {}
        ),
        **{f"usage.{key}": value for key, value in config.usage.items()},
    }
    for key, value in figures.items():
        _require_figure(value, f"{name}: {key}")
    return config


def parse_waiver(text: str, name: str, rules: GateRules, today: date) -> Waiver:
    """Return one waiver.

    Raises:
        ConfigError: It lacks an owner or a reason, waives what cannot be waived, or holds too long.
    """
    waiver = parse_toml(text, Waiver, name)
    _require_figure(waiver.up_to, f"{name}: up_to")
    latest = rules.max_waiver_days.value
    for wrong, problem, expected in (
        (not waiver.owner.strip(), "has no owner", "the name of a person"),
        (not waiver.reason.strip(), "has no reason", "one sentence"),
        (not waiver.check.startswith(WAIVABLE), f"waives {waiver.check!r}", "a limit: nothing else can be waived"),
        ((waiver.expires - today).days > latest, f"expires on {waiver.expires}", f"within {latest} days"),
    ):
        if wrong:
            message = f"{name} {problem}"
            raise ConfigError(message, expected=expected, action=f"mend {name}, or remove it")
    return waiver


def _require_figure(value: Decimal | None, key: str) -> None:
    if value is not None and not (value.is_finite() and 0 <= value <= MOST):
        message = f"{key} is {value}"
        raise ConfigError(message, expected=f"a number from 0 to {MOST:,}", action="mend that key")
