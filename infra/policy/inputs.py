"""Inputs as the engine hands them over, in the two forms that rules read."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from pulumi_policy import proxy

from costcheck.plan.records import UNKNOWN

UNKNOWNS = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
"""What stands for an unknown text, number, list ...; the gate has one word for all of them."""


class UnknownReadError(Exception):
    """A rule asked for a value that only exists after the update; `path` says which."""

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(f"{'.'.join(path)} is only known after the update")
        self.path = path


class Unknown(Mapping[str, Any]):
    """A value that exists but is not known: it is there, and every other question about it is an error."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self._path = path

    def __bool__(self) -> bool:
        return True

    def _refuse(self, *_: object) -> NoReturn:
        raise UnknownReadError(self._path)

    __getitem__ = __iter__ = __len__ = _refuse
    __eq__ = __hash__ = __str__ = __repr__ = __format__ = __contains__ = _refuse


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value without the SDK's proxies, which are no lists: whole numbers as int, others exact.

    The protocol knows floats only, and a secret comes as what it is.
    """
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in _target(value).items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(inner) for inner in _target(value)]
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(str(value))
    return UNKNOWN if isinstance(value, str) and value in UNKNOWNS else value


def refusing(value: Any, path: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - any JSON
    """Return plain inputs in which each unknown value refuses to be read."""
    if isinstance(value, Mapping):
        return {key: refusing(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [refusing(inner, (*path, str(index))) for index, inner in enumerate(value)]
    return Unknown(path) if value == UNKNOWN else value


def _target(value: Any) -> Any:  # noqa: ANN401 - a proxy or what it stands for
    is_proxy = type(value).__module__ == proxy.__name__
    return value["__target"] if is_proxy else value
