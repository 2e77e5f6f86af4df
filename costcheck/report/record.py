"""Decision records: one Markdown page a decision, for people, beside the JSON for machines."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from costcheck.errors import InputFileError
from costcheck.report.figures import day
from costcheck.report.markdown import Markdown, body, escape, fill
from costcheck.report.sections import every_section, subtitle
from costcheck.report.words import VERDICTS, headline
from costcheck.verdict import Decision

FOLDER: Final = "runbooks/decisions"
CURRENT: Final = "current.json"
"""Name of the decision that holds; the gate reads it."""

_NUMBERED: Final = re.compile(r"(\d{4,})-")
_DECISION: Final = ".decision.json"
_BLOCK: Final = re.compile(r"<!-- generated: (?P<key>[a-z-]+) -->\n.*?\n<!-- end: (?P=key) -->", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaths:
    """Names of one record's three files, inside the folder of decisions."""

    number: int
    markdown: str
    decision_json: str
    inputs_json: str


@dataclass(frozen=True, slots=True)
class _Digests:
    """What is read of an older decision, whatever its schema version."""

    verdict: str
    input_digests: dict[str, str]


def render_record(decision: Decision, number: int, title: str) -> str:
    """Return the record as Markdown, proposed and not yet accepted; equal decisions give equal bytes."""
    blocks = {section.key: _block(section.key, section.title, body(section)) for section in every_section(decision)}
    blocks["context"] = _block("context", "", escape(subtitle(decision)))
    blocks["decision"] = _block("decision", "", escape(headline(decision)))
    blocks["review"] = _block("review", "", escape(f"Review by: {_review_by(decision)}."))
    blocks["recompute"] = _block("recompute", "", replay_command(decision, number))
    return fill("record.md.j2", number=f"{number:04d}", title=title, blocks=blocks)


def refresh_record(existing: str, fresh: str) -> str:
    """Return the existing record with its generated blocks as in the fresh one; what people wrote stays."""
    blocks = {match["key"]: match.group() for match in _BLOCK.finditer(fresh)}
    return _BLOCK.sub(lambda match: blocks.get(match["key"], match.group()), existing)


def record_title(decision: Decision) -> str:
    """Return the title that a record gets when nobody names it."""
    return VERDICTS[decision.verdict]


def replay_command(decision: Decision, number: int) -> Markdown:
    """Return the command that computes the decision anew from its own inputs."""
    inputs = f"{FOLDER}/{_stem(decision, number)}.inputs.json"
    return Markdown(f"```console\ncostcheck decide --replay {inputs}\n```")


def next_number(existing: Iterable[str]) -> int:
    """Return one more than the highest number that a file name begins with, 1 where there is none."""
    found = (_NUMBERED.match(name) for name in existing)
    return max((int(match[1]) for match in found if match), default=0) + 1


def record_paths(decision: Decision, existing: Mapping[str, bytes]) -> RecordPaths:
    """Return where the decision is recorded; the same inputs and verdict keep their number.

    Args:
        decision: What was decided.
        existing: Name of each file in the folder to its content; only `*.decision.json` is read.

    Raises:
        InputFileError: A recorded decision cannot be read, so it is unknown whether this one stands already.
    """
    recorded = (_stem_if_same(decision, name, existing[name]) for name in sorted(existing))
    stem = next((found for found in recorded if found), None)
    if stem is None:
        stem = _stem(decision, next_number(existing))
    return RecordPaths(
        number=next_number([stem]) - 1,
        markdown=f"{stem}.md",
        decision_json=f"{stem}{_DECISION}",
        inputs_json=f"{stem}.inputs.json",
    )


def _stem(decision: Decision, number: int) -> str:
    return f"{number:04d}-{decision.as_of.isoformat()}-{decision.verdict.value.replace('_', '-')}"


def _stem_if_same(decision: Decision, name: str, content: bytes) -> str | None:
    if not (_NUMBERED.match(name) and name.endswith(_DECISION)):
        return None
    recorded = _digests(name, content)
    inputs = decision.input_digests.get("inputs")
    same = recorded.input_digests.get("inputs") == inputs and recorded.verdict == decision.verdict
    return name.removesuffix(_DECISION) if same and inputs else None


def _digests(name: str, content: bytes) -> _Digests:
    try:
        return msgspec.json.decode(content, type=_Digests)
    # msgspec lets the error of bytes that are not UTF-8 through as it is.
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        message = f"{name} is not a recorded decision: {exc}"
        raise InputFileError(
            message, expected="the JSON that `costcheck decide` wrote", action="restore it from version control"
        ) from exc


def _review_by(decision: Decision) -> str:
    dates = (decision.valid_until, decision.ask_again_on)
    return day(min(date for date in dates if date))


def _block(key: str, title: str, content: Markdown) -> Markdown:
    heading = f"### {escape(title)}\n\n" if title else ""
    return Markdown(f"<!-- generated: {key} -->\n{heading}{content or 'None.'}\n<!-- end: {key} -->")
