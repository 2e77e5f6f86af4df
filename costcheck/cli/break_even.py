"""`costcheck break-even`: two cost curves from a file of stated figures, and where they cross."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from costcheck.model.stated_curves import StatedCurves

COLUMNS = "{:>16}  {:>16}  {:>16}  {}"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def break_even(file: Path) -> None:
    """Compare the two costs that FILE states, volume by volume, and say where they meet.

    FILE holds figures that somebody states and takes no price from anywhere: a sum on the back of an envelope, kept
    with its source and date. `costcheck decide` answers from bills and prices.
    """
    from costcheck.errors import InputFileError  # noqa: PLC0415 - what only this command needs
    from costcheck.model.stated_curves import parse_curves  # noqa: PLC0415 - msgspec is slow to load

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        message = f"{file} cannot be read: {exc}"
        raise InputFileError(
            message,
            expected="a TOML file with [api] and [self_hosted]",
            action="copy costcheck/data/article.toml and put in your figures",
        ) from exc
    for line in comparison(parse_curves(text, str(file))):
        click.echo(line)


def comparison(stated: StatedCurves) -> Iterator[str]:
    """Yield the lines of the comparison: a row a volume, then the break-even."""
    from costcheck.model.break_even import break_even_volume  # noqa: PLC0415 - as above

    yield stated.title
    yield f"Source: {stated.source} (read {stated.checked})"
    yield "Only what the file states is counted."
    yield ""
    yield COLUMNS.format(f"{stated.unit} a month", "API", "self-hosted", "cheaper")
    for volume in stated.volumes_per_month:
        yield _row(stated, volume)
    yield ""
    yield f"Break-even: {_found(stated, break_even_volume(stated.curves))}"


def _row(stated: StatedCurves, volume: Decimal) -> str:
    api, own = stated.curves.api_cost(volume), stated.self_hosted_cost(volume)
    if own is None:
        return COLUMNS.format(f"{volume:,}", f"${api:,.2f}", "cannot be had", "API")
    cheaper = "equal" if api == own else ("API" if api < own else "self-hosted")
    return COLUMNS.format(f"{volume:,}", f"${api:,.2f}", f"${own:,.2f}", cheaper)


def _found(stated: StatedCurves, volume: Decimal | None) -> str:
    if volume is None:
        return "none; no volume that these instances can carry pays for them."
    return f"{volume:,.0f} {stated.unit} a month."
