"""What the gate writes, reviewed: `python -m tests.costcheck.report.gate_goldens` writes it anew, to be read."""

from collections.abc import Iterator
from pathlib import Path

from costcheck.report.gate_junit import render_junit
from costcheck.report.gate_markdown import render_gate_markdown
from costcheck.report.gate_sarif import render_sarif
from costcheck.report.gate_text import render_gate_text
from costcheck.verdict import encode
from tests.costcheck.gate.results import RESULTS

FOLDER = Path(__file__).parents[2] / "golden" / "gate"


def outputs() -> Iterator[tuple[str, str]]:
    """Yield the name of each golden file and what must stand in it."""
    for name, result in RESULTS.items():
        yield f"{name}.txt", render_gate_text(result, width=80, color=False)
        yield f"{name}.md", render_gate_markdown(result)
        yield f"{name}.junit.xml", render_junit(result)
        yield f"{name}.sarif", render_sarif(result)
    yield "denied.json", encode(RESULTS["denied"]).decode()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, content in outputs():
        (FOLDER / file_name).write_text(content, encoding="utf-8")
