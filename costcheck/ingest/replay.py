"""Quarantined rows, read again by the source that they came from: what reads now moves, what does not stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import cast

import msgspec

from costcheck.errors import CostcheckError, UsageError
from costcheck.ingest.in_part import CONTEXTS
from costcheck.ledger import Ledger, open_ledger
from costcheck.ledger.settle import key_of
from costcheck.records import (
    BillBatch,
    Charge,
    Provenance,
    QuarantinedRow,
    SetAsideRows,
    TokenUsage,
)
from costcheck.sources.bills.contract import ReplayModule
from costcheck.sources.bills.installed import installed_files, installed_pulls
from costcheck.sources.bills.registry import FILES, PULLS
from costcheck.sources.bills.rows import DUPLICATE

DOUBLE = "it reads, and the ledger holds a row of the same key: pull (--again) or import that bill again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of the quarantined rows of one bucket.

    Attributes:
        read: Rows that are usage or charges now.
        set_aside: Rows that are understood now and count for nothing.
        remaining: Rows that stay in quarantine.
        is_possible: False where the source cannot read its rows again.
    """

    x_source: str
    x_bucket: str
    read: int
    set_aside: int
    remaining: int
    is_possible: bool = True


def replay(path: Path, source: str | None = None) -> tuple[Replayed, ...]:
    """Read the quarantined rows again, of one source or of all, and move them in one transaction.

    Raises:
        UsageError: The ledger has no quarantined rows of that source, and the source is not known.
        LedgerError: The ledger cannot be opened or written.
    """
    with open_ledger(path) as ledger:
        return replay_in(ledger, source)


def replay_modules(source: str) -> tuple[ReplayModule, ...]:
    """Return the modules that read quarantined rows of a source again, be they from its API or from a file."""
    pulls, files = (*PULLS, *installed_pulls()), (*FILES, *installed_files())
    names = dict.fromkeys([*(row.module for row in pulls if row.x_source == source), *(row.module for row in files)])
    modules = [import_module(name) for name in names]
    return tuple(
        cast("ReplayModule", module)
        for module in modules
        if hasattr(module, "replay") and getattr(module, "SOURCE", "") == source
    )


def replay_in(
    ledger: Ledger,
    source: str | None = None,
    *,
    modules_of: Callable[[str], Sequence[ReplayModule]] = replay_modules,
) -> tuple[Replayed, ...]:
    """Do the same in a ledger that is open."""
    buckets = _by_bucket(ledger.quarantined(source))
    _require_source(source, buckets)
    provenance = {(row.x_source, row.x_bucket): row.provenance for row in ledger.ingests()}
    moved: set[tuple[object, ...]] = set()
    done = []
    for key, rows in buckets.items():
        done.append(_replay_bucket(_Outcome(ledger, moved, modules_of(key[0])), rows, provenance[key]))
    ledger.absorb([batch for _, batch in done if batch])
    return tuple(replayed for replayed, _ in done)


def _by_bucket(rows: Iterable[QuarantinedRow]) -> dict[tuple[str, str], list[QuarantinedRow]]:
    buckets: dict[tuple[str, str], list[QuarantinedRow]] = defaultdict(list)
    for row in rows:
        buckets[row.x_source, row.x_bucket].append(row)
    return buckets


def _require_source(source: str | None, buckets: dict[tuple[str, str], list[QuarantinedRow]]) -> None:
    known = sorted({row.x_source for row in PULLS} | {row.name for row in FILES})
    if source is not None and not buckets and source not in known:
        message = f"there is no source {source!r}"
        raise UsageError(message, expected="one of " + ", ".join(known), action="see `costcheck bill show`")


def _replay_bucket(
    outcome: _Outcome, rows: Sequence[QuarantinedRow], provenance: Provenance
) -> tuple[Replayed, BillBatch | None]:
    source, bucket = rows[0].x_source, rows[0].x_bucket
    for row in rows:
        outcome.take(row, _read_again(outcome.modules, row, provenance))
    told = outcome.told(source, bucket)
    return told, outcome.batch(source, bucket, provenance) if told.is_possible else None


def _read_again(modules: Sequence[ReplayModule], row: QuarantinedRow, provenance: Provenance) -> BillBatch | None:
    """Return what one row says now, None where no module can read it."""
    if row.context in CONTEXTS:
        return None
    for module in modules:
        try:
            batch = module.replay((row,), provenance)
        except (CostcheckError, msgspec.MsgspecError, ValueError):
            continue  # that module's rows have another context, or it still cannot read this one
        if not batch.quarantined:
            return batch
    return None


@dataclass(slots=True)
class _Outcome:
    """Gathers what the rows of one bucket say now; each row goes exactly one way.

    Attributes:
        moved: Keys of what moved so far in the whole replay.
    """

    ledger: Ledger
    moved: set[tuple[object, ...]]
    modules: Sequence[ReplayModule]
    records: list[TokenUsage | Charge] = field(default_factory=list)
    set_aside: list[SetAsideRows] = field(default_factory=list)
    remaining: list[QuarantinedRow] = field(default_factory=list)
    read: int = 0
    _rows: set[tuple[bytes, str]] = field(default_factory=set)

    def take(self, row: QuarantinedRow, batch: BillBatch | None) -> None:
        """Take what became of one row."""
        if batch is None:
            self.remaining.append(row)
        elif (row.raw, row.context) in self._rows:
            self._aside(row, DUPLICATE)
        elif batch.is_empty:
            self._aside(row, batch.set_aside[0].reason if batch.set_aside else DUPLICATE)
        elif any(map(self._doubles, batch.usage)) or any(map(self._doubles, batch.charges)):
            self.remaining.append(replace(row, reason=DOUBLE))
        else:
            self._rows.add((row.raw, row.context))
            self._keep(*batch.usage, *batch.charges)
            self.read += 1

    def _aside(self, row: QuarantinedRow, reason: str) -> None:
        self.set_aside.append(SetAsideRows(x_source=row.x_source, x_bucket=row.x_bucket, reason=reason, row_count=1))

    def _keep(self, *records: TokenUsage | Charge) -> None:
        self.records += records
        if not self._sums_requests:
            self.moved.update(map(key_of, records))

    @property
    def _sums_requests(self) -> bool:
        return any(getattr(module, "ROW_IS_REQUEST", False) for module in self.modules)

    def _doubles(self, record: TokenUsage | Charge) -> bool:
        # A log of requests is summed, so that several of its rows stand under one key of the same bucket.
        if self._sums_requests:
            return self.ledger.holds(record, in_other_buckets=True)
        return key_of(record) in self.moved or self.ledger.holds(record)

    def told(self, source: str, bucket: str) -> Replayed:
        """Return the counts."""
        return Replayed(
            x_source=source,
            x_bucket=bucket,
            read=self.read,
            set_aside=len(self.set_aside),
            remaining=len(self.remaining),
            is_possible=bool(self.modules),
        )

    def batch(self, source: str, bucket: str, provenance: Provenance) -> BillBatch:
        """Return what is added to the bucket, and all that stays in its quarantine."""
        return BillBatch(
            x_source=source,
            buckets=(bucket,),
            usage=tuple(row for row in self.records if isinstance(row, TokenUsage)),
            charges=tuple(row for row in self.records if isinstance(row, Charge)),
            quarantined=tuple(self.remaining),
            set_aside=tuple(self.set_aside),
            provenance=provenance,
        )
