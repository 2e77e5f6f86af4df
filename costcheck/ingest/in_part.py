"""A bill beside a log that counts the same tokens: its charges alone."""

from collections import Counter
from dataclasses import replace

from costcheck.errors import UsageError
from costcheck.records import BillBatch, SetAsideRows

REASON = "usage that another source counts (--without-usage)"
CONTEXT = '{"without_usage":true}'
"""Of a quarantined row: a replay would bring its usage in, so that it stays; import the file again."""


def charges_alone(batch: BillBatch) -> BillBatch:
    """Return the batch without its usage, which is counted as set aside.

    Raises:
        UsageError: It has no charges.
    """
    if not batch.charges:
        message = f"{batch.x_source}, {', '.join(batch.buckets)}: it has no charges to keep"
        raise UsageError(message, expected="a bill with charges", action="leave --without-usage out")
    rows = Counter(row.x_bucket for row in batch.usage)
    left_out = tuple(
        SetAsideRows(x_source=batch.x_source, x_bucket=bucket, reason=REASON, row_count=count)
        for bucket, count in sorted(rows.items())
    )
    return replace(
        batch,
        usage=(),
        set_aside=(*batch.set_aside, *left_out),
        quarantined=tuple(replace(row, context=CONTEXT) for row in batch.quarantined),
    )
