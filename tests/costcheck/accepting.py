"""Accept a decision record as a person does: in its first lines."""

from datetime import date
from pathlib import Path

PROPOSED = "- status: proposed\n- accepted_by: nobody yet\n- accepted_on: not yet\n- accepted_for: PROJECT/STACK\n"


def accept(page: Path, on: date, *, by: str = "Ada Lovelace", stack: str = "") -> None:
    """Write status, name, day and stack over what a new record says of them."""
    text = page.read_text()
    assert PROPOSED in text
    page.write_text(text.replace(PROPOSED, head(on=str(on), by=by, stack=stack)))


def head(status: str = "accepted", by: str = "Ada Lovelace", on: str = "2026-08-01", stack: str = "") -> str:
    """Return the first lines of a record."""
    lines = f"- status: {status}\n- accepted_by: {by}\n- accepted_on: {on}\n"
    return f"{lines}- accepted_for: {stack}\n"
