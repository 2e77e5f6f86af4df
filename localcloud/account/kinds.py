"""What the pretend account knows about each resource type: the registry in data/types.toml, as records."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from localcloud.account.errors import ApiError

REGISTRY = Path(__file__).parent / "data" / "types.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type; data/types.toml says what each field means."""

    token: str
    id: str
    source: str
    arn: str = ""
    read: date | None = None
    name: str = ""
    replaces: Sequence[str] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    holds: Sequence[str] = ()
    missing: str = "InvalidParameterValue"
    in_use: str = "ResourceInUse"
    operation: str = ""
    request: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name of the type as people say it: ``Subnet``."""
        return self.token.rsplit(":", 1)[1]

    @property
    def service(self) -> str:
        """Botocore's name of the service, empty for a type that is no call of its own."""
        return self.operation.partition(".")[0]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every type by token."""
    table = tomllib.loads(REGISTRY.read_text())
    return {token: Kind(token=token, **entry) for token, entry in table.items()}


def kind_of(token: str) -> Kind:
    """The type of this token.

    Raises:
        ApiError: The pretend account does not know it.
    """
    found = kinds().get(token)
    if found is None:
        msg = "UnknownType"
        raise ApiError(msg, f"{token} is not in {REGISTRY.name}: add the type there before a program uses it")
    return found
