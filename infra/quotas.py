"""Which EC2 quota limits which instance types; the table is `infra/data/quotas.toml`."""

import functools
import re
import tomllib
from dataclasses import dataclass
from typing import Any

from infra.releases import DATA

_FAMILY = re.compile(r"(?P<letters>[a-z]+)(?P<generation>\d+)[a-z0-9-]*\.[a-z0-9-]+")

QUOTA_OPTION = {"on_demand": "on-demand", "reservation": "on-demand", "spot": "spot"}
"""Purchase option to the kind of quota; a Capacity Block is bought in advance, within limits of its own.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-blocks.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRule:
    """One quota: its name, and AWS's code, empty where it has to be found by name."""

    name: str
    code: str


def quota_for(instance_type: str, purchase_option: str) -> QuotaRule | None:
    """Return the quota that limits a type; None where the table has none."""
    match = _FAMILY.fullmatch(instance_type)
    for row in _rows() if match else ():
        generations = row.get("generations")
        if (
            match
            and row["purchase_option"] == QUOTA_OPTION[purchase_option]
            and match["letters"] in row["families"]
            and (generations is None or int(match["generation"]) in generations)
        ):
            return QuotaRule(name=row["name"], code=row.get("code", ""))
    return None


@functools.cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads((DATA / "quotas.toml").read_text(encoding="utf-8"))["quota"])
