"""The first screen: the verdict, why, what each option costs, and what to do."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from costcheck.report.figures import DOTS, counted, day, mapping, plain, shortened, told_apart, usd
from costcheck.report.sections import break_even_sentence, fleet_in_brief, pay_back_sentence
from costcheck.report.words import (
    RULES,
    TODAY,
    best_self_hosted,
    deciding_findings,
    headline,
    saving_in_words,
    turned_in_words,
)
from costcheck.verdict import Decision, OptionKind, OptionResult, Verdict

SUMMARY_LINES: Final = 36
"""Lines of the first screen, at most, at 80 columns."""
CUT: Final = "... cut here"
NARROWEST: Final = 60
LABEL: Final = 13
MONEY: Final = 9
INDENT: Final = "  "
COSTS: Final = "Cost a month, next 12 months"
SHOWN_FINDINGS: Final = 5
SHOWN_OPTIONS: Final = 5
LINES_OF_A_HEADLINE: Final = 3
MOST_LINES: Final = (8, 4, 3, 2)
"""Lines of a reason or a note, at most: the first of these with which all of it is one screen, else the last."""
LINES_OF_A_NAME: Final = 3
MORE: Final = "Every cost line with its price, source and date: --format full (markdown, json)."
PRICE_SUBJECTS: Final = ("price", "evidence")
"""Subjects of remarks that tell why no option was priced."""

UNREAD_SUBJECT: Final = "ledger"
"""Subject of the remark on rows that nobody could read: each may be money that the answer does not know."""


def summary_lines(decision: Decision, width: int) -> tuple[str, ...]:
    """Return the essentials, the verdict first and the way to the rest last, laid out for `width` columns."""
    width = max(width, NARROWEST)
    tries = (_laid_out(decision, width, most) for most in MOST_LINES)
    return next((lines for lines in tries if len(lines) <= SUMMARY_LINES), _laid_out(decision, width, MOST_LINES[-1]))


def _laid_out(decision: Decision, width: int, most: int) -> tuple[str, ...]:
    parts = (
        [*textwrap.wrap(headline(decision), width)[:LINES_OF_A_HEADLINE], *_subtitle(decision, width)],
        list(_why(decision, width, most)),
        list(_costs(decision, width, wraps_names=most == MOST_LINES[0])),
        [line for label, text in _notes(decision) for line in _note(label, text, width, most)],
        [shortened(MORE, width)],
    )
    return tuple([line for part in parts if part for line in (*part, "")][:-1])


def _subtitle(decision: Decision, width: int) -> list[str]:
    text = (
        f"{plain(decision.company)}, as of {day(decision.as_of)}, valid until {day(decision.valid_until)}. "
        f"Rule {decision.rule} of {len(RULES)} decided."
    )
    return textwrap.wrap(text, width)[:LINES_OF_A_HEADLINE]


def _why(decision: Decision, width: int, most: int) -> Iterator[str]:
    """Yield what decided: what was seen, and what it was held against."""
    rows = deciding_findings(decision)[:SHOWN_FINDINGS]
    if not rows:
        return
    seen = max([len("Seen"), *(len(_cell(row.figure)) for row in rows)])
    needed = max([len("Needed"), *(len(_cell(row.threshold)) for row in rows)])
    # What keeps the evidence from being used is a sentence with something to do in it, not a figure to compare.
    if decision.verdict is Verdict.INSUFFICIENT_EVIDENCE or LABEL + seen + needed + 4 > width * 0.8:
        for row in rows:
            text = f"{plain(row.subject)}: {plain(row.message)}{_seen(row.figure)}"
            yield from _note("Why", text, width, most)
        return
    room = width - seen - needed - 4
    yield f"{'Why':{room}}  {'Seen':>{seen}}  Needed"
    for row in rows:
        first, *rest = textwrap.wrap(plain(row.message), room - len(INDENT), max_lines=most, placeholder=f" {DOTS}")
        yield f"{INDENT + first:{room}}  {_cell(row.figure):>{seen}}  {_cell(row.threshold)}".rstrip()
        yield from (INDENT + line for line in rest)


def _cell(text: str) -> str:
    return plain(text) if text.strip() else ""


def _seen(figure: str) -> str:
    return f" ({plain(figure)})" if figure.strip() else ""


def _costs(decision: Decision, width: int, *, wraps_names: bool) -> Iterator[str]:
    shown = _shown_options(decision)
    if not shown:
        return
    room = width - 4 * (MONEY + 1)
    heads = "".join(f" {name:>{MONEY}}" for name in ("P10", "P50", "P90", "saving"))
    yield f"{shortened(COSTS, room):{room}}{heads}"
    names = _option_names(shown, room - len(INDENT) - 1, wraps=wraps_names)
    for option, (name, *rest) in zip(shown, names, strict=True):
        mark = "*" if option.option_id == decision.chosen_option else " "
        cost = option.monthly_cost_usd
        figures = [usd(cost.p10), usd(cost.p50), usd(cost.p90), saving_in_words(option, decision)]
        yield (f"{f'{mark} {name}':{room}}" + "".join(f" {figure:>{MONEY}}" for figure in figures)).rstrip()
        yield from (2 * INDENT + line for line in rest)
    chosen = "* chosen; " if any(option.option_id == decision.chosen_option for option in shown) else ""
    yield shortened(f"{chosen}eight in ten simulated outcomes lie between P10 and P90.", width)


def _option_names(options: Sequence[OptionResult], room: int, *, wraps: bool) -> list[list[str]]:
    """Return the lines of each name: whole where they are few, else cut, and never two names cut to the same."""
    names = [_option_name(option) for option in options]
    whole = [textwrap.wrap(name, room, subsequent_indent=INDENT, break_on_hyphens=False) for name in names]
    if wraps and max(map(len, whole)) <= LINES_OF_A_NAME:
        return [[first, *(line.removeprefix(INDENT) for line in rest)] for first, *rest in whole]
    return [[name] for name in told_apart(names, room)]


def _option_name(option: OptionResult) -> str:
    names = {OptionKind.API_TODAY: "today's API, kept", OptionKind.API_CHEAPER: "today's API, made cheaper"}
    return names.get(option.kind, plain(option.label))


def _shown_options(decision: Decision) -> tuple[OptionResult, ...]:
    """Return the API options, the chosen one and the best fleets, up to five in all, in the decision's order."""
    best = best_self_hosted(decision)
    keep = {decision.chosen_option, best.option_id if best else ""}
    ranked = sorted(
        decision.options,
        key=lambda option: (option.option_id not in keep, bool(option.fleets), option.monthly_cost_usd.p50),
    )
    kept = {option.option_id for option in ranked[:SHOWN_OPTIONS]}
    return tuple(option for option in decision.options if option.option_id in kept)


