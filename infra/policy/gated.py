"""What was gated is what is applied: the record of `costcheck gate --gated`, held against each resource."""

from dataclasses import dataclass, field
from pathlib import Path

from pulumi_policy import ResourceValidationArgs

from costcheck.gate.gated import Gated, differences, read_gated
from infra.policy.configuration import GATED
from infra.policy.seen import ENGINE, Seen

PROVIDERS = f"{ENGINE}providers:"


@dataclass(slots=True, kw_only=True)
class WhatWasGated:
    """The rule; it asks nothing where no record is configured."""

    root: Path
    seen: Seen
    _records: dict[str, Gated] = field(default_factory=dict)

    def __call__(self, args: ResourceValidationArgs) -> list[str]:
        """Return in what a resource is not the one that was gated."""
        path = str(args.get_config().get(GATED, ""))
        resource = self.seen.resources[args.urn]
        if not path or _made_by_the_engine(resource.urn, resource.token):
            return []
        if path not in self._records:
            self._records[path] = read_gated(self.root / path)
        record = self._records[path]
        return differences(record, resource.urn, resource.token, resource.inputs, resource.region_id)


def _made_by_the_engine(urn: str, token: str) -> bool:
    """Return whether this is a default provider, which no preview lists."""
    return token.startswith(PROVIDERS) and urn.rpartition("::")[2].startswith("default")
