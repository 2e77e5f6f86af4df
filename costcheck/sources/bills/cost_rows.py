"""What lines of a FOCUS or CUR 2.0 export come to: sums of charges and of tokens, and their records."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from costcheck.errors import SourcePayloadError
from costcheck.records import Charge, ChargeCategory, Operation, ServiceTier, TokenType, TokenUsage
from costcheck.sources.bills.engine_read import EngineRead
from costcheck.sources.bills.focus_meaning import Meaning
from costcheck.sources.exports.dialects import WIDE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CURRENCY = "USD"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A charge's period."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, start: int, end: int) -> "Period":
        """Return the period between two moments in seconds since 1970."""
        return cls(start=datetime.fromtimestamp(start, tz=UTC), end=datetime.fromtimestamp(end, tz=UTC))

    @property
    def day(self) -> "Period":
        """Return the day of an hour; a longer period as it is."""
        if self.end - self.start > HOUR:
            return self
        start = self.start.replace(hour=0)
        return Period(start=start, end=start + DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who sold it, and to which part of the company."""

    provider: str
    service: str
    sub_account: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What a line costs."""

    billed: Decimal
    effective: Decimal
    listed: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What makes one charge another than the next."""

    period: Period
    category: ChargeCategory
    owner: Owner
    model: str | None
    token_type: TokenType | None
    tier: ServiceTier
    operation: Operation


@dataclass(slots=True)
class _Sum:
    billed: Decimal = ZERO
    effective: Decimal = ZERO
    listed: Decimal | None = ZERO
    tokens: int | None = 0

    def add(self, amounts: Amounts, tokens: int | None) -> None:
        self.billed = WIDE.add(self.billed, amounts.billed)
        self.effective = WIDE.add(self.effective, amounts.effective)
        known = self.listed is not None and amounts.listed is not None
        self.listed = WIDE.add(self.listed or ZERO, amounts.listed or ZERO) if known else None
        self.tokens = None if self.tokens is None or tokens is None else self.tokens + tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class _User:
    """Whose tokens, and when."""

    period: Period
    owner: Owner
    model: str
    tier: ServiceTier
    operation: Operation


@dataclass(slots=True)
class CostSums:
    """Charges by the day and tokens by the hour, or by their own period where that is longer."""

    _charges: dict[_Kind, _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    _usage: dict[_User, Counter[TokenType]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, period: Period, owner: Owner, category: ChargeCategory, amounts: Amounts, meaning: Meaning) -> None:
        """Add one line.

        Raises:
            SourcePayloadError: It takes back more tokens than there are; nothing was added.
        """
        if meaning.model and meaning.token_type and meaning.tokens and category in _COUNTING:
            user = _User(
                period=period, owner=owner, model=meaning.model, tier=meaning.tier, operation=meaning.operation
            )
            _refuse_negative(self._usage[user][meaning.token_type], meaning.tokens)
            self._usage[user][meaning.token_type] += meaning.tokens
        kind = _Kind(
            period=period.day,
            category=category,
            owner=Owner(provider=owner.provider, service=owner.service, sub_account=owner.sub_account),
            model=meaning.model,
            token_type=meaning.token_type,
            tier=meaning.tier,
            operation=meaning.operation,
        )
        self._charges[kind].add(amounts, meaning.tokens)

    def charges(self, read: EngineRead, *, has_effective: bool) -> Iterator[Charge]:
        """Yield the charges."""
        for kind, total in self._charges.items():
            yield Charge(
                x_source=read.source,
                x_bucket=read.bucket,
                charge_period_start=kind.period.start,
                charge_period_end=kind.period.end,
                charge_category=kind.category,
                service_provider_name=kind.owner.provider,
                service_name=kind.owner.service,
                sub_account_id=kind.owner.sub_account or None,
                billed_cost=total.billed,
                list_cost=total.listed,
                billing_currency=CURRENCY,
                consumed_quantity=None if total.tokens is None else Decimal(total.tokens),
                consumed_unit=None if total.tokens is None else "Tokens",
                x_gen_ai_request_model=kind.model,
                x_token_type=kind.token_type,
                x_operation=kind.operation,
                x_service_tier=kind.tier,
                effective_cost=total.effective if has_effective else None,
            )

    def usage(self, read: EngineRead) -> Iterator[TokenUsage]:
        """Yield the tokens; what corrections took back altogether is none."""
        for user, tokens in self._usage.items():
            if any(tokens.values()):
                yield TokenUsage(
                    x_source=read.source,
                    x_bucket=read.bucket,
                    charge_period_start=user.period.start,
                    charge_period_end=user.period.end,
                    service_provider_name=user.owner.provider,
                    request_model=user.model,
                    operation=user.operation,
                    service_tier=user.tier,
                    sub_account_id=user.owner.sub_account or None,
                    tags=user.owner.tags,
                    uncached_input_tokens=tokens[TokenType.UNCACHED_INPUT],
                    cache_read_input_tokens=tokens[TokenType.CACHE_READ_INPUT],
                    cache_creation_5m_input_tokens=tokens[TokenType.CACHE_CREATION_5M_INPUT],
                    cache_creation_1h_input_tokens=tokens[TokenType.CACHE_CREATION_1H_INPUT],
                    output_tokens=tokens[TokenType.OUTPUT],
                )


_COUNTING = frozenset({ChargeCategory.USAGE, ChargeCategory.ADJUSTMENT})


def _refuse_negative(known: int, change: int) -> None:
    if known + change < 0:
        message = f"it takes back {-change} tokens of {known} that its period has"
        raise SourcePayloadError(
            message, expected="a correction of usage that is in the export", action="import the whole period"
        )


def usage_order(row: TokenUsage) -> tuple[object, ...]:
    """Return what the rows of usage are put in order by."""
    where = (row.service_provider_name, row.request_model, row.operation, row.service_tier)
    return (row.charge_period_start, row.charge_period_end, *where, row.sub_account_id or "", row.tags)


def charge_order(row: Charge) -> tuple[object, ...]:
    """Return what charges are put in order by."""
    what = (row.charge_category, row.service_provider_name, row.service_name, row.x_gen_ai_request_model or "")
    rest = (row.x_token_type or "", row.x_operation, row.x_service_tier, row.sub_account_id or "")
    return (row.charge_period_start, row.charge_period_end, *what, *rest)
