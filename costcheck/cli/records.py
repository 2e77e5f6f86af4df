"""Write decision records: the page, the decision, and what it was made from."""

import hashlib
from pathlib import Path

from costcheck.decision.inputs import DecisionInputs, decode_inputs
from costcheck.errors import InputFileError, TamperedError, UsageError
from costcheck.report.record import CURRENT, record_paths, record_title, refresh_record, render_record
from costcheck.verdict import Decision, decode_decision, encode

INPUTS, DECISION = ".inputs.json", ".decision.json"


def write_record(decision: Decision, inputs: DecisionInputs, folder: Path) -> Path:
    """Write the record of a decision and return its page; the same inputs write the same files.

    `current.json` becomes this decision: what the gate reads. What people wrote on an existing page stays.

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
        (folder / paths.markdown).write_text(page, encoding="utf-8")
        for name in (paths.decision_json, CURRENT):
            (folder / name).write_bytes(encode(decision))
        (folder / paths.inputs_json).write_bytes(encode(inputs))
    except OSError as exc:
        message = f"the record cannot be written into {folder}: {exc.strerror}"
        raise UsageError(
            message, expected="a folder that can be written", action="name another with --record"
        ) from exc
    return folder / paths.markdown


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
