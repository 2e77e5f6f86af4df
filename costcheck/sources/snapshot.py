"""Price snapshots as files: what a decision was made from, readable by anyone and hard to alter unseen.

A snapshot is one JSON object. `sha256` is the digest of all the rest in canonical form (keys sorted, no
spaces), so any changed, added or dropped value shows. Provenances stand once, in `sources`, and rows
name them; every row stands on a line of its own, so that two snapshots compare line by line.
Version 1 holds what a decision reads; version 2 also holds `market`, what was asked beside list prices.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from costcheck.errors import InputFileError, TamperedError
from costcheck.facts import Fact, Typed, data_file, read_data_toml
from costcheck.market import MarketFacts
from costcheck.price_book import MaxAges, PriceBook, require_positive
from costcheck.records import (
    InstanceType,
    PriceSnapshot,
    PricingCategory,
    Provenance,
    Quota,
    UnitPrice,
    ZoneOffering,
)
from costcheck.sources.market_rows import KINDS, Market, file_of_market, market_of_file, market_provenances

PLAIN_VERSION = 1
MARKET_VERSION = 2
BUNDLED = ("price_snapshots", "us-east-1_2026-08-01.json")
ROW_KINDS = ("unit_prices", "instance_types", "zone_offerings", "quotas")
_PULL = "take a new snapshot with `costcheck prices pull`, or restore the file"


class _Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A row of the file: a record of `costcheck.records` whose provenance is a name in `sources`."""

    provenance: str


class _PriceRow(_Row, frozen=True, kw_only=True):
    service_code: str
    sku_meter: str
    region_id: str
    pricing_category: PricingCategory = PricingCategory.STANDARD
    tier_start: Decimal = Decimal(0)
    list_unit_price: Decimal
    pricing_currency: str = "USD"
    pricing_unit: str
    sku_id: str | None = None
    effective_from: date | None = None


class _InstanceRow(_Row, frozen=True, kw_only=True):
    instance_type: str
    vcpu_count: int
    memory_gib: Decimal
    gpu_count: int
    gpu_name: str | None
    gpu_memory_gib: Decimal | None
    instance_storage_gb: int


class _OfferingRow(_Row, frozen=True, kw_only=True):
    region_id: str
    instance_type: str
    zone_ids: tuple[str, ...]


class _QuotaRow(_Row, frozen=True, kw_only=True):
    region_id: str
    quota_code: str
    quota_name: str
    vcpu_limit: Decimal


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All of a file but its digest; `market`, of type `Market`, is no part of a file of version 1."""

    schema_version: int
    as_of: date
    region_id: str
    sources: dict[str, Provenance]
    unit_prices: tuple[_PriceRow, ...]
    instance_types: tuple[_InstanceRow, ...]
    zone_offerings: tuple[_OfferingRow, ...]
    quotas: tuple[_QuotaRow, ...]
    market: Market | None = None


class _File(_Body, frozen=True, kw_only=True):
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSnapshot:
    """Everything in a snapshot file.

    Attributes:
        market: None where nobody asked beside list prices, as in the bundled snapshot.
    """

    prices: PriceSnapshot
    market: MarketFacts | None = None


class _Version(msgspec.Struct):
    schema_version: int


class _PriceAges(Typed, frozen=True, kw_only=True):
    on_demand: Fact
    tokens: Fact
    spot: Fact
    other_aws: Fact
    market: dict[str, Fact]


def read_max_ages() -> MaxAges:
    """Return the ages of `costcheck/data/price_ages.toml`, in days."""
    ages = read_data_toml("price_ages.toml", _PriceAges)
    return MaxAges(
        on_demand_days=int(ages.on_demand.value),
        token_days=int(ages.tokens.value),
        spot_days=int(ages.spot.value),
        other_aws_days=int(ages.other_aws.value),
    )


def read_market_ages() -> Mapping[str, int]:
    """Return the age in days that each kind of market facts may reach, by its name in `MarketFacts`."""
    return {name: int(age.value) for name, age in read_data_toml("price_ages.toml", _PriceAges).market.items()}


def read_price_book(path: Path | None = None) -> PriceBook:
    """Return the price book of a snapshot file; of the bundled one where no path is given."""
    return PriceBook(read_snapshot(path), read_max_ages())


def read_snapshot(path: Path | None = None) -> PriceSnapshot:
    """Return the snapshot of a file; the bundled one where no path is given.

    Raises:
        InputFileError: The file cannot be read, or is no snapshot of this version.
        TamperedError: Its content does not match its digest.
    """
    return read_whole_snapshot(path).prices


def read_whole_snapshot(path: Path | None = None) -> WholeSnapshot:
    """Return everything in a snapshot file; in the bundled one where no path is given.

    Raises:
        InputFileError: The file cannot be read, or is no snapshot of a version that is known here.
        TamperedError: Its content does not match its digest.
    """
    source: Path | Traversable = data_file(*BUNDLED) if path is None else path
    try:
        content = source.read_bytes()
    except OSError as exc:
        message = f"{source}: {exc.strerror or exc}"
        raise InputFileError(message, expected="a price snapshot", action=_PULL) from exc
    return decode_whole_snapshot(content, name=str(path) if path else "/".join(BUNDLED))


def decode_snapshot(content: bytes, *, name: str) -> PriceSnapshot:
    """Return the prices that stand in the content of a file; see `decode_whole_snapshot`."""
    return decode_whole_snapshot(content, name=name).prices


def decode_whole_snapshot(content: bytes, *, name: str) -> WholeSnapshot:
    """Return everything that stands in the content of a file.

    Raises:
        InputFileError: It is no snapshot of this version.
        TamperedError: It does not match its digest.
        PriceNotFoundError: A price in it is not above zero.
    """
    file = _decoded(content, name)
    digest = snapshot_digest(_without_digest(file))
    if digest != file.sha256:
        message = f"{name} carries the digest {file.sha256[:12]}…, its content gives {digest[:12]}…"
        raise TamperedError(message, expected="a digest that fits the content", action=_PULL)
    market = None if file.market is None else market_of_file(file.market, lambda row: _source(file, row, name))
    return WholeSnapshot(prices=_snapshot(file, name), market=market)


def write_snapshot(snapshot: PriceSnapshot, path: Path, market: MarketFacts | None = None) -> str:
    """Write a snapshot file and return its digest; the old file stays until the new one is whole."""
    content = encode_snapshot(snapshot, market)
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as exc:
        message = f"{path}: {exc.strerror or exc}"
        raise InputFileError(
            message, expected="a place that can be written to", action="choose another --out"
        ) from exc
    return msgspec.json.decode(content, type=_File).sha256


def encode_snapshot(snapshot: PriceSnapshot, market: MarketFacts | None = None) -> bytes:
    """Return the content of a snapshot file: equal snapshots give equal bytes, of version 1 without market facts."""
    for price in snapshot.unit_prices:
        require_positive(price)
    body = _body(snapshot, market)
    head = {
        "sha256": snapshot_digest(body),
        "schema_version": body.schema_version,
        "as_of": body.as_of,
        "region_id": body.region_id,
        "sources": body.sources,
    }
    lines = [f"{_json(name)}:{_json(value)}" for name, value in head.items()]
    lines += [_lines(name, getattr(body, name)) for name in ROW_KINDS]
    if body.market is not None:
        facts = ",\n".join(_lines(name, rows) for name in KINDS if (rows := getattr(body.market, name)))
        lines.append(f'"market":{{\n{facts}\n}}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _lines(name: str, rows: Iterable[object]) -> str:
    listed = ",\n".join(map(_json, rows))
    return f"{_json(name)}:[\n{listed}\n]"


def snapshot_digest(body: "_Body") -> str:
    """Return the SHA-256 of a snapshot's canonical form, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()


