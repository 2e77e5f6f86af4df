"""Whatever happens to a ledger, in whatever order, it is what a few dictionaries say that it is."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from costcheck.errors import LedgerError, SourcePayloadError
from costcheck.ingest.replay import DOUBLE, replay_in
from costcheck.ledger import Ledger, schema
from costcheck.records import BillBatch, Charge, Provenance, QuarantinedRow, SetAsideRows, TokenUsage
from costcheck.sources.bills.rows import DUPLICATE
from costcheck.sources.bills.windows import month_start
from tests.costcheck.ledger.test_ledger import PROVENANCE, charge, usage

SOURCES = ("openai", "anthropic")
BUCKETS = ("2026-08", "2026-09", "2026-10", "file:a")
Record = TokenUsage | Charge


class Row(msgspec.Struct, frozen=True, order=True):
    """One row of a bill: which hour of which month it speaks of, and what it says; its kind tells its way."""

    kind: str
    month: int
    hour: int
    value: int

    def record(self, source: str, bucket: str) -> Record:
        """Return it as the ledger keeps it."""
        start = month_start(date(2026, self.month, 1)) + timedelta(hours=self.hour)
        if "usage" in self.kind:
            return replace(usage(start, output=self.value), x_source=source, x_bucket=bucket)
        return replace(charge(str(self.value), start=start), x_source=source, x_bucket=bucket)

    @property
    def key(self) -> tuple[str, int, int]:
        """Return what it speaks of."""
        return self.kind.rpartition(" ")[2], self.month, self.hour


@dataclass
class Bucket:
    """What a bucket holds, in plain Python."""

    kept: list[Row] = field(default_factory=list)
    bad: list[tuple[Row, str]] = field(default_factory=list)
    aside: Counter[str] = field(default_factory=Counter)
    rows_in: int = 0


class Crash(BaseException):
    """What a process meets that ends in the middle."""


class CrashingConnection:
    """A connection that ends in a crash at its n-th call, before that call does anything."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, calls: int) -> None:
        self._connection, self._left = connection, calls

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a connection has
        found = getattr(self._connection, name)
        return self._counted(found) if name in {"begin", "execute", "commit"} else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:  # noqa: ANN401 - as the call
            self._left -= 1
            if self._left < 0:
                raise Crash
            return call(*arguments)

        return counted


class Source:
    """A source that has learnt to read the rows that were odd; what is broken stays so."""

    def replay(self, rows: Sequence[QuarantinedRow], provenance: Provenance) -> BillBatch:
        (row,) = rows
        read = msgspec.json.decode(row.raw, type=Row)
        if read.kind.startswith("broken"):
            message = "broken"
            raise SourcePayloadError(message, expected="a row", action="none")
        return as_batch(row.x_source, row.x_bucket, [replaced(read)], provenance)


def replaced(row: Row) -> Row:
    """Return an odd row as what it turns out to be."""
    return msgspec.structs.replace(row, kind=row.kind.removeprefix("odd "))


def as_batch(source: str, bucket: str, rows: Sequence[Row], provenance: Provenance = PROVENANCE) -> BillBatch:
    """Return the rows as a read of one bucket gives them."""
    good = [row.record(source, bucket) for row in rows if row.kind in {"usage", "charge"}]
    bad = [row for row in rows if row.kind.startswith(("odd", "broken"))]
    aside = sum(row.kind == "aside" for row in rows)
    told = SetAsideRows(x_source=source, x_bucket=bucket, reason="failed request", row_count=aside)
    return BillBatch(
        x_source=source,
        buckets=(bucket,),
        usage=tuple(row for row in good if isinstance(row, TokenUsage)),
        charges=tuple(row for row in good if isinstance(row, Charge)),
        quarantined=tuple(
            QuarantinedRow(x_source=source, x_bucket=bucket, reason="odd", raw=msgspec.json.encode(row))
            for row in bad
        ),
        set_aside=(told,) if aside else (),
        provenance=provenance,
    )


KINDS = ("usage", "usage", "charge", "charge", "aside", "odd usage", "odd charge", "broken usage")
ROW = st.builds(Row, st.sampled_from(KINDS), st.integers(8, 10), st.integers(0, 2), st.integers(1, 3))


def of_month(bucket: str, rows: list[Row]) -> list[Row]:
    """Return rows as that bucket may hold them: a month's own, and no two good ones of one key."""
    month = None if bucket.startswith("file") else int(bucket[-2:])
    rows = [row if month is None else msgspec.structs.replace(row, month=month) for row in rows]
    once: dict[object, Row] = {
        (row.key if row.kind in {"usage", "charge"} else place): row for place, row in enumerate(rows)
    }
    return list(once.values())


