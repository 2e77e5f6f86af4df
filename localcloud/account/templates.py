"""Fills in the templates of data/types.toml: ids, ARNs and computed outputs."""

import hashlib
import time
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.account.store import Settings

_HEX_DIGITS, _SHORT_HEX_DIGITS = 17, 8  # resource ids and the older, short ones
_DOCUMENTATION_NETWORK = "203.0.113"  # RFC 5737: no address of anybody


class _Digest:
    """Formats as digits that are the same for one seed and label: ``{hex:group}``."""

    def __init__(self, seed: str, style: str) -> None:
        self._seed = seed
        self._style = style

    def __format__(self, label: str) -> str:
        digest = hashlib.sha256(f"{self._seed} {label}".encode())
        if self._style == "uuid":
            return str(uuid.UUID(bytes=digest.digest()[:16], version=4))
        if self._style == "ip":
            return f"{_DOCUMENTATION_NETWORK}.{digest.digest()[0]}"
        return digest.hexdigest()[: _HEX_DIGITS if self._style == "hex" else _SHORT_HEX_DIGITS]


def filled(template: Any, *, settings: Settings, seed: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The template with every placeholder filled in, at every depth.

    Raises KeyError when a template names an input that is not there.
    """
    if isinstance(template, Mapping):
        return {key: filled(part, settings=settings, seed=seed, values=values) for key, part in template.items()}
    if isinstance(template, list):
        return [filled(part, settings=settings, seed=seed, values=values) for part in template]
    if not isinstance(template, str):
        return template
    digests = {style: _Digest(seed, style) for style in ("hex", "hex8", "uuid", "ip")}
    context = {
        "account": settings.account_id,
        "region": settings.region,
        "partition": settings.partition,
        "now": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    return template.format_map({**values, **digests, **context})
