"""What a source that pulls must stand: pages, bad days, bad rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from costcheck.conformance.faults import CUT, LASTING, PASSING, REFUSED
from costcheck.conformance.judging import (
    CANARY,
    Case,
    Row,
    changed,
    check_cases,
    count,
    require_own_words,
    same,
    totals,
    unsound,
)
from costcheck.conformance.require import require
from costcheck.conformance.server import Answer, Asked, Fault, Provider, serving
from costcheck.errors import CostcheckError
from costcheck.records import BillBatch
from costcheck.sources.bills.contract import PullModule, PullRequest
from costcheck.sources.http import RetryPolicy

Pages: TypeAlias = Sequence[Sequence[Row]]
AT_ONCE = RetryPolicy(attempts=3, wait_initial_seconds=0, wait_max_seconds=0, wait_jitter_seconds=0)
IMPATIENT = replace(AT_ONCE, attempts=2, timeout_seconds=0.3)
"""Where a timeout is what is tried; elsewhere a busy machine would meet it, too."""
ODD_VALUES: tuple[object, ...] = (None, "", "text", "NaN", -1, 1e400, 10**30, {}, True)
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
        texts: Fields in which the provider may send prompts or answers, and which must never be read.
        doubles: Whether a row that comes twice must count once; False where two equal rows may both be right.
        numbered: Gives a row another identity, so that many odd rows are tried in one read; None tries one by one.
    """

    module: PullModule
    request: Callable[[str], PullRequest]
    provider: Callable[[Pages], Provider]
    rows: tuple[Row, ...]
    paged: bool = True
    looping: Provider | None = None
    read: int = 1
    optional: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    doubles: bool = True
    numbered: Callable[[Row, int], Row] | None = None

    @property
    def sent(self) -> tuple[Row, ...]:
        """Return the rows as they are sent, a prompt wherever there may be one."""
        return tuple(dict.fromkeys(sorted(self.texts), CANARY) | row for row in self.rows)


def check_pull(subject: PullSubject) -> None:
    """Raise unless the source stands everything that this suite knows.

    Raises:
        AssertionError: It does not; the message names the fault.
    """
    whole = pull(subject, subject.provider([subject.sent]))
    kept = len(whole.usage) + len(whole.charges)
    require(kept == subject.read * len(subject.rows), f"{kept} records came of {len(subject.rows)} good rows")
    for check in (_pages, _bad_days, _bad_answers, _twice):
        check(subject, whole)
    for check_more in (_loops, _odd_rows, _no_rows):
        check_more(subject)


def pull(subject: PullSubject, provider: Provider, fault: Fault | None = None, at: int | None = None) -> BillBatch:
    """Return what the source reads from a provider.

    Raises:
        CostcheckError: It refuses.
    """
    retry = IMPATIENT if fault is PASSING["a timeout"] else AT_ONCE
    with serving(_literal(provider), fault=fault, at=at) as server:
        return subject.module.pull(replace(subject.request(server.url), retry=retry))


def _literal(provider: Provider) -> Provider:
    """Return a provider that writes the odd 1e400 as such: it is JSON, and Python's `Infinity` is not."""

    def serve(asked: Asked) -> Answer:
        answer = provider(asked)
        return replace(answer, body=answer.body.replace(b"Infinity", b"1e400"))

    return serve


def spread(rows: Sequence[Row], pages: int) -> list[list[Row]]:
    """Return the rows on so many pages, in their order; some are empty where there are more pages than rows."""
    return [list(rows[number * len(rows) // pages : (number + 1) * len(rows) // pages]) for number in range(pages)]


def _pages(subject: PullSubject, whole: BillBatch) -> None:
    require(not unsound(whole), unsound(whole))
    if not subject.paged:
        return
    for pages in SPREADS:
        batch = pull(subject, subject.provider(spread(subject.sent, pages)))
        require(same(batch, whole), f"{pages} pages gave something else than one")
    first, *rest = subject.sent
    batch = pull(subject, subject.provider([[first], [], rest]))
    require(same(batch, whole), "an empty page in the middle lost rows")


def _places(subject: PullSubject) -> tuple[int, int, int]:
    """Return the first request, the last one that gives rows, and the last one: the longest answer gives rows."""
    lengths: list[int] = []
    provider = _spread_provider(subject)

    def noting(asked: Asked) -> Answer:
        answer = provider(asked)
        lengths.append(len(answer.body))
        return answer

    with serving(noting) as server:
        subject.module.pull(replace(subject.request(server.url), retry=AT_ONCE))
    longest = max(range(len(lengths)), key=lambda number: (lengths[number], number))
    return 0, longest, len(lengths) - 1


def _spread_provider(subject: PullSubject) -> Provider:
    return subject.provider(spread(subject.sent, 2 if subject.paged else 1))


def _bad_days(subject: PullSubject, whole: BillBatch) -> None:
    first, rows, last = _places(subject)
    for name, fault in PASSING.items():
        for at in {first, rows, last} if name == "500" else {rows}:
            batch = pull(subject, _spread_provider(subject), fault, at)
            require(same(batch, whole), f"{name} at request {at} changed the bill")
    for name in LASTING:
        require(_refuses(subject, _spread_provider(subject), PASSING[name]), f"{name} for ever was no error")


def _bad_answers(subject: PullSubject, whole: BillBatch) -> None:
    first, rows, last = _places(subject)
    for name, fault in REFUSED.items():
        for at in {first, rows, last} if name in CUT else {rows}:
            batch = _read_or_refused(subject, _spread_provider(subject), fault, at)
            require(batch is None or same(batch, whole), f"{name} at request {at} gave another bill, and no error")


def _loops(subject: PullSubject) -> None:
    if subject.looping is not None:
        require(_refuses(subject, subject.looping), "pages that loop for ever were no error")


def _twice(subject: PullSubject, whole: BillBatch) -> None:
    if not subject.doubles:
        return
    batch = _read_or_refused(subject, subject.provider([[*subject.sent, subject.sent[0]]]))
    require(batch is None or totals(batch) == totals(whole), "a row that came twice was counted twice")
    require(batch is None or count(batch) == count(whole) + 1, "a row that came twice vanished without a trace")


def _odd_rows(subject: PullSubject) -> None:
    others = subject.sent[1:]
    read = partial(_read_page, subject)
    cases = list(_cases(subject))
    for some in [cases] if subject.numbered else [[case] for case in cases]:
        check_cases(some, others, read, subject.read)


def _cases(subject: PullSubject) -> Iterator[Case]:
    number = subject.numbered or (lambda row, _: row)
    row = subject.sent[0]
    yield Case(what="a new field", row=number(row | {"a_new_field": {"of": ["tomorrow"]}}, 0))
    paths = [path for path in _paths(subject.rows[0]) if path[0] not in subject.optional]
    odd = [(path, value) for path in paths for value in (..., *ODD_VALUES)]
    for order, (path, value) in enumerate(odd, start=1):
        yield Case(what=f"{'.'.join(path)} = {value!r}", row=changed(number(row, order), path, value))


def _read_page(subject: PullSubject, rows: Sequence[Row]) -> BillBatch | None:
    return _read_or_refused(subject, subject.provider([rows]))


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
        require_own_words(exc)
        return None


def _paths(row: Mapping[str, object], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in row.items():
        yield (*prefix, name)
        if isinstance(value, Mapping):
            yield from _paths(value, (*prefix, name))
