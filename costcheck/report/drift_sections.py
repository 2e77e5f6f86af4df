"""What became of an accepted decision, in reading order; the terminal and the issue show these sections."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final, TypeVar

from costcheck.drift import Attribution, Change, Drift, Effect, Part, PriceChange, Standing, WorkloadChange
from costcheck.report.figures import NONE, counted, day, plain, quantity, unit, unit_price, usd
from costcheck.report.page import Section, Table
from costcheck.report.words import VERDICTS, finding_sentence
from costcheck.verdict import Verdict

PARTS: Final = {
    Part.AWS_PRICES: "prices of GPUs and of what runs beside them",
    Part.TOKEN_PRICES: "prices of tokens",
    Part.VOLUME: "your volume and bill",
    Part.RULES: "rules and assumptions",
    Part.SETTINGS: "your configuration, and what in it expires",
}
TITLES: Final = {
    Standing.STANDS: "STANDS",
    Standing.CHANGED: "CHANGED",
    Standing.EXPIRED: "EXPIRED",
    Standing.CANNOT_TELL: "CANNOT TELL",
}
MOVING: Final = frozenset({Verdict.SELF_HOST, Verdict.HYBRID})
ABSENT: Final = "-"
"""A cell that nothing belongs in."""
RECORD: Final = "costcheck decide --record runbooks/decisions"
LEAVE: Final = "runbooks/procedures/leave-self-hosting.md"

T = TypeVar("T")


def headline(drift: Drift) -> str:
    """Return whether the accepted decision is still the answer, in one sentence."""
    then, now = VERDICTS[drift.verdict.then], VERDICTS[drift.verdict.now]
    sentences = {
        Standing.STANDS: f"{then}: decided again, the answer is the same.",
        Standing.CHANGED: f"The answer was: {then}. Today it is: {now}.",
        Standing.EXPIRED: f"{then}: the answer is the same, but the decision has expired and allows nothing.",
        Standing.CANNOT_TELL: f"Today's evidence does not reach for an answer. It was: {then}.",
    }
    return f"{TITLES[drift.standing]} - {sentences[drift.standing]}"


def subtitle(drift: Drift) -> str:
    """Return which decision it is about, and how long it holds."""
    left = drift.days_left
    validity = f"{counted(left, 'day')} left" if left >= 0 else f"expired {counted(-left, 'day')} ago"
    return (
        f"{plain(drift.company)}: accepted decision of {day(drift.decided_on)}, valid until {day(drift.valid_until)} "
        f"({validity}), decided again as of {day(drift.as_of)}."
    )


def sections(drift: Drift) -> tuple[Section, ...]:
    """Return everything that is to be said, in reading order, without empty sections."""
    return tuple(section for section in (build(drift) for build in _BUILDERS) if not section.is_empty)


def _to_do(drift: Drift) -> Section:
    return Section(key="to_do", title="What to do", points=tuple(_steps(drift)))


def _steps(drift: Drift) -> Iterator[str]:
    if drift.standing is Standing.CANNOT_TELL:
        yield "Mend what is named below, then look again. Until then nothing shows that the decision still holds."
    elif drift.standing is Standing.EXPIRED:
        yield f"Decide anew: {RECORD}, read the record, and have it accepted."
    elif drift.standing is Standing.CHANGED:
        yield f"Nothing is written down yet: {RECORD}. Read the record; a person accepts it or says why not."
    elif drift.chosen_option.moved:
        yield f"Nothing must be done. Another option of the same kind is best today; to take it: {RECORD}."
    else:
        yield "Nothing."
    if drift.days_left < 0 and drift.standing is not Standing.EXPIRED:
        yield "The accepted decision has expired and allows nothing, whatever is found."
    if drift.verdict.then in MOVING and drift.verdict.now is Verdict.STAY_ON_API:
        yield f"Once that is accepted, take the servers away: {LEAVE}."


def _why(drift: Drift) -> Section:
    told = drift.standing in {Standing.CHANGED, Standing.CANNOT_TELL}
    return Section(key="why", title="Why", points=tuple(map(finding_sentence, drift.reasons)) if told else ())


def _figures(drift: Drift) -> Section:
    """Return the figures that matter whether they moved or not."""
    rows = (
        ("verdict", *_both(drift.verdict, VERDICTS.__getitem__)),
        ("rule", *_both(drift.rule, str)),
        ("option", *_both(drift.chosen_option, _name)),
        ("against", *_both(drift.baseline_option, _name)),
        ("saving, P50", *_both(drift.saving_usd, _monthly)),
        *_accepted_option(drift),
        ("bill", *_both(drift.addressable_bill_usd, _monthly)),
        ("evidence", *_both(drift.complete_months, lambda months: counted(months, "complete month"))),
    )
    table = Table(columns=("Figure", "Accepted", "Today"), rows=rows)
    saving = (
        "Saving: of the best servers against the cheapest API that is eligible. Bill: what servers could replace."
    )
    still = () if drift.moved else ("Nothing moved.",)
    return Section(key="figures", title="Then and now", table=table, notes=(*still, saving))


def _accepted_option(drift: Drift) -> Iterator[tuple[str, str, str]]:
    saving = drift.accepted_option_saving_usd
    if drift.chosen_option.moved and saving is not None:
        yield "of the accepted option", _monthly(drift.saving_usd.then), _monthly(saving)


def _effects(drift: Drift) -> Section:
    """Return where the change of the saving comes from."""
    title = "What moved the saving"
    found = drift.attribution
    if found is None:
        absent = "No saving to compare: one of the two decisions priced no servers."
        return Section(key="effects", title=title, lead=(absent,) if drift.moved else ())
    if not found.effects and not found.total_usd:
        return Section(key="effects", title=title)
    table = Table(
        columns=("Only this is today's", "Saving a month", "Verdict would be"),
        rows=(*map(_effect, found.effects), *_sums(found, drift.verdict.now)),
        figures=frozenset({1}),
    )
    notes = (
        "Each line is a decision of its own. What they leave of the whole is what several do together.",
        f"All simulations used the same {counted(found.draws, 'draw')}.",
    )
    return Section(key="effects", title=title, table=table, notes=notes)


def _effect(effect: Effect) -> tuple[str, str, str]:
    parts = "; ".join(PARTS[part] for part in effect.parts)
    saving = "cannot be told alone" if effect.saving_usd is None else _signed(effect.saving_usd)
    return parts, saving, VERDICTS[effect.verdict]


def _sums(found: Attribution, answer: Verdict) -> Iterator[tuple[str, str, str]]:
    yield "what comes of several together", _signed(found.residual_usd), ABSENT
    yield "all of it", _signed(found.total_usd), VERDICTS[answer]


def _gpu_prices(drift: Drift) -> Section:
    return _prices("aws_prices", "Prices of GPUs and of what runs beside them", drift.aws_prices)


def _token_prices(drift: Drift) -> Section:
    return _prices("token_prices", "Prices of tokens", drift.token_prices)


def _prices(key: str, title: str, rows: Sequence[PriceChange]) -> Section:
    """Return the prices that moved; what did not is a count."""
    moved = [row for row in rows if row.unit_price_usd.moved]
    if not moved:
        return Section(key=key, title=title)
    table = Table(
        columns=("List price", "Unit", "Accepted", "Today", "Change"),
        rows=tuple(map(_price, moved)),
        figures=frozenset({2, 3, 4}),
        names=frozenset({0}),
    )
    still = len(rows) - len(moved)
    sources = sorted({f"{plain(row.price_source)}, observed {day(row.price_date)}" for row in moved})
    return Section(
        key=key,
        title=title,
        table=table,
        notes=(*((f"{counted(still, 'other')} did not move.",) if still else ()), *sources),
    )


def _price(row: PriceChange) -> tuple[str, ...]:
    prices = _both(row.unit_price_usd, lambda price: "not listed" if price is None else unit_price(price))
    return plain(row.name), unit(row.pricing_unit), *prices, _percent(row.change_share)


def _volume(drift: Drift) -> Section:
    table = Table(
        columns=("Workload", "Requests accepted", "Today", "Growth accepted", "Today"),
        rows=tuple(_workload(row) for row in drift.workloads if row.moved),
        figures=frozenset({1, 2, 3, 4}),
    )
    notes = ("Requests a month; growth a month as it was measured.",) if table.rows else ()
    return Section(key="volume", title="Your volume", table=table, notes=notes)


def _workload(row: WorkloadChange) -> tuple[str, ...]:
    requests = _both(row.monthly_requests, lambda number: ABSENT if number is None else quantity(number))
    return plain(row.name), *requests, *_both(row.monthly_growth, _percent)


def _rules(drift: Drift) -> Section:
    rules = (
        f"{row.name}: {_or_none(row.value.then)} was accepted, {_or_none(row.value.now)} today" for row in drift.rules
    )
    tables = (f"{plain(name)} in the configuration is another today" for name in drift.settings)
    return Section(key="rules", title="Rules, assumptions and configuration", points=(*rules, *tables))


def _findings(drift: Drift) -> Section:
    """Return what today's decision says that the accepted one does not, and the other way round.

    Evidence that does not reach ends the search for findings, so that none of the old ones can be missed.
    """
    told = set(drift.reasons) if drift.standing in {Standing.CHANGED, Standing.CANNOT_TELL} else set()
    new = (f"new: {finding_sentence(row)}" for row in drift.appeared if row not in told)
    gone = drift.went if drift.standing is not Standing.CANNOT_TELL else ()
    return Section(
        key="findings", title="Findings", points=(*new, *(f"no longer: {finding_sentence(row)}" for row in gone))
    )


def _allowed(drift: Drift) -> Section:
    rows = (
        *((f"most nodes: {plain(row.key)}", *_both(row.maximum_nodes, str)) for row in drift.maximum_nodes),
        *_if_moved("region", drift.region_id, plain),
        *_if_moved(
            "ceiling a month", drift.monthly_ceiling_usd, lambda amount: NONE if amount is None else usd(amount)
        ),
    )
    table = Table(columns=("Allowed", "Accepted", "Today's would allow"), rows=rows)
    note = "The accepted decision allows what it did until it expires or another one is accepted."
    return Section(key="allowed", title="What may be provisioned", table=table, notes=(note,) if table.rows else ())


def _if_moved(name: str, change: Change[T], words: Callable[[T], str]) -> Iterator[tuple[str, str, str]]:
    if change.moved:
        yield name, *_both(change, words)


def _both(change: Change[T], words: Callable[[T], str]) -> tuple[str, str]:
    return words(change.then), words(change.now)


def _name(option_id: str) -> str:
    return plain(option_id) if option_id else NONE


def _monthly(amount: Decimal | None) -> str:
    return NONE if amount is None else f"{usd(amount)} a month"


def _or_none(text: str) -> str:
    return plain(text) if text else NONE


def _signed(amount: Decimal) -> str:
    return f"+{usd(amount)}" if amount > 0 else usd(amount)


def _percent(fraction: Decimal | None) -> str:
    if fraction is None:
        return ABSENT
    return f"{'+' if fraction > 0 else ''}{quantity(fraction.scaleb(2))} %"


_BUILDERS: Final = (
    _to_do,
    _why,
    _figures,
    _effects,
    _gpu_prices,
    _token_prices,
    _volume,
    _rules,
    _allowed,
    _findings,
)