def _notes(decision: Decision) -> Iterable[tuple[str, str]]:
    best = best_self_hosted(decision)
    for instances in best.fleets[:1] if best else ():
        yield "Servers", fleet_in_brief(instances)
    for step in decision.preconditions[:2]:
        yield "First", plain(step)
    if allowed := decision.allowance:
        yield "Allows", f"in {plain(allowed.region_id)} at most {mapping(allowed.maximum_nodes)}"
    if decision.options:
        yield "Break-even", break_even_sentence(decision).removeprefix("Break-even: ")
        yield "Pay-back", pay_back_sentence(decision).removeprefix("Pay-back: ")
    for remark in decision.findings if not decision.options else ():
        if remark.rule == 0 and remark.subject in PRICE_SUBJECTS:
            yield "Not priced", plain(remark.message)
    for flip in decision.flips[:1]:
        turn = f"{plain(flip.what)} from {plain(flip.today)} to {plain(flip.flips_at)}"
        yield "Would turn it", f"{turn} ({turned_in_words(flip.becomes)})"
    if decision.dominant_assumption.strip():
        yield "Matters most", plain(decision.dominant_assumption)
    for change in decision.api_changes[:1]:
        needs = f"; needs {plain(change.needs)}" if change.needs.strip() else ""
        yield "On the API", f"{plain(change.label)} saves {usd(change.monthly_saving_usd)} a month {TODAY}{needs}"
    asked = f"; ask again on {day(decision.ask_again_on)}" if decision.ask_again_on else ""
    yield from _unread(decision)
    yield "Evidence", f"{_months(decision.complete_months)}{asked}"


def _unread(decision: Decision) -> Iterator[tuple[str, str]]:
    rows = [row for row in decision.findings if row.rule == 0 and row.subject == UNREAD_SUBJECT]
    yield from (("Not read", f"{plain(row.message)}{_seen(row.figure)}") for row in rows[:1])


def _note(label: str, text: str, width: int, most: int) -> list[str]:
    wrapped = textwrap.wrap(text, width - LABEL - 1, max_lines=most, placeholder=f" {DOTS}", break_on_hyphens=False)
    labels = [label, *[""] * (len(wrapped) - 1)]
    return [f"{name:{LABEL}} {line}".rstrip() for name, line in zip(labels, wrapped, strict=bool(wrapped))]


def _months(count: int) -> str:
    return counted(count, "complete month") if count else "no complete month"