class LedgerMachine(RuleBasedStateMachine):
    """Reads, corrections, files, crashes, forgetting and replays, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = duckdb.connect(config={"threads": 1})
        schema.create(self.connection)
        self.ledger = Ledger(self.connection, Path("memory"))
        self.folder = tempfile.TemporaryDirectory()
        self.model: dict[tuple[str, str], Bucket] = {}

    @initialize()
    def begin(self) -> None:
        assert self.ledger.is_empty

    @rule(source=st.sampled_from(SOURCES), bucket=st.sampled_from(BUCKETS), rows=st.lists(ROW, max_size=6))
    def read(self, source: str, bucket: str, rows: list[Row]) -> None:
        rows = of_month(bucket, rows)
        if self._clashes(source, bucket, rows):
            before = self.ledger.digest()
            with_error(lambda: self.ledger.replace(as_batch(source, bucket, rows)))
            assert self.ledger.digest() == before
            return
        for _ in range(2):  # the same read again changes nothing
            self.ledger.replace(as_batch(source, bucket, rows))
        self.model[source, bucket] = Bucket(
            kept=[row for row in rows if row.kind in {"usage", "charge"}],
            bad=[(row, "odd") for row in rows if row.kind.startswith(("odd", "broken"))],
            aside=+Counter({"failed request": sum(row.kind == "aside" for row in rows)}),
            rows_in=len(rows),
        )

    @rule(
        source=st.sampled_from(SOURCES),
        bucket=st.sampled_from(BUCKETS),
        rows=st.lists(ROW, max_size=4),
        calls=st.integers(0, 25),
    )
    def crash_in_a_read(self, source: str, bucket: str, rows: list[Row], calls: int) -> None:
        rows = of_month(bucket, rows)
        if not self._clashes(source, bucket, rows):
            self._crash(calls, lambda ledger: ledger.replace(as_batch(source, bucket, rows)))

    @rule(calls=st.integers(0, 30))
    def crash_in_a_replay(self, calls: int) -> None:
        self._crash(calls, lambda ledger: replay_in(ledger, modules_of=lambda _: [Source()]))

    @rule(calls=st.integers(0, 10), month=st.integers(8, 11))
    def crash_in_forgetting(self, calls: int, month: int) -> None:
        self._crash(calls, lambda ledger: ledger.forget_before(date(2026, month, 1)))

    def _crash(self, calls: int, work: Callable[[Ledger], object]) -> None:
        """Do some work that ends at one of its writes: then nothing has happened."""
        before = self.ledger.digest(), self.ledger.ingests()
        connection: Any = CrashingConnection(self.connection, calls)
        try:
            work(Ledger(connection, Path("memory")))
        except Crash:
            assert (self.ledger.digest(), self.ledger.ingests()) == before
        else:
            self._learn_from_the_ledger()

    @precondition(lambda self: any(bucket.kept for bucket in self.model.values()))
    @rule(data=st.data())
    def read_a_file_that_repeats_a_row(self, data: st.DataObject) -> None:
        held = [(source, row) for (source, _), bucket in sorted(self.model.items()) for row in bucket.kept]
        source, row = data.draw(st.sampled_from(held))
        before = self.ledger.digest()
        with_error(lambda: self.ledger.replace(as_batch(source, "file:b", [row])))
        assert self.ledger.digest() == before

    @rule(source=st.sampled_from(SOURCES), bucket=st.sampled_from(BUCKETS))
    def forget(self, source: str, bucket: str) -> None:
        if self.model.pop((source, bucket), None):
            self.ledger.forget(source, bucket)
        else:
            with_error(lambda: self.ledger.forget(source, bucket))

    @rule(month=st.integers(8, 11))
    def forget_before(self, month: int) -> None:
        self.ledger.forget_before(date(2026, month, 1))
        for key, bucket in list(self.model.items()):
            older = [row for row in bucket.kept if ends_before(row, month)]
            bucket.kept = [row for row in bucket.kept if not ends_before(row, month)]
            is_old = bool(older) if key[1].startswith("file") else int(key[1][-2:]) < month
            bucket.rows_in -= len(older)
            if not bucket.kept and is_old:
                del self.model[key]

    @precondition(lambda self: any(bucket.bad for bucket in self.model.values()))
    @rule()
    def replay(self) -> None:
        for _ in range(2):  # the second finds nothing more
            outcomes = replay_in(self.ledger, modules_of=lambda _: [Source()])
        assert not any(row.read or row.set_aside for row in outcomes)
        for key in sorted(self.model):
            self._replay(*key)

    def _replay(self, source: str, name: str) -> None:
        bucket = self.model[source, name]
        waiting, bucket.bad = sorted(bucket.bad, key=lambda row: (msgspec.json.encode(row[0]), row[1])), []
        moved = []
        for row, reason in waiting:
            if row.kind.startswith("broken"):
                bucket.bad.append((row, reason))
            elif row in moved:
                bucket.aside[DUPLICATE] += 1
            elif replaced(row).key in {kept.key for kept in self._rows_of(source)}:
                bucket.bad.append((row, DOUBLE))
            else:
                moved.append(row)
                bucket.kept.append(replaced(row))

    def _rows_of(self, source: str, besides: str = "") -> list[Row]:
        return [
            row
            for (name, bucket), held in self.model.items()
            for row in held.kept
            if name == source and bucket != besides
        ]

    def _clashes(self, source: str, bucket: str, rows: list[Row]) -> bool:
        """Return whether another bucket of the source holds a row of it; two charges may differ in their amount."""

        def told(row: Row) -> tuple[object, ...]:
            return (*row.key, row.value if row.kind == "charge" else 0)

        others = set(map(told, self._rows_of(source, besides=bucket)))
        return any(told(row) in others for row in rows if row.kind in {"usage", "charge"})

    def _learn_from_the_ledger(self) -> None:
        """Take over what work did that came to its end although a crash was meant; other rules judge that work."""
        self.connection.execute("SELECT 1")
        self.model = read_back(self.connection, self.model)

    @invariant()
    def the_ledger_is_what_the_model_says(self) -> None:
        assert read_back(self.connection, {}) == {key: plain(bucket) for key, bucket in self.model.items()}

    @invariant()
    def every_row_that_came_in_is_somewhere(self) -> None:
        for bucket in self.model.values():
            assert bucket.rows_in == len(bucket.kept) + len(bucket.bad) + sum(bucket.aside.values())

    @invariant()
    def the_export_is_the_charges(self) -> None:
        file = Path(self.folder.name) / "out.csv"
        self.ledger.export_focus(file)
        with file.open(encoding="utf-8", newline="") as opened:
            found = [
                (row["ChargePeriodStart"], Decimal(row["BilledCost"]), row["x_Source"], row["x_Bucket"])
                for row in csv.DictReader(opened)
            ]
        assert found == sorted(found, key=lambda row: (row[0], row[2], row[3], row[1]))
        assert Counter(found) == Counter(
            (f"{row.record(*key).charge_period_start:%Y-%m-%dT%H:%M:%SZ}", Decimal(row.value), *key)
            for key, bucket in self.model.items()
            for row in bucket.kept
            if row.kind == "charge"
        )

    def teardown(self) -> None:
        self.connection.close()
        self.folder.cleanup()


def with_error(work: Callable[[], object]) -> None:
    """Do what must be refused."""
    try:
        work()
    except LedgerError:
        return
    message = "nothing was refused"
    raise AssertionError(message)


def ends_before(row: Row, month: int) -> bool:
    """Return whether a row ended before a month of 2026."""
    return row.record("", "").charge_period_end <= month_start(date(2026, month, 1))


def plain(bucket: Bucket) -> Bucket:
    """Return a bucket in the order in which it is read back; what is set aside as its count."""
    return Bucket(
        kept=sorted(bucket.kept),
        bad=sorted(bucket.bad, key=lambda row: (row[0], row[1])),
        aside=+bucket.aside,
        rows_in=bucket.rows_in,
    )


def read_back(connection: duckdb.DuckDBPyConnection, _: object) -> dict[tuple[str, str], Bucket]:
    """Return what the tables hold, each row found on its own."""
    held: dict[tuple[str, str], Bucket] = {}
    for source, name in connection.execute("SELECT x_source, x_bucket FROM ingests").fetchall():
        held[source, name] = Bucket()
    columns = "x_source, x_bucket, month(charge_period_start), hour(charge_period_start)"
    for kind, value, table in (("usage", "output_tokens", "usage"), ("charge", "billed_cost::INTEGER", "charges")):
        for source, name, month, hour, told in connection.execute(
            f"SELECT {columns}, {value} FROM {table}"  # noqa: S608 - constants
        ).fetchall():
            held[source, name].kept.append(Row(kind, month, hour, told))
    for source, name, raw, reason in connection.execute(
        "SELECT x_source, x_bucket, raw, reason FROM quarantine"
    ).fetchall():
        held[source, name].bad.append((msgspec.json.decode(raw, type=Row), reason))
    for source, name, reason, count in connection.execute(
        "SELECT x_source, x_bucket, reason, row_count FROM set_aside"
    ).fetchall():
        held[source, name].aside[reason] += count
    for bucket in held.values():
        bucket.rows_in = len(bucket.kept) + len(bucket.bad) + sum(bucket.aside.values())
    return {key: plain(bucket) for key, bucket in held.items()}


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=settings().max_examples // 10, stateful_step_count=20)
