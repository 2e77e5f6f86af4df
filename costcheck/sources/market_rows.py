"""The market facts of a snapshot as rows of its file: each record, its provenance replaced with a name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import msgspec

from costcheck.market import (
    Asked,
    CapacityBlock,
    ClusterVersion,
    Commitment,
    Discount,
    InterruptionBand,
    MarketFacts,
    PlacementScore,
    SpotZonePrice,
)
from costcheck.records import Provenance

KINDS: Mapping[str, type[Any]] = {
    "asked": Asked,
    "spot_zone_prices": SpotZonePrice,
    "capacity_blocks": CapacityBlock,
    "cluster_versions": ClusterVersion,
    "interruption_bands": InterruptionBand,
    "placement_scores": PlacementScore,
    "commitments": Commitment,
    "discounts": Discount,
}
"""Every tuple of `MarketFacts`, in the order of the file."""


def _row_shape(record: type[Any]) -> type[msgspec.Struct]:
    """Return the row of a record: the same fields and defaults, but `provenance` is a name."""
    hints = get_type_hints(record) | {"provenance": str}
    shapes = [
        (field.name, hints[field.name], *(() if field.default is MISSING else (field.default,)))
        for field in fields(record)
    ]
    return msgspec.defstruct(
        f"{record.__name__}Row", shapes, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
    )


ROWS: Mapping[str, type[msgspec.Struct]] = {name: _row_shape(record) for name, record in KINDS.items()}
Market: Any = msgspec.defstruct(
    "Market",
    [(name, tuple[shape, ...], ()) for name, shape in ROWS.items()],  # type: ignore[valid-type]  # made above
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
)
"""The key `market` of a snapshot file."""


def market_provenances(facts: MarketFacts) -> Iterator[Provenance]:
    """Yield the provenance of every row."""
    for name in KINDS:
        yield from (row.provenance for row in getattr(facts, name))


def market_of_file(market: Any, provenance: Callable[[Any], Provenance]) -> MarketFacts:  # noqa: ANN401 - made above
    """Return the facts in the key `market` of a file.

    Args:
        market: A `Market`.
        provenance: Looks up what a row names.
    """
    return MarketFacts(**{name: _records(name, getattr(market, name), provenance) for name in KINDS})


def _records(name: str, rows: tuple[Any, ...], provenance: Callable[[Any], Provenance]) -> tuple[Any, ...]:
    shape = KINDS[name]
    return tuple(shape(**{**msgspec.structs.asdict(row), "provenance": provenance(row)}) for row in rows)


def file_of_market(facts: MarketFacts, names: Mapping[Provenance, str]) -> Any:  # noqa: ANN401 - made above
    """Return the facts as the key `market` of a file: equal facts give equal rows in equal order."""
    return Market(**{name: _rows(name, getattr(facts, name), names) for name in KINDS})


def _rows(name: str, records: tuple[Any, ...], names: Mapping[Provenance, str]) -> tuple[Any, ...]:
    shape = ROWS[name]
    return tuple(
        shape(
            **{field.name: getattr(record, field.name) for field in fields(record)}
            | {"provenance": names[record.provenance]}
        )
        for record in sorted(records, key=msgspec.json.encode)
    )
