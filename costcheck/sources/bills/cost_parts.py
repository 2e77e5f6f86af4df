"""FOCUS and CUR 2.0 exports in many files, or in a table: one batch, nothing in it twice and no day missing unseen.

Files of different versions are read each by its own columns. What is a copy, and that a part is missing, is told by
what stands in the files alone; `docs/at-any-size.md` says what cannot be told of a table.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from posixpath import dirname

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, ChargeCategory, Origin
from costcheck.sources.bills.cost_bill import Survey, read_lines, survey
from costcheck.sources.bills.engine_read import LATE_BY, EngineRead
from costcheck.sources.bills.focus_services import ServiceCount
from costcheck.sources.bills.joined import joined
from costcheck.sources.bills.windows import month_start
from costcheck.sources.exports import cost_lines
from costcheck.sources.exports.cost_lines import DAY, LineColumns
from costcheck.sources.exports.engine import Part
from costcheck.sources.exports.query import fetch

UNTOUCHED = "the ledger is untouched"
COLUMNS_SHOWN = 4
MOST_LATE_DAYS = 3
"""Of a month with lines on no more days, what is there came late, with another month's."""


def read_parts(
    parts: Sequence[Part], read: EngineRead, *, columns: LineColumns, categories: Mapping[str, ChargeCategory]
) -> BillBatch:
    """Return an export as one batch, be it empty.

    Raises:
        CurrencyError: Language models are billed in another currency than US dollars.
        SourcePayloadError: Files are copies of each other or tell the same days in two versions, days are missing, no
            line can be read, more cannot than slips explain, or the export changed meanwhile.
    """
    surveys = [(part, survey(part.engine, read, columns)) for part in parts]
    there = [(part, found) for part, found in surveys if found.counts] or surveys[:1]
    _refuse_copies(read, [count for _, found in there for count in found.of_models])
    notes: tuple[str, ...] = ()
    if read.span is None and read.provenance.origin is Origin.ENTERED:
        notes = tuple(_incomplete_months(_days(there), read.provenance.retrieved_on - LATE_BY))
    if read.span is not None and read.whole_until is not None:
        _refuse_missing_days(read, read.span[0], read.whole_until, _days(there))
    batches = [read_lines(part.engine, read, found, columns=columns, categories=categories) for part, found in there]
    _refuse_two_versions(read, [(*pair, batch) for pair, batch in zip(there, batches, strict=True)])
    batch = batches[0] if len(batches) == 1 else joined(read.source, (read.bucket,), batches, read.provenance)
    return replace(batch, notes=(*notes, *batch.notes))


@dataclass(slots=True)
class _Content:
    """What lines of one service and kind in one file, or in one folder, come to."""

    rows: int = 0
    billed: Decimal = Decimal(0)
    consumed: Decimal = Decimal(0)
    times: set[int | None] = field(default_factory=set)
    accounts: set[str | None] = field(default_factory=set)
    meters: set[str | None] = field(default_factory=set)

    def add(self, count: ServiceCount) -> None:
        self.rows += count.rows
        self.billed += count.billed or 0
        self.consumed += count.consumed or 0
        self.times |= {count.first, count.last}
        self.accounts |= {count.first_account, count.last_account}
        self.meters |= {count.first_meter, count.last_meter}

    @property
    def mark(self) -> Hashable:
        times = [time for time in self.times if time is not None]
        bounds = (min(times, default=0), max(times, default=0), _ends(self.accounts), _ends(self.meters))
        return self.rows, self.billed, self.consumed, bounds


def _ends(names: set[str | None]) -> tuple[str, str]:
    known = [name for name in names if name is not None]
    return min(known, default=""), max(known, default="")


def _refuse_copies(read: EngineRead, counts: Sequence[ServiceCount]) -> None:
    """Raise if two files, or two folders, hold the same lines of language models, as far as sums can tell."""
    contents: dict[str, dict[Hashable, _Content]] = defaultdict(lambda: defaultdict(_Content))
    files: dict[str, set[str]] = defaultdict(set)
    for count in counts:
        if count.file is not None:
            folder = f"{dirname(count.file)}/"
            files[folder].add(count.file)
            for place in (count.file, folder):
                contents[place][count.service, count.consumed_unit, count.pricing_unit, count.charge].add(count)
    places: dict[Hashable, list[str]] = defaultdict(list)
    for place, content in sorted(contents.items()):
        # A folder with one file is that file.
        if len(files.get(place, (1, 2))) > 1 and any(each.billed or each.consumed for each in content.values()):
            places[frozenset((key, each.mark) for key, each in content.items())].append(place)
    for same in places.values():
        if len(same) > 1:
            raise _copies(read, same[0], same[1])


