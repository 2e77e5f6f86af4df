"""The decision as Markdown for a pull request or a wiki. Nothing that a user named can become markup."""

import functools
import re
from importlib import resources
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from costcheck.report.figures import plain, shortened
from costcheck.report.page import Section, Table
from costcheck.report.sections import sections, subtitle
from costcheck.report.words import headline
from costcheck.verdict import Decision

MAX_CHARACTERS: Final = 65_536
"""The longest comment that GitHub takes."""
_MAX_TEXT: Final = 1_000
"""Characters of one sentence or cell; the JSON has all of it."""
_MARKUP: Final = re.compile(
    r"""
      [&<>|\\`*\[\]~\#@]                  # entities, HTML, cells, code, emphasis, links, headings, mentions
    | (?<![^\W_])_ | _(?![^\W_])          # emphasis; inside a word an underscore is one
    | \$(?!\d)                            # GitHub's formulas; an amount of money is none
    | :(?=\S) | (?<=www)\.                # addresses that GitHub turns into links
    | \A[-+](?=\s|\Z) | \A-(?=-) | \A=    # lists and rules
    | \A\d+[.)]                           # numbered lists
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "@\u200b"}
"""What a backslash does not disarm: HTML; a cell's border in every dialect; GitHub's mentions and e-mail links."""


class Markdown(str):
    """Text that is Markdown already and is not escaped again."""

    __slots__ = ()


def render_markdown(decision: Decision) -> str:
    """Return the whole decision as Markdown, at most `MAX_CHARACTERS` long; a cut is announced at its end."""
    page = fill(
        "page.md.j2",
        headline=headline(decision),
        subtitle=subtitle(decision),
        sections=[(section.title, body(section)) for section in sections(decision)],
    )
    return cut_to(page, MAX_CHARACTERS)


def cut_to(page: str, limit: int) -> str:
    """Return the page, cut after its last whole line that leaves room for a note which says so."""
    if len(page) <= limit:
        return page
    note = f"\n**Cut here: the page has {len(page):,} characters and {limit:,} fit. The JSON file has all of it.**\n"
    return page[: page.rfind("\n", 0, limit - len(note)) + 1] + note


def escape(text: str) -> Markdown:
    """Return the text on one line so that Markdown shows its letters and makes no markup of them."""
    return Markdown(_MARKUP.sub(_disarmed, shortened(plain(text), _MAX_TEXT)))


def body(section: Section) -> Markdown:
    """Return what stands under a section's heading."""
    blocks = [
        *map(escape, section.lead),
        "\n".join(f"- {escape(point)}" for point in section.points),
        _table(section.table) if section.table and section.table.rows else "",
        *map(escape, section.notes),
    ]
    return Markdown("\n\n".join(block for block in blocks if block))


def fill(name: str, **values: object) -> str:
    """Return a template of this package filled in: every value is escaped unless it is `Markdown`.

    Raises:
        jinja2.UndefinedError: The template names a value that was not given.
    """
    return _environment().get_template(name).render(values)


@functools.cache
def _environment() -> Environment:
    # Autoescape is HTML's; `finalize` escapes every value for Markdown instead.
    return Environment(  # noqa: S701 - see the line above
        loader=FunctionLoader(_template_text),
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template_text(name: str) -> str:
    return resources.files("costcheck.report").joinpath("templates", name).read_text(encoding="utf-8")


def _finalized(value: object) -> str:
    return value if isinstance(value, Markdown) else escape(str(value))


def _disarmed(match: re.Match[str]) -> str:
    before, mark = match.group()[:-1], match.group()[-1]
    return before + _ENTITIES.get(mark, f"\\{mark}")


def _table(table: Table) -> str:
    rule = tuple("---:" if position in table.figures else "---" for position in range(len(table.columns)))
    rows = (tuple(map(escape, row)) for row in (table.columns, *table.rows))
    heading, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([heading, f"| {' | '.join(rule)} |", *rest])
