"""The decision for a terminal: `render_summary` is the first screen, `render_text` is all of it."""

from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from costcheck.report.figures import day, mapping, plain, shortened, usd
from costcheck.report.page import Section, Table
from costcheck.report.sections import (
    break_even_sentence,
    fleet_in_brief,
    options,
    pay_back_sentence,
    sections,
    subtitle,
)
from costcheck.report.words import (
    PERCENTILES,
    best_self_hosted,
    finding_sentence,
    headline,
    rule_sentence,
    verdict_in_words,
)
from costcheck.verdict import Decision, OptionKind, OptionResult, Verdict

SUMMARY_LINES: Final = 30
"""Lines of the first screen, at most."""

_COLOURS: Final = {
    Verdict.STAY_ON_API: "bold cyan",
    Verdict.SELF_HOST: "bold green",
    Verdict.HYBRID: "bold green",
    Verdict.INSUFFICIENT_EVIDENCE: "bold yellow",
}
_RULED: Final = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""One rule under the headings: rich's SIMPLE_HEAD in ASCII."""
_COLUMN_GAP: Final = 2
_NARROWEST_WORDS: Final = 12
_MORE: Final = "More: add --full for every option, cost line, finding and date."
_CUT: Final = "... cut here; --full shows the rest."
_SENTENCE: Final = 190
"""Characters of one sentence on the first screen: two lines at 100 columns."""
_CELL: Final = 60
_SUMMARY_OPTIONS: Final = 4
_SUMMARY_FINDINGS: Final = 3


def render_text(decision: Decision, *, width: int, color: bool) -> str:
    """Return the whole decision, no line wider than `width` columns.

    Lines that the report draws are ASCII, so that a log or a pipe keeps them; names keep their own letters.

    Args:
        decision: What was decided.
        width: Columns of the terminal.
        color: Whether to write colour codes.
    """
    parts: list[RenderableType] = [_title(decision), Text(subtitle(decision))]
    for section in sections(decision):
        parts += [Text(), Text(section.title, style="bold"), *_body(section, width)]
    return _printed(parts, width=width, color=color)


def render_summary(decision: Decision, *, width: int, color: bool) -> str:
    """Return the essentials, at most `SUMMARY_LINES` lines; arguments as for `render_text`."""
    parts: list[RenderableType] = [
        Text(shortened(headline(decision), _SENTENCE), style=_COLOURS[decision.verdict]),
        Text(shortened(subtitle(decision), _SENTENCE)),
        Text(),
        Text(shortened(rule_sentence(decision), _SENTENCE)),
        *_points(_deciding(decision)),
        Text(),
        *_few_options(decision, width),
        Text(),
    ]
    parts += _points(shortened(sentence, _SENTENCE) for sentence in _essentials(decision))
    lines = _printed(parts, width=width, color=color).splitlines()
    room = SUMMARY_LINES - 1
    shown = lines if len(lines) <= room else [*lines[: room - 1], shortened(_CUT, width)]
    return "\n".join([*shown, shortened(_MORE, width)]) + "\n"


def _few_options(decision: Decision, width: int) -> list[RenderableType]:
    section = options(decision, _essential_options(decision))
    if section.table is None:
        return [*map(Text, section.lead)]
    rows = tuple(tuple(shortened(cell, _CELL) for cell in row) for row in section.table.rows)
    return [*_table(replace(section.table, rows=rows), width), Text(PERCENTILES)]


def _deciding(decision: Decision) -> list[str]:
    found = [finding_sentence(finding) for finding in decision.findings if finding.rule == decision.rule]
    shown = [shortened(sentence, _SENTENCE) for sentence in found[:_SUMMARY_FINDINGS]]
    left = len(found) - len(shown)
    return [*shown, f"and {left} more"] if left else shown


