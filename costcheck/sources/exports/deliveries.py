"""Which files of a folder are one month delivered twice: told by the folders that AWS and Azure write.

AWS Data Exports that keep every delivery write `.../data/BILLING_PERIOD=2026-10/TIMESTAMP-EXECUTION/`
(https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html, read 2026-11-26); Azure's exports
and AWS's older reports write `.../20261001-20261031/RUN/`. Each such folder below holds the whole month again.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from costcheck.errors import InputFileError

PERIOD = re.compile(r"billing_period=(\d{4}-\d{2})(?!\d)|(\d{8}-\d{8})$", re.IGNORECASE)
"""A copy beside it, as `BILLING_PERIOD=2026-10 (copy)`, is of the same month."""
SHOWN = 5


def refuse_two_deliveries(files: Sequence[str]) -> None:
    """Do nothing if no month lies in two folders of deliveries.

    Raises:
        InputFileError: One does; summed up, it would count twice.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in files:
        parts = file.replace("\\", "/").split("/")[:-1]
        for position, name in enumerate(parts):
            period = PERIOD.match(name)
            if period:
                # `region=eu` below is a partition of one delivery.
                below = [part for part in parts[position + 1 :] if "=" not in part]
                month = period[1] or period[2]
                found["/".join(parts[:position]), month].add("/".join((name, *below)))
                break
    for (parent, month), folders in sorted(found.items()):
        if len(folders) > 1:
            raise _twice(parent, month, sorted(folders))


def _twice(parent: str, month: str, folders: Sequence[str]) -> InputFileError:
    more = len(folders) - SHOWN
    shown = [*folders[:SHOWN], *([f"{more} more"] if more > 0 else [])]
    return InputFileError(
        f"{parent} holds {month} in {len(folders)} folders: {', '.join(shown)}",
        expected="each month delivered once: each of these folders holds the whole month, and they would count twice",
        action="name the newest of them alone with --path, and its month with --from and --to; or copy the export's "
        "`metadata` beside its `data`, for AWS's manifests are believed, as by `costcheck bill pull aws-export`; "
        "nothing was read",
    )
