"""Which providers rent no machines, so that no word in a resource of theirs means a GPU; the list is data."""

import functools

from costcheck.facts import Typed, read_data_toml
from costcheck.gate.free import free_types
from costcheck.gate.types import PRICED, RUNS_NODES


class _Listed(Typed, frozen=True, kw_only=True):
    providers: dict[str, str]
    names: dict[str, tuple[str, ...]]
    rents: dict[str, tuple[str, ...]]


@functools.cache
def _listed() -> _Listed:
    return read_data_toml("no_machines.toml", _Listed)


def rents_no_machines(token: str) -> bool:
    """Return whether a type is of a provider that rents no machines, or is none of those that it rents."""
    package, name = token.partition(":")[0], token.rpartition(":")[2].lower()
    listed = _listed()
    if package in listed.providers:
        return name not in listed.rents.get(package, ())
    return name.startswith(listed.names.get(package, ("\0",)))


def has_plain_counterpart(token: str) -> bool:
    """Return whether a type of AWS Native is one of AWS Classic, by its token, that starts no machines."""
    package, module, name = [*token.split(":"), "", ""][:3]
    if package != "aws-native" or not name:
        return False
    classic = f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"
    return classic in free_types() or (classic in PRICED and classic not in RUNS_NODES)