def _essentials(decision: Decision) -> Iterable[str]:
    best = best_self_hosted(decision)
    for instances in best.fleets[:1] if best else ():
        yield f"Best GPU fleet: {fleet_in_brief(instances)}"
    yield break_even_sentence(decision)
    yield pay_back_sentence(decision)
    for flip in decision.flips[:1]:
        yield (
            f"Would change it: {plain(flip.what)} from {plain(flip.today)} to {plain(flip.flips_at)} "
            f"({verdict_in_words(flip.becomes)})."
        )
    yield f"Matters most: {plain(decision.dominant_assumption)}"
    for change in decision.api_changes[:1]:
        yield f"Do now: {plain(change.label)}, saves {usd(change.monthly_saving_usd)} a month."
    for step in decision.preconditions[:2]:
        yield f"First: {plain(step)}"
    if allowed := decision.allowance:
        yield f"Allows at most, in {plain(allowed.region_id)}: {mapping(allowed.maximum_nodes)}."
    yield f"Evidence: {decision.complete_months or 'no'} complete months. Ask again on: {day(decision.ask_again_on)}."


def _essential_options(decision: Decision) -> tuple[OptionResult, ...]:
    """Return the chosen option, the API as it is, the best fleet, and the cheapest others up to four in all."""
    best = best_self_hosted(decision)
    wanted = {decision.chosen_option, best.option_id if best else ""}
    by_cost = sorted(
        decision.options,
        key=lambda option: (
            option.option_id not in wanted and option.kind is not OptionKind.API_TODAY,
            option.monthly_cost_usd.p50,
            option.option_id,
        ),
    )
    return tuple(by_cost[:_SUMMARY_OPTIONS])


def _title(decision: Decision) -> Text:
    return Text(headline(decision), style=_COLOURS[decision.verdict])


def _body(section: Section, width: int) -> list[RenderableType]:
    drawn = _table(section.table, width) if section.table and section.table.rows else []
    return [*map(Text, section.lead), *_points(section.points), *drawn, *map(Text, section.notes)]


def _points(sentences: Iterable[str]) -> list[RenderableType]:
    return [_point(sentence) for sentence in sentences]


def _point(sentence: str) -> RenderableType:
    grid = RichTable.grid(padding=0)
    grid.add_column(width=2, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("- "), Text(sentence))
    return grid


def _table(table: Table, width: int) -> list[RenderableType]:
    """Return the rows as a table, or one block a row where a figure would have to be broken."""
    narrowest = [
        _widest(table, position) if position in table.figures else _NARROWEST_WORDS
        for position in range(len(table.columns))
    ]
    if sum(narrowest) + _COLUMN_GAP * len(narrowest) > width:
        return _blocks(table)
    drawn = RichTable(box=_RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for position, name in enumerate(table.columns):
        is_figure = position in table.figures
        drawn.add_column(
            Text(name),
            justify="right" if is_figure else "left",
            width=narrowest[position] if is_figure else None,
            overflow="fold",
        )
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    return [drawn]


def _blocks(table: Table) -> list[RenderableType]:
    blocks: list[RenderableType] = []
    for row in table.rows:
        blocks.append(_point(f"{table.columns[0]}: {row[0]}"))
        details = zip(table.columns[1:], row[1:], strict=True)
        blocks += [Padding(Text(f"{name}: {cell}"), (0, 0, 0, 2)) for name, cell in details]
    return blocks


def _widest(table: Table, position: int) -> int:
    return max(cell_len(row[position]) for row in (table.columns, *table.rows))


def _printed(parts: list[RenderableType], *, width: int, color: bool) -> str:
    """Return what rich draws; every option is set, so that nothing of the environment reaches it."""
    console = Console(
        file=StringIO(),
        width=width,
        color_system="standard" if color else None,
        no_color=not color,
        force_terminal=color,
        force_jupyter=False,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(Group(*parts), soft_wrap=False, overflow="fold")
    return "".join(f"{line.rstrip()}\n" for line in capture.get().split("\n")).rstrip("\n") + "\n"
