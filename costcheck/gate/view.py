"""How a function of the registry looks into a resource: what is unknown, secret or missing is never a default."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from costcheck.plan.records import KUBERNETES, SECRET, SIGNATURE, UNKNOWN, Resource
from costcheck.records import InstanceType


class UnpriceableError(Exception):
    """What a resource costs cannot be told from the plan; the message says why, with the whole key.

    Attributes:
        shown: What the plan shows of its machines all the same, such as `2 x p5.48xlarge`; empty where nothing.
    """

    shown = ""


UNLISTED = (
    "the plan does not list what the program set (it has no propertyDependencies), so that nobody can tell "
    "whether that was left out or lost"
)


MOST = Decimal(10) ** 9
"""No size or count of AWS is larger, and sums of what is larger would not be exact."""
FINEST = -12
"""The exponent of the smallest part of a number that is read: nothing of AWS is counted in less."""
_NUMBER = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
"""How a number is written: what else `Decimal` would take (other digits, underscores, NaN), no provider does."""
NAMES = ("id", "name", "arn")
_SEPARATOR = re.compile(r"[/:,]")
Path = tuple[str | int, ...]
Rendered = Mapping[str, tuple[Resource, ...] | str]
"""URN of each Helm release to the objects in it, or to the reason why nobody can tell them."""
NOT_RENDERED = "its chart was not rendered"


class Side:
    """Every resource on one side of a plan, facts of instance types, what Helm releases hold, and the day."""

    def __init__(
        self,
        resources: Iterable[Resource],
        instances: Mapping[str, InstanceType],
        rendered: Rendered = MappingProxyType({}),
        today: date | None = None,
    ) -> None:
        # A leftover has the URN of what has replaced it, and never stands for that.
        ordered = sorted(resources, key=lambda resource: not resource.is_leftover)
        self.by_urn = {resource.urn: resource for resource in ordered}
        self.instances = instances
        self.rendered = rendered
        self.today = today
        self._objects: dict[str, list[Resource]] | None = None
        self._dependents: dict[str, list[Resource]] = {}
        for resource in self.by_urn.values():
            for urn in {urn for urns in resource.depends_on.values() for urn in urns}:
                self._dependents.setdefault(urn, []).append(resource)

    def dependents(self, urn: str, token: str) -> list[Resource]:
        """Return the resources of one type that take a value from this one."""
        return [resource for resource in self._dependents.get(urn, ()) if resource.token == token]

    def objects(self, kind: str) -> list[Resource]:
        """Return every Kubernetes object of a kind, in whatever API group, resources and those in releases alike."""
        if self._objects is None:
            self._objects = {}
            inside = (found for found in self.rendered.values() if not isinstance(found, str))
            for resource in itertools.chain(self.by_urn.values(), *inside):
                if resource.token.startswith(KUBERNETES):
                    self._objects.setdefault(resource.token.rpartition(":")[2], []).append(resource)
        return self._objects.get(kind, [])


@dataclass(frozen=True, slots=True)
class View:
    """One resource among the others on its side of the plan."""

    resource: Resource
    side: Side

    def has(self, *path: str | int) -> bool:
        """Return whether something stands at a path; an unknown value does.

        Raises:
            UnpriceableError: The program has set it, but the plan does not show it.
        """
        return self._at(path) is not None

    def says(self, *path: str | int) -> bool:
        """Return whether something stands at a path, and not -1, which stands for nothing; see `has`."""
        return self._at(path) not in (None, -1, "-1")

    def raw(self, *path: str | int) -> Any:  # noqa: ANN401 - any JSON
        """Return what stands at a path, None where nothing does; unknown where what is around it is unknown."""
        value: Any = self.resource.inputs
        for step in path:
            if value in (UNKNOWN, SECRET):
                return value
            value = _child(value, step)
        return value

    def leaves_out(self, name: str) -> bool:
        """Return whether the program is seen not to set a property, so that the provider's default applies.

        Only a resource that lists the properties that were set can show it: a value that the plan has lost is listed.
        """
        listed = self.resource.depends_on
        return bool(listed) and name not in listed and name not in self.resource.inputs

    def why_missing(self, name: str) -> str:
        """Return why nobody knows a property that the plan does not show, and for which there is a default."""
        missing = f"{name} is not in the plan"
        return missing if self.resource.depends_on else f"{missing}, and {UNLISTED}"

    def text(self, *path: str | int, default: str | None = None) -> str:
        """Return the text at a path, or the provider's own default where one is given.

        Raises:
            UnpriceableError: It is unknown, a secret, of another type, or missing without a default.
        """
        value = self._known(path, default)
        if isinstance(value, str):
            return value
        raise self._wrong(path, value, "text")

    def number(self, *path: str | int, default: int | None = None) -> Decimal:
        """Return the number at a path, from zero to `MOST`; see `text`. A number that is written as text is one."""
        value = self._known(path, default)
        number = as_number(value)
        if number is None:
            raise self._wrong(path, value, f"a number from 0 to {MOST:,}")
        return number

    def flag(self, *path: str | int, default: bool | None = None) -> bool:
        """Return the truth value at a path; see `text`. The provider takes "true" for true."""
        value = self._known(path, default)
        if isinstance(value, bool) or value in ("true", "false"):
            return value in (True, "true")
        raise self._wrong(path, value, "true or false")

    def items(self, *path: str | int) -> int:
        """Return the length of the list at a path, 0 where there is none.

        Raises:
            UnpriceableError: It is unknown or no list.
        """
        value = self._known(path, ())
        if isinstance(value, list | tuple):
            return len(value)
        raise self._wrong(path, value, "a list")

    def texts(self, *path: str | int) -> tuple[str, ...]:
        """Return the texts in the list at a path, none where there is no list; see `items`."""
        return tuple(self.text(*path, index) for index in range(self.items(*path)))

    def referred(self, name: str, *tokens: str) -> "View | None":
        """Return the one resource of these types that a property takes its value from; see `all_referred`.

        None where the property names something outside of what the plan shows.
        """
        found = self.all_referred(name, *tokens)
        return found[0] if len(found) == 1 else None

    def all_referred(self, name: str, *tokens: str) -> "tuple[View, ...]":
        """Return the resources of these types that a property takes its value from.

        A program may say so of anything: a value that is known must be one that the resource goes by.
        """
        resources = self.side.by_urn
        urns = self.resource.depends_on.get(name, ())
        found = [View(resources[urn], self.side) for urn in urns if urn in resources]
        texts = tuple(_texts(self.resource.inputs.get(name)))
        return tuple(one for one in found if one.resource.token in tokens and any(map(one.may_be_called, texts)))

    def may_be_called(self, value: object) -> bool:
        """Return whether a value may name this resource: one that is only known after the update may.

        A known one is its id or name, an ARN or a path with one of them in it, or any other text of its own.
        """
        if not isinstance(value, str) or value in ("", SECRET):
            return False
        resource = self.resource
        told = (*_texts(resource.outputs), *(text for text in resource.inputs.values() if isinstance(text, str)))
        names = [
            resource.resource_id,
            *(side.get(key) for side in (resource.inputs, resource.outputs) for key in NAMES),
        ]
        return (
            value == UNKNOWN
            or value in told
            or any(part in names for part in (value, *_SEPARATOR.split(value)) if part)
        )

    def dependents(self, token: str) -> tuple["View", ...]:
        """Return the resources of one type that take a value from this one."""
        return tuple(View(resource, self.side) for resource in self.side.dependents(self.resource.urn, token))

    def objects(self) -> tuple["View", ...]:
        """Return what the chart of this Helm release makes.

        Raises:
            UnpriceableError: It could not be rendered.
        """
        found = self.side.rendered.get(self.resource.urn, NOT_RENDERED)
        if isinstance(found, str):
            raise UnpriceableError(found)
        return tuple(View(resource, self.side) for resource in found)

    def named(self, kind: str, name: str) -> "View | None":
        """Return the Kubernetes object of a kind that has this name, None where the plan shows none or several."""
        found = [resource for resource in self.side.objects(kind) if _name(resource) == name]
        return View(found[0], self.side) if len(found) == 1 else None

    def instance(self, instance_type: str) -> InstanceType:
        """Return what EC2 says of a type.

        Raises:
            UnpriceableError: Nothing is known of it.
        """
        if instance_type in self.side.instances:
            return self.side.instances[instance_type]
        message = f"nothing is known of the instance type {instance_type}"
        raise UnpriceableError(message)

    def _known(self, path: Path, default: Any) -> Any:  # noqa: ANN401 - any JSON
        value = self._at(path)
        if value is None:
            if default is None:
                message = f"{_key(path)} is not in the plan"
                raise UnpriceableError(message)
            return default
        if value == UNKNOWN:
            message = f"{_key(path)} is only known after the update"
            raise UnpriceableError(message)
        if value == SECRET or (isinstance(value, Mapping) and SIGNATURE in value):
            message = f"{_key(path)} is a secret"
            raise UnpriceableError(message)
        return value

    def _at(self, path: Path) -> Any:  # noqa: ANN401 - any JSON
        value: Any = self.resource.inputs
        for depth, step in enumerate(path):
            if value in (UNKNOWN, SECRET):
                return value
            value = _child(value, step)
            if value is None:
                if depth == 0 and path[0] in self.resource.depends_on:
                    message = f"{_key(path[:1])} is set by the program but is not in the plan"
                    raise UnpriceableError(message)
                return None
        return value

    def _wrong(self, path: Path, value: object, expected: str) -> UnpriceableError:
        return UnpriceableError(f"{_key(path)} is {str(value)[:60]!r}, which is not {expected}")


def _name(resource: Resource) -> Any:  # noqa: ANN401 - any JSON
    metadata = resource.inputs.get("metadata")
    return metadata.get("name") if isinstance(metadata, Mapping) else None


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield every text inside that may name something; a version does not."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "version":
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _child(value: Any, step: str | int) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(step, str) and isinstance(value, Mapping):
        return value.get(step)
    if isinstance(step, int) and isinstance(value, list | tuple) and step < len(value):
        return value[step]
    return None


def as_number(value: object) -> Decimal | None:
    """Return a number that later sums and products keep exact, None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    if not isinstance(value, int) and not _NUMBER.fullmatch(str(value)):
        return None
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    fine = isinstance(exponent, int) and exponent >= FINEST
    return number if fine and 0 <= number <= MOST else None


def _key(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path)).replace(".0", "[0]")
