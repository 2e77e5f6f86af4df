"""Whether AWS has a region, with the nearest where it has not."""

import difflib
from collections.abc import Collection

from costcheck.errors import UsageError


def require_region(region_id: str, known: Collection[str]) -> None:
    """Do nothing if AWS has the region.

    Args:
        region_id: As the user wrote it.
        known: `Session.get_available_regions` of a service.

    Raises:
        UsageError: It has not; the nearest is named.
    """
    if region_id in known:
        return
    nearest = difflib.get_close_matches(region_id, known, n=1, cutoff=0)
    message = f"AWS has no region {region_id!r}"
    raise UsageError(message, expected=f"a region such as {nearest[0]}", action="mend --region")