def _copies(read: EngineRead, first: str, second: str) -> SourcePayloadError:
    return SourcePayloadError(
        f"{read.source} {read.bucket}: {first} and {second} hold the same lines of language models: as many, of the "
        "same services, meters and accounts, with the same sums, begin and end",
        expected="every line once",
        action=f"take the copy out of the folder, or give --path without it; {UNTOUCHED}",
    )


def _days(surveys: Sequence[tuple[Part, Survey]]) -> set[int]:
    """Return the days that have a line; none where the export is not one of a whole company.

    Other services (disks, machines) have lines on every day. Who buys models alone may use none on a Sunday.
    """
    names = sorted({name for _, found in surveys for name in found.names}, key=str)
    days: dict[int, set[int]] = {0: set(), 1: set()}
    for part, found in surveys:
        for day, named, _ in fetch(part.engine, cost_lines.by_day(found.lines, names)):
            days[named].add(day)
    return days[0] | days[1] if 2 * len(days[0]) > len(days[0] | days[1]) else set()


def _refuse_missing_days(read: EngineRead, start: int, until: int, days: set[int]) -> None:
    if not days:
        return
    wanted = range(start, max(until, *days), DAY)
    missing = [_date(day) for day in wanted if day not in days]
    if missing:
        raise _missing_days(read, missing)


def _incomplete_months(days: set[int], until: date) -> Iterator[str]:
    """Yield what to say of months in which days are missing before `until`; of one with late lines alone, nothing."""
    months: dict[date, set[date]] = defaultdict(set)
    for day in map(_date, days):
        months[day.replace(day=1)].add(day)
    for month, there in sorted(months.items()):
        end = min(month_start(month, shift=1).date(), until)
        missing = sorted({month + timedelta(number) for number in range((end - month).days)} - there)
        if missing and len(there) > MOST_LATE_DAYS:
            yield (
                f"{month:%Y-%m}: {_without_lines(missing)}; if a part of the export is missing, its files count when "
                "they are imported together"
            )


def _without_lines(days: Sequence[date]) -> str:
    have = "day {} has" if len(days) == 1 else "days {} have"
    return f"{have.format(', '.join(_runs(days)))} no line of any service"


def _missing_days(read: EngineRead, days: Sequence[date]) -> SourcePayloadError:
    return SourcePayloadError(
        f"{read.source} {read.bucket}: {_without_lines(days)}: a part of the export is missing",
        expected="lines on every day, as other services of the company have on most days",
        action="fetch the missing files and run it again; if there was nothing on those days (a new account), give "
        f"--missing-days accept; {UNTOUCHED}",
    )


def _date(second: int) -> date:
    return datetime.fromtimestamp(second, tz=UTC).date()


def _runs(days: Sequence[date]) -> Iterator[str]:
    """Yield days that follow each other as `1-16`."""
    breaks = [0, *(at for at, (a, b) in enumerate(pairwise(days), 1) if (b - a).days > 1), len(days)]
    for begin, end in pairwise(breaks):
        first, last = days[begin].day, days[end - 1].day
        yield str(first) if first == last else f"{first}-{last}"


def _refuse_two_versions(read: EngineRead, batches: Sequence[tuple[Part, Survey, BillBatch]]) -> None:
    """Raise if files of different columns tell the same service of the same account on the same day."""
    known: dict[Hashable, tuple[Part, Survey]] = {}
    for part, found, batch in batches:
        for row in batch.charges:
            key = (row.service_provider_name, row.service_name, row.sub_account_id, row.charge_period_start.date())
            other = known.setdefault(key, (part, found))
            if other[0] is not part:
                account = f" of {row.sub_account_id}" if row.sub_account_id else ""
                what = f"{row.service_name}{account} on {row.charge_period_start:%Y-%m-%d}"
                raise _two_versions(read, other, (part, found), what)


def _two_versions(
    read: EngineRead, first: tuple[Part, Survey], second: tuple[Part, Survey], what: str
) -> SourcePayloadError:
    one, other = _told(*first, than=second[0]), _told(*second, than=first[0])
    return SourcePayloadError(
        f"{read.source} {read.bucket}: {one} and {other} both hold {what}",
        expected="one export of each account: two versions of it count twice",
        action=f"take one of the two out of the folder, or name one with --path; {UNTOUCHED}",
    )


def _told(part: Part, found: Survey, *, than: Part) -> str:
    """Return the first file with models of a part, with the columns that the other has not."""
    there = {name.lower() for name in than.columns}
    own = [name for name in part.columns if name.lower() not in there]
    more = f" and {len(own) - COLUMNS_SHOWN} more" if len(own) > COLUMNS_SHOWN else ""
    columns = f" (alone with {', '.join(own[:COLUMNS_SHOWN])}{more})" if own else ""
    return f"{min(count.file or '' for count in found.of_models)}{columns}"
