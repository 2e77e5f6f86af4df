"""Write decision records: the page, the decision, and what it was made from."""

from pathlib import Path

from costcheck.decision.inputs import DecisionInputs, decode_inputs
from costcheck.errors import InputFileError, UsageError
from costcheck.report.record import CURRENT, record_paths, record_title, refresh_record, render_record
from costcheck.verdict import Decision, encode


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
    """Return the inputs in a file.

    Raises:
        InputFileError: It cannot be read, or see `decode_inputs`.
    """
    try:
        content = path.read_bytes()
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}"
        raise InputFileError(
            message, expected="the .inputs.json of a decision record", action="check the path"
        ) from exc
    return decode_inputs(content, str(path))
