"""Write decision records: the page, the decision, and what it was made from."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from costcheck import __version__
from costcheck.acceptance import DECISION, Acceptance, is_meant_as_accepted, read_acceptance
from costcheck.decision.inputs import DecisionInputs, decode_inputs
from costcheck.errors import InputFileError, TamperedError, UsageError
from costcheck.report.record import CURRENT, record_paths, record_title, refresh_record, render_record
from costcheck.verdict import Decision, decode_decision, encode

INPUTS = ".inputs.json"
LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where a record was written.

    Attributes:
        page: The page for people.
        decision_json: The decision for machines.
        accepted_page: Page of the accepted decision that stays in `current.json`; None where this one is in it now.
    """

    page: Path
    decision_json: Path
    accepted_page: Path | None


def write_record(decision: Decision, inputs: DecisionInputs, folder: Path) -> Written:
    """Write the record of a decision; the same inputs write the same files.

    `current.json` becomes this decision, unless it holds another one that a person has accepted: only a person puts
    a proposal in its place. What people wrote on an existing page stays. The inputs come first and
    `current.json` last, so that a write that fails leaves no decision without its inputs and nothing current without
    its record.

    Raises:
        UsageError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        existing = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        paths = record_paths(decision, existing)
        page = render_record(decision, paths.number, record_title(decision))
        if paths.markdown in existing:
            page = refresh_record(existing[paths.markdown].decode(), page)
        accepted = accepted_page(existing, other_than=encode(decision))
        _replace(folder / paths.inputs_json, encode(inputs))
        _replace(folder / paths.decision_json, encode(decision))
        _replace(folder / paths.markdown, page.encode())
        if not accepted:
            _replace(folder / CURRENT, encode(decision))
    except OSError as exc:
        message = f"the record cannot be written into {folder}: {exc.strerror}"
        raise UsageError(
            message, expected="a folder that can be written", action="name another with --record"
        ) from exc
    return Written(
        page=folder / paths.markdown,
        decision_json=folder / paths.decision_json,
        accepted_page=folder / accepted if accepted else None,
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or leave it as it was."""
    # Not numbered like a record, so that one left behind by a crash is never taken for one.
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise


def accepted_page(existing: Mapping[str, bytes], *, other_than: bytes) -> str | None:
    """Return the name of the accepted page whose decision `current.json` holds, None if that is not to be kept.

    Args:
        existing: Name of each file in the folder to its content.
        other_than: The decision that is about to be written; it may always stay.
    """
    current = existing.get(CURRENT)
    for name, content in sorted(existing.items()):
        page = f"{name.removesuffix(DECISION)}.md"
        if name.endswith(DECISION) and content == current != other_than:
            text = existing.get(page, b"").decode("utf-8", errors="replace")
            return page if is_meant_as_accepted(text) else None
    return None


def read_inputs(path: Path) -> DecisionInputs:
    """Return the inputs in a file, as the decision beside it was made from them.

    Raises:
        InputFileError: It or its decision cannot be read, or see `decode_inputs`.
        TamperedError: The decision was made from other inputs.
    """
    content = _read(path)
    inputs = decode_inputs(content, str(path))
    recorded = path.with_name(path.name.removesuffix(INPUTS) + DECISION)
    digest = decode_decision(_read(recorded), str(recorded)).input_digests.get("inputs")
    if digest != hashlib.sha256(content).hexdigest():
        message = f"{path} does not have the digest {digest} that {recorded.name} carries"
        raise TamperedError(
            message,
            expected="the inputs that the recorded decision was made from",
            action="take both files from version control, or decide anew without --replay",
        )
    return inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What lies beside a decision that is what its inputs lead to.

    Attributes:
        acceptance: What its record says of that.
    """

    inputs: DecisionInputs
    acceptance: Acceptance


def require_recomputes(decision: Decision, path: Path, today: date) -> Recomputed:
    """Return the inputs of a decision, which must lead to it, and whether a person has accepted it.

    Args:
        decision: As it was read.
        path: Its file, `current.json`; the record that it is a copy of lies beside it.
        today: The day after which nobody can have accepted it.

    Raises:
        InputFileError: The inputs beside it cannot be read.
        TamperedError: No inputs with the digest that it carries lie beside it, or they lead to something else.
    """
    from costcheck.decision import decide  # noqa: PLC0415 - numpy is slow to load

    content, digest = encode(decision), decision.input_digests.get("inputs")
    for inputs in sorted(path.parent.glob(f"*{INPUTS}")):
        raw = _read(inputs)
        if hashlib.sha256(raw).hexdigest() == digest:
            read = decode_inputs(raw, str(inputs))
            computed = encode(decide.decide(read))
            if computed != content or path.read_bytes() != content:
                raise _not_what_it_leads_to(path, content, computed, decision.costcheck_version)
            page = inputs.with_name(inputs.name.removesuffix(INPUTS) + ".md")
            text = page.read_text(encoding="utf-8", errors="replace") if page.exists() else ""
            found = read_acceptance(text, decided_on=decision.as_of, today=today)
            return Recomputed(inputs=read, acceptance=found)
    message = f"no inputs with the digest {digest} that {path} carries lie beside it"
    raise TamperedError(
        message,
        expected="the record that `costcheck decide --record` wrote, with its inputs",
        action="take the whole record from version control, or decide again",
    )


def require_recorded(decision: Decision, path: Path) -> None:
    """Do nothing if the decision beside a file of inputs is the one that they lead to, byte for byte.

    Raises:
        InputFileError: It cannot be read.
        TamperedError: It says something else; the first key that differs is named.
    """
    recorded = path.with_name(path.name.removesuffix(INPUTS) + DECISION)
    content, computed = _read(recorded), encode(decision)
    if content == computed:
        return
    raise _not_what_it_leads_to(recorded, content, computed, decision.costcheck_version)


def _not_what_it_leads_to(recorded: Path, content: bytes, computed: bytes, version: str) -> TamperedError:
    key, old, new = _first_difference(msgspec.json.decode(content), msgspec.json.decode(computed))
    message = f"{recorded} is not what its inputs lead to: {key} is {old} in it and {new} when computed again"
    if version != __version__:
        message += f"; costcheck {version} wrote it, this is {__version__}"
    return TamperedError(
        message,
        expected="the decision that the same version of costcheck computed from these inputs",
        action="take the record from version control, replay it with the version that wrote it, or decide anew",
    )


def _first_difference(old: Any, new: Any, key: str = "") -> tuple[str, str, str]:  # noqa: ANN401 - any JSON
    """Return the whole key of the first value that differs, in the contract's order, and both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        order = dict.fromkeys([*(field.name for field in fields(Decision)), *new, *old])
        for name in order:
            if old.get(name) != new.get(name) or (name in old) != (name in new):
                return _first_difference(old.get(name), new.get(name), f"{key}.{name}".lstrip("."))
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, pair in enumerate(zip(old, new, strict=True)):
            if pair[0] != pair[1]:
                return _first_difference(*pair, f"{key}[{position}]")
    return f"`{key}`" if key else "the layout", _shortened(old), _shortened(new)


def _shortened(value: Any) -> str:  # noqa: ANN401 - any JSON
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputFileError(
            message,
            expected=f"the {INPUTS} of a decision record, with its {DECISION} beside it",
            action="check the path",
        ) from exc
