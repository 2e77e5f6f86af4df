"""`costcheck prices diff`: what moved between two snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from costcheck.market_diff import FactChange
    from costcheck.price_diff import PriceMove, Side, SnapshotDiff
    from costcheck.sources.snapshot import WholeSnapshot

FILE = click.Path(path_type=Path, dir_okay=False)
NOT_THERE = "not there"
WORDS = {"sku_id": "SKU", "effective_from": "applies from"}
"""Fields that a line tells by other words; a new unit or currency shows in the price itself."""


@click.command("diff")
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def prices_diff(old: Path, new: Path, style: Literal["text", "json"]) -> None:
    """Say what moved from one price snapshot to another of the same region.

    Prices that changed come first, the largest relative change at the top; then what went, what came, and
    facts: zones, quotas, versions, offers, what you own. Where a price was read, and when, is no change.
    """
    found = _compared(old, new)
    if style == "json":
        from costcheck.verdict import encode  # noqa: PLC0415 - only this format needs it

        click.echo(encode(_record(found)).decode(), nl=False)
        return
    for line in diff_lines(found):
        click.echo(line)


def _compared(old: Path, new: Path) -> SnapshotDiff:
    from costcheck.price_diff import diff_snapshots  # noqa: PLC0415 - keeps `costcheck --help` light
    from costcheck.sources.snapshot import read_whole_snapshot  # noqa: PLC0415 - the same

    then, now = read_whole_snapshot(old), read_whole_snapshot(new)
    _require_one_region(then, now)
    return diff_snapshots(then.prices, now.prices, then.market, now.market)


def _require_one_region(then: WholeSnapshot, now: WholeSnapshot) -> None:
    from costcheck.errors import UsageError  # noqa: PLC0415 - the same

    if then.prices.region_id != now.prices.region_id:
        message = f"the snapshots are of {then.prices.region_id} and of {now.prices.region_id}"
        raise UsageError(
            message, expected="two snapshots of one region", action="pull the other region on both days to compare it"
        )


def diff_lines(found: SnapshotDiff) -> Iterator[str]:
    """Yield the comparison as text."""
    yield f"{found.region_id}, {found.then} to {found.now}: {_summary(found)}"
    changed = [move for move in found.prices if move.then and move.now]
    yield from _block("Changed", (_changed_line(move) for move in changed))
    yield from _block("Went", (_line(move, move.then) for move in found.prices if not move.now))
    yield from _block("Came", (_line(move, move.now) for move in found.prices if not move.then))
    yield from _block("Facts", (_fact_line(fact) for fact in found.facts))


def _summary(found: SnapshotDiff) -> str:
    if found.is_empty:
        return "nothing moved"
    changed = sum(1 for move in found.prices if move.then and move.now)
    went = sum(1 for move in found.prices if not move.now)
    came = len(found.prices) - changed - went
    facts = len(found.facts)
    return f"prices: {changed} changed, {went} went, {came} came; {facts} other {'fact' if facts == 1 else 'facts'}"


def _block(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [f"  {line}" for line in lines]
    if shown:
        yield from ("", title, *shown)


def _changed_line(move: PriceMove) -> str:
    then, now = move.then, move.now
    if then is None or now is None:
        return ""
    details = "".join(
        f"; {words} {_shown(getattr(then, name))} -> {_shown(getattr(now, name))}"
        for name, words in WORDS.items()
        if name in move.other_changes
    )
    return f"{_share(move):>10}  {_amounts(move, then, now)}  {_name(move)}{details}"


def _amounts(move: PriceMove, then: Side, now: Side) -> str:
    if move.difference is None:
        return f"{_price(then)} -> {_price(now)}"
    if not move.difference:
        return _price(now)
    return f"{then.list_unit_price:f} -> {_price(now)} ({move.difference:+f})"


def _share(move: PriceMove) -> str:
    share = move.change_share
    if share is None:
        return "?"
    return f"{share * 100:+.2f} %" if move.difference else "same price"


def _line(move: PriceMove, side: Side | None) -> str:
    if side is None:
        return ""
    start = f"; applies from {side.effective_from}" if side.effective_from else ""
    return f"{_price(side)}  {_name(move)}{start}"


def _price(side: Side) -> str:
    return f"{side.list_unit_price:f} {side.pricing_currency} / {side.pricing_unit}"


def _name(move: PriceMove) -> str:
    tier = f" from {move.tier_start:,}" if move.tier_start else ""
    return f"{move.service_code} {move.sku_meter} {move.region_id} {move.pricing_category}{tier}"


def _fact_line(fact: FactChange) -> str:
    what = " ".join(filter(None, (fact.name, fact.field.replace("_", " "))))
    return f"{fact.subject}{what and f', {what}'}: {_shown(fact.then)} -> {_shown(fact.now)}"


def _shown(value: object) -> str:
    return NOT_THERE if value is None else str(value)


def _record(found: SnapshotDiff) -> dict[str, object]:
    """Return the comparison as JSON: each price with both sides and what lies between them."""
    prices: list[dict[str, str | Decimal | Side | tuple[str, ...] | None]] = [
        {
            "service_code": move.service_code,
            "sku_meter": move.sku_meter,
            "region_id": move.region_id,
            "pricing_category": move.pricing_category,
            "tier_start": move.tier_start,
            "moved": move.moved,
            "then": move.then,
            "now": move.now,
            "difference": move.difference,
            "change_share": move.change_share,
            "other_changes": move.other_changes,
        }
        for move in found.prices
    ]
    return {
        "region_id": found.region_id,
        "then": found.then,
        "now": found.now,
        "prices": prices,
        "facts": found.facts,
    }
