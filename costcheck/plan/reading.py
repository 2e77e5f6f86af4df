"""Resources as Pulumi writes them, in previews and in states alike."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from costcheck.errors import PlanError
from costcheck.plan.records import Resource

PROVIDER_PREFIX = "pulumi:providers:"
AGAIN = "run `pulumi preview --json > plan.json` again, and give the file as it is"
T = TypeVar("T")


class RawResource(msgspec.Struct, rename="camel"):
    """One resource as Pulumi writes it."""

    urn: str
    type: str
    custom: bool = False
    id: str = ""
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] | None = None
    provider: str = ""
    external: bool = False
    delete: bool = False
    property_dependencies: dict[str, list[str] | None] = {}


class Providers:
    """The AWS region of each resource, from its own inputs, its provider, or the configuration."""

    def __init__(self, raw: Mapping[str, RawResource], default_region_id: str | None) -> None:
        self._regions = {
            urn: provider.inputs.get("region") for urn, provider in raw.items() if _is_provider(provider, "aws")
        }
        self._default = default_region_id

    def region_of(self, raw: RawResource) -> str | None:
        """Return the region that a resource of AWS stands in, None for others and where nothing says so."""
        if not raw.type.startswith("aws:"):
            return None
        urn = raw.provider.rpartition("::")[0]
        name = urn.rpartition("::")[2]
        inherited = self._regions.get(urn, self._default if name.startswith("default") else None)
        region = raw.inputs.get("region", inherited)
        return region if isinstance(region, str) else None


def decode(content: bytes, type_: type[T], name: str, *, expected: str) -> T:
    """Return a JSON document as records, with every number that has a point as a Decimal.

    Raises:
        PlanError: It is not such a document.
    """
    try:
        found = msgspec.json.Decoder(type=type_, float_hook=Decimal).decode(content)
        json.loads(content, object_pairs_hook=_require_each_key_once, parse_int=str, parse_float=str)
    except (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError) as exc:
        message = f"{name} is not what `pulumi` writes: {exc}"
        raise PlanError(message, expected=expected, action=AGAIN) from exc
    return found


def _require_each_key_once(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError for an object that tells two readers two things: some take the first, some the last."""
    if len(dict(pairs)) < len(pairs):
        message = "an object has a key twice"
        raise ValueError(message)


def to_resource(raw: RawResource, providers: Providers) -> Resource:
    """Return the typed record of a resource."""
    return Resource(
        urn=raw.urn,
        token=raw.type,
        inputs=raw.inputs,
        resource_id=raw.id,
        outputs=raw.outputs or {},
        custom=raw.custom,
        external=raw.external,
        region_id=providers.region_of(raw),
        depends_on={key: tuple(urns or ()) for key, urns in raw.property_dependencies.items()},
    )


def is_default_provider(raw: RawResource) -> bool:
    """Return whether the engine made this provider itself; its summary does not count those."""
    return raw.type.startswith(PROVIDER_PREFIX) and raw.urn.rpartition("::")[2].startswith("default")


def _is_provider(raw: RawResource, package: str) -> bool:
    return raw.type == f"{PROVIDER_PREFIX}{package}"
