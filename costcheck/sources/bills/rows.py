"""Row by row from a payload into one batch: what reads, what is set aside, what is quarantined."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import msgspec

from costcheck.errors import SourcePayloadError
from costcheck.records import BillBatch, Charge, Provenance, QuarantinedRow, SetAsideRows, TokenUsage
from costcheck.sources.bills.sound import refuse_unsound

K = TypeVar("K")
V = TypeVar("V")
DUPLICATE = "the same row a second time"
NO_CONTEXT = "{}"


@dataclass(frozen=True, slots=True)
class SetAside:
    """What a reader answers for a row that is understood and counts for nothing."""

    reason: str


Record = TokenUsage | Charge
Read = Record | tuple[Record, ...] | SetAside


@dataclass(slots=True)
class BatchBuilder:
    """Gathers the rows of one read of one source, so that rows in = kept + set aside + quarantined."""

    source: str
    _kept: dict[Hashable, tuple[bytes, tuple[Record, ...]]] = field(default_factory=dict)
    _quarantined: list[QuarantinedRow] = field(default_factory=list)
    _set_aside: Counter[tuple[str, str]] = field(default_factory=Counter)

    def read(
        self, bucket: str, raw: bytes, reader: Callable[[], tuple[Hashable, Read]], *, context: str = NO_CONTEXT
    ) -> None:
        """Take in one row; `reader` returns what makes the row unique, and its record or records.

        A row whose reader raises is quarantined; another currency is not a row's fault and stops the read.
        """
        try:
            key, record = reader()
            for each in _records_of(record):
                refuse_unsound(each)
        except SourcePayloadError as exc:
            self.quarantine(bucket, raw, exc.seen, context=context)
        except (msgspec.MsgspecError, ValueError, OverflowError) as exc:
            self.quarantine(bucket, raw, str(exc), context=context)
        else:
            self._keep(bucket, raw, key, record, context)

    def quarantine(self, bucket: str, raw: bytes, reason: str, *, context: str = NO_CONTEXT) -> None:
        """Keep a row that could not be read, as it came, with what a replay needs beside it."""
        self._quarantined.append(
            QuarantinedRow(x_source=self.source, x_bucket=bucket, reason=reason, raw=bytes(raw), context=context)
        )

    @property
    def usage(self) -> tuple[TokenUsage, ...]:
        """Return the usage kept so far."""
        return tuple(row for row in self._records() if isinstance(row, TokenUsage))

    def _records(self) -> list[Record]:
        return [row for _, rows in self._kept.values() for row in rows]

    def _keep(self, bucket: str, raw: bytes, key: Hashable, record: Read, context: str) -> None:
        if isinstance(record, SetAside):
            self._set_aside[bucket, record.reason] += 1
        elif key not in self._kept:
            self._kept[key] = (bytes(raw), _records_of(record))
        elif self._kept[key][0] == bytes(raw):
            self._set_aside[bucket, DUPLICATE] += 1
        else:
            self.quarantine(bucket, raw, f"a second, different row for {key}", context=context)

    def batch(self, buckets: tuple[str, ...], provenance: Provenance) -> BillBatch:
        """Return the batch.

        Raises:
            SourcePayloadError: There are rows, and none could be read.
        """
        records = self._records()
        refuse_unreadable(self.source, buckets, kept=len(records), quarantined=self._quarantined)
        return BillBatch(
            x_source=self.source,
            buckets=buckets,
            usage=self.usage,
            charges=tuple(row for row in records if isinstance(row, Charge)),
            quarantined=tuple(self._quarantined),
            set_aside=tuple(
                SetAsideRows(x_source=self.source, x_bucket=bucket, reason=reason, row_count=count)
                for (bucket, reason), count in sorted(self._set_aside.items())
            ),
            provenance=provenance,
        )


def _records_of(read: Read) -> tuple[Record, ...]:
    if isinstance(read, SetAside):
        return ()
    return read if isinstance(read, tuple) else (read,)


def replay_rows(
    source: str,
    rows: Sequence[QuarantinedRow],
    provenance: Provenance,
    reader: Callable[[int, QuarantinedRow], tuple[Hashable, Read]],
) -> BillBatch:
    """Return what quarantined rows say now; `reader` gets each with its number, and tells its record.

    Raises:
        SourcePayloadError: None could be read.
    """
    builder = BatchBuilder(source)
    for number, row in enumerate(rows):
        builder.read(row.x_bucket, row.raw, partial(reader, number, row), context=row.context)
    return builder.batch(tuple(dict.fromkeys(row.x_bucket for row in rows)), provenance)


def refuse_unreadable(
    source: str, buckets: tuple[str, ...], *, kept: int, quarantined: Sequence[QuarantinedRow]
) -> None:
    """Raise if there were rows and not one of them could be read: the source has changed, or it is another one."""
    if kept or not quarantined:
        return
    span = f"{buckets[0]} to {buckets[-1]}" if len(buckets) > 1 else "".join(buckets)
    message = f"{source}, {span}: none of {len(quarantined)} rows could be read; {quarantined[0].reason}"
    raise SourcePayloadError(
        message, expected="the documented rows", action="check the file or the source; the ledger is untouched"
    )


def check(right: bool, *, seen: str, expected: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise unless a row is right in one respect.

    Raises:
        SourcePayloadError: It is not.
    """
    if not right:
        raise SourcePayloadError(seen, expected=expected, action="check the source; the row was not used")


def count_tokens(value: int | None, *, what: str) -> int:
    """Return a token count that a source may leave out where it is none of its classes.

    Raises:
        SourcePayloadError: It is negative.
    """
    if value is not None and value < 0:
        message = f"{what} is {value}"
        raise SourcePayloadError(
            message, expected="a count, zero or more", action="check the source; the row was not used"
        )
    return value or 0


def known(names: Mapping[K, V], name: K, *, what: str) -> V:
    """Return what a source's name stands for here.

    Raises:
        SourcePayloadError: It is a new one, so that its price is not known.
    """
    if name not in names:
        message = f"{what} is {name!r}"
        raise SourcePayloadError(
            message,
            expected="one of " + ", ".join(str(known_name) for known_name in names),
            action="report it: its price is not known here, and the row was not used",
        )
    return names[name]
