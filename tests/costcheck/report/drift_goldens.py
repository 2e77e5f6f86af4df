"""What drift writes, reviewed: `python -m tests.costcheck.report.drift_goldens` writes it anew, to be read."""

from collections.abc import Iterator
from pathlib import Path

from costcheck.report.drift import render_drift_markdown, render_drift_text
from costcheck.verdict import encode
from tests.costcheck.drifts import DRIFTS

FOLDER = Path(__file__).parents[2] / "golden" / "drift"


def outputs() -> Iterator[tuple[str, str]]:
    """Yield the name of each golden file and what must stand in it."""
    for name, drift in DRIFTS.items():
        yield f"{name}.txt", render_drift_text(drift, width=80, color=False)
        yield f"{name}.md", render_drift_markdown(drift)
    yield "changed.json", encode(DRIFTS["changed"]).decode()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, content in outputs():
        (FOLDER / file_name).write_text(content, encoding="utf-8")