def _decoded(content: bytes, name: str) -> _File:
    try:
        version = msgspec.json.decode(content, type=_Version).schema_version
        if version not in (PLAIN_VERSION, MARKET_VERSION):
            message = f"{name} has schema version {version}"
            raise InputFileError(message, expected=f"version {PLAIN_VERSION} or {MARKET_VERSION}", action=_PULL)
        return msgspec.json.decode(content, type=_File)
    # msgspec lets the error of bytes that are not UTF-8 through as it is.
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        message = f"{name} begins {content[:40]!r} and is no price snapshot: {exc}"
        raise InputFileError(message, expected="a file that `costcheck prices pull` wrote", action=_PULL) from exc


def _without_digest(file: _File) -> _Body:
    return _Body(**{name: getattr(file, name) for name in _Body.__struct_fields__})


def _body(snapshot: PriceSnapshot, market: MarketFacts | None) -> _Body:
    sources = _sources(snapshot, market)
    names = {provenance: name for name, provenance in sources.items()}

    def rows(shape: type[Any], records: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            shape(**{**_fields(record), "provenance": names[record.provenance]})
            for record in sorted(records, key=_sort_key)
        )

    return _Body(
        schema_version=PLAIN_VERSION if market is None else MARKET_VERSION,
        as_of=snapshot.as_of,
        region_id=snapshot.region_id,
        sources=sources,
        unit_prices=rows(_PriceRow, snapshot.unit_prices),
        instance_types=rows(_InstanceRow, snapshot.instance_types),
        zone_offerings=rows(_OfferingRow, snapshot.zone_offerings),
        quotas=rows(_QuotaRow, snapshot.quotas),
        market=None if market is None else file_of_market(market, names),
    )


def _snapshot(file: _File, name: str) -> PriceSnapshot:
    def records(shape: type[Any], rows: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(shape(**{**_fields(row), "provenance": _source(file, row, name)}) for row in rows)

    snapshot = PriceSnapshot(
        as_of=file.as_of,
        region_id=file.region_id,
        unit_prices=records(UnitPrice, file.unit_prices),
        instance_types=records(InstanceType, file.instance_types),
        zone_offerings=records(ZoneOffering, file.zone_offerings),
        quotas=records(Quota, file.quotas),
    )
    for price in snapshot.unit_prices:
        require_positive(price)
    return snapshot


def _source(file: _File, row: Any, name: str) -> Provenance:  # noqa: ANN401 - a row of any kind
    if row.provenance not in file.sources:
        message = f"{name} has a row from {row.provenance!r}, which its sources do not describe"
        raise InputFileError(message, expected="a provenance for every row", action=_PULL)
    return file.sources[row.provenance]


def _sources(snapshot: PriceSnapshot, market: MarketFacts | None) -> dict[str, Provenance]:
    """Return every provenance of the snapshot under a name, in an order that does not depend on the rows'."""
    every: tuple[UnitPrice | InstanceType | ZoneOffering | Quota, ...] = (
        *snapshot.unit_prices,
        *snapshot.instance_types,
        *snapshot.zone_offerings,
        *snapshot.quotas,
    )
    facts = () if market is None else market_provenances(market)
    distinct = sorted({*(row.provenance for row in every), *facts}, key=_sort_key)
    return {f"s{number}": provenance for number, provenance in enumerate(distinct, start=1)}


def _fields(record: Any) -> dict[str, Any]:  # noqa: ANN401 - a record, or a row of the file
    names = getattr(record, "__struct_fields__", None) or tuple(field.name for field in fields(record))
    return {name: getattr(record, name) for name in names}


def _sort_key(record: Any) -> bytes:  # noqa: ANN401 - any record
    return msgspec.json.encode(record)


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
