"""What a source that pulls must stand: pages, bad days, bad rows."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from costcheck.conformance.faults import CUT, LASTING, PASSING, REFUSED
from costcheck.conformance.require import require
from costcheck.conformance.server import Fault, Provider, serving
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch, TokenUsage
from costcheck.sources.bills.contract import PullModule, PullRequest
from costcheck.sources.http import RetryPolicy

Row: TypeAlias = dict[str, Any]
Pages: TypeAlias = Sequence[Sequence[Row]]
IMPATIENT = RetryPolicy(
    attempts=3, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0, timeout_seconds=0.4
)
ODD_VALUES: tuple[object, ...] = (None, "text", -1, 1e400, 10**30, {}, True)
SPREADS = (1, 2, 3, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSubject:
    """A source, and a healthy provider of it.

    Attributes:
        module: The source.
        request: Returns the request of one month, given the server's address; its `retry` is replaced by the suite.
        provider: Returns a healthy provider that serves pages of rows (the rows of one endpoint and one window, the
            others stay empty); a page without rows is a page too.
        rows: Rows as the provider sends them, no two alike, at least three.
        paged: Whether the provider pages at all.
        looping: A provider whose page tokens repeat for ever; None where there are no tokens.
        read: The number of records that one good row becomes.
        optional: Names of fields that a row may lack, or hold anything in, and still be read.
    """

    module: PullModule
    request: Callable[[str], PullRequest]
    provider: Callable[[Pages], Provider]
    rows: tuple[Row, ...]
    paged: bool = True
    looping: Provider | None = None
    read: int = 1
    optional: frozenset[str] = frozenset()


def check_pull(subject: PullSubject) -> None:
    """Raise unless the source stands everything that this suite knows.

    Raises:
        AssertionError: It does not; the message names the fault.
    """
    for check in (_pages, _bad_days, _bad_answers, _loops, _twice, _odd_rows, _no_rows):
        check(subject)


def pull(subject: PullSubject, provider: Provider, fault: Fault | None = None, at: int | None = None) -> BillBatch:
    """Return what the source reads from a provider.

    Raises:
        CostcheckError: It refuses.
    """
    with serving(provider, fault=fault, at=at) as server:
        request = subject.request(server.url)
        return subject.module.pull(_impatient(request))


def _impatient(request: PullRequest) -> PullRequest:
    return PullRequest(
        windows=request.windows,
        now=request.now,
        environ=request.environ,
        options=request.options,
        retry=IMPATIENT,
    )


def spread(rows: Sequence[Row], pages: int) -> list[list[Row]]:
    """Return the rows on so many pages, in their order; some are empty where there are more pages than rows."""
    return [list(rows[number * len(rows) // pages : (number + 1) * len(rows) // pages]) for number in range(pages)]


def same(one: BillBatch, other: BillBatch) -> bool:
    """Return whether two reads say the same of usage and charges, in whatever order."""
    return _content(one) == _content(other)


def _content(batch: BillBatch) -> tuple[list[str], list[str]]:
    return sorted(map(repr, batch.usage)), sorted(map(repr, batch.charges))


def count(batch: BillBatch) -> int:
    """Return everything that came of the rows: kept, set aside, quarantined."""
    aside = sum(row.row_count for row in batch.set_aside)
    return len(batch.usage) + len(batch.charges) + len(batch.quarantined) + aside


def totals(batch: BillBatch) -> tuple[Decimal, int]:
    """Return the money and the tokens."""
    return sum((row.billed_cost for row in batch.charges), Decimal(0)), sum(map(_tokens, batch.usage))


def _tokens(row: TokenUsage) -> int:
    return row.input_tokens + row.output_tokens


def _whole(subject: PullSubject) -> BillBatch:
    batch = pull(subject, subject.provider([subject.rows]))
    wanted = subject.read * len(subject.rows)
    require(len(batch.usage) + len(batch.charges) == wanted, f"{len(subject.rows)} good rows were not all kept")
    return batch


def _pages(subject: PullSubject) -> None:
    whole = _whole(subject)
    for pages in SPREADS if subject.paged else ():
        batch = pull(subject, subject.provider(spread(subject.rows, pages)))
        require(same(batch, whole), f"{pages} pages gave something else than one")
    if subject.paged:
        first, *rest = subject.rows
        batch = pull(subject, subject.provider([[first], [], rest]))
        require(same(batch, whole), "an empty page in the middle lost rows")


def _requests(subject: PullSubject) -> int:
    with serving(_spread_provider(subject)) as server:
        subject.module.pull(_impatient(subject.request(server.url)))
        return len(server.asked)


def _spread_provider(subject: PullSubject) -> Provider:
    return subject.provider(spread(subject.rows, 2 if subject.paged else 1))


def _bad_days(subject: PullSubject) -> None:
    whole, last = _whole(subject), _requests(subject) - 1
    for name, fault in PASSING.items():
        batch = pull(subject, _spread_provider(subject), fault, last)
        require(same(batch, whole), f"{name} at the last request changed the bill")
    batch = pull(subject, _spread_provider(subject), PASSING["500"], 0)
    require(same(batch, whole), "500 at the first request changed the bill")
    for name in LASTING:
        require(_refuses(subject, _spread_provider(subject), PASSING[name]), f"{name} for ever was no error")


def _bad_answers(subject: PullSubject) -> None:
    whole, last = _whole(subject), _requests(subject) - 1
    for name, fault in REFUSED.items():
        for at in {0, last} if name in CUT else {last}:
            batch = _read_or_refused(subject, _spread_provider(subject), fault, at)
            require(batch is None or same(batch, whole), f"{name} at request {at} gave another bill, and no error")


def _loops(subject: PullSubject) -> None:
    if subject.looping is not None:
        require(_refuses(subject, subject.looping), "pages that loop for ever were no error")


def _twice(subject: PullSubject) -> None:
    whole = _whole(subject)
    first = subject.rows[0]
    batch = _read_or_refused(subject, subject.provider([[*subject.rows, first]]))
    require(batch is None or totals(batch) == totals(whole), "a row that came twice was counted twice")
    require(batch is None or count(batch) == count(whole) + 1, "a row that came twice vanished without a trace")


def _odd_rows(subject: PullSubject) -> None:
    others = subject.rows[1:]
    for path in _paths(subject.rows[0]):
        if path[0] not in subject.optional:
            for value in (..., *ODD_VALUES):
                _check_row(subject, changed(subject.rows[0], path, value), others, f"{'.'.join(path)} = {value!r}")
    _check_row(subject, subject.rows[0] | {"a_new_field": {"of": ["tomorrow"]}}, others, "a new field")


def _check_row(subject: PullSubject, odd: Row, others: Sequence[Row], what: str) -> None:
    batch = _read_or_refused(subject, subject.provider([[odd, *others]]))
    if batch is None:
        return
    lost = len(others) + 1 - count(batch) / subject.read
    # One that is quarantined or set aside is one, whatever a good row becomes.
    require(count(batch) >= len(others) * subject.read + 1, f"{what}: {lost:g} rows were lost without a trace")
    money, tokens = totals(batch)
    require(money.is_finite(), f"{what}: an amount that is no number was kept")
    require(tokens >= 0, f"{what}: a negative count was kept")


def _no_rows(subject: PullSubject) -> None:
    batch = pull(subject, subject.provider([[]]))
    require(batch.is_empty, "no rows gave a bill")
    require(batch.buckets, "an empty month must still say which it is")


def _refuses(subject: PullSubject, provider: Provider, fault: Fault | None = None, at: int | None = None) -> bool:
    return _read_or_refused(subject, provider, fault, at) is None


def _read_or_refused(
    subject: PullSubject, provider: Provider, fault: Fault | None = None, at: int | None = None
) -> BillBatch | None:
    """Return the batch, or None where the source refused in our own words; anything else it raises is a failure."""
    try:
        return pull(subject, provider, fault, at)
    except CostcheckError as exc:
        require(exc.seen, "an error that does not say what was seen")
        return None


def _paths(row: Mapping[str, object], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in row.items():
        yield (*prefix, name)
        if isinstance(value, Mapping):
            yield from _paths(value, (*prefix, name))


def changed(row: Row, path: tuple[str, ...], value: object) -> Row:
    """Return a copy of the row with another value at a path; `...` leaves the field out."""
    copy: Row = json.loads(json.dumps(row))
    *above, last = path
    place = copy
    for name in above:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy
