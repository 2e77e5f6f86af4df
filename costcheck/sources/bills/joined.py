"""Several batches of one source as one."""

from collections.abc import Sequence

from costcheck.records import BillBatch, Provenance


def joined(source: str, buckets: tuple[str, ...], batches: Sequence[BillBatch], provenance: Provenance) -> BillBatch:
    """Return the batches one after the other; each says how many rows came in."""
    return BillBatch(
        x_source=source,
        buckets=buckets,
        usage=tuple(row for batch in batches for row in batch.usage),
        charges=tuple(row for batch in batches for row in batch.charges),
        quarantined=tuple(row for batch in batches for row in batch.quarantined),
        set_aside=tuple(row for batch in batches for row in batch.set_aside),
        provenance=provenance,
        rows_in=sum(batch.rows_in or 0 for batch in batches),
        notes=tuple(note for batch in batches for note in batch.notes),
    )
