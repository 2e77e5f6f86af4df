"""Kubernetes quantities: `500m`, `1.5Gi`, `2k`."""

import re
from decimal import ROUND_CEILING, Decimal

from costcheck.gate.view import UnpriceableError

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(m|[kMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?")
_DECIMAL, _BINARY = "kMGTPE", "KMGTPE"
BYTES_PER_GIB = Decimal(1024**3)


def parse_quantity(text: str) -> Decimal:
    """Return a quantity in its base unit (cores, bytes, pieces).

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/

    Raises:
        UnpriceableError: It is none.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        message = f"{text[:60]!r} is no quantity of Kubernetes"
        raise UnpriceableError(message)
    return Decimal(found[1]) * _factor(found[2] or "")


def whole_gib(text: str) -> Decimal:
    """Return a size in GiB as EBS makes it: rounded up."""
    return (parse_quantity(text) / BYTES_PER_GIB).to_integral_value(ROUND_CEILING)


def _factor(suffix: str) -> Decimal:
    if suffix == "m":
        return Decimal("0.001")
    if suffix.endswith("i"):
        return Decimal(1024) ** (_BINARY.index(suffix[0]) + 1)
    if suffix in _DECIMAL:
        return Decimal(1000) ** (_DECIMAL.index(suffix) + 1) if suffix else Decimal(1)
    return Decimal(f"1{suffix}")
