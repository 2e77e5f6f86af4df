"""Requests of one log, one after the other, as sums by the minute."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from costcheck.records import BillBatch, Provenance, QuarantinedRow, SetAsideRows, TokenUsage
from costcheck.sources.bills.rows import DUPLICATE, refuse_unreadable

K = TypeVar("K", bound=tuple[Any, ...])


@dataclass(slots=True)
class MinuteSums(Generic[K]):
    """Counts by minute, model and whatever else tells requests apart, and what could not be counted.

    Attributes:
        usage: The sums, by a key that begins with the minute.
        seen: What identifies the requests that were counted.
    """

    source: str
    bucket: str
    usage: dict[K, list[int]] = field(default_factory=dict)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    set_aside: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def add(self, identity: str, key: K, counts: tuple[int, ...]) -> None:
        """Count one request; a second time it is set aside."""
        if identity in self.seen:
            self.set_aside[DUPLICATE] += 1
            return
        self.seen.add(identity)
        so_far = self.usage.setdefault(key, [0] * len(counts))
        for place, count in enumerate(counts):
            so_far[place] += count

    def batch(self, usage: Callable[[str, K, list[int]], TokenUsage], provenance: Provenance) -> BillBatch:
        """Return everything as one batch; `usage` makes a row of the bucket, a key and its sums.

        Raises:
            SourcePayloadError: There were requests, and none could be read.
        """
        refuse_unreadable(self.source, (self.bucket,), kept=len(self.usage), quarantined=self.quarantined)
        return BillBatch(
            x_source=self.source,
            buckets=(self.bucket,),
            usage=tuple(usage(self.bucket, key, counts) for key, counts in sorted(self.usage.items())),
            quarantined=tuple(self.quarantined),
            set_aside=tuple(
                SetAsideRows(x_source=self.source, x_bucket=self.bucket, reason=reason, row_count=count)
                for reason, count in sorted(self.set_aside.items())
                if count
            ),
            provenance=provenance,
        )
