"""The reviewed outputs: `python -m tests.costcheck.report.goldens` writes them anew, to be read before committing."""

from collections.abc import Iterator
from pathlib import Path

from costcheck.report import record_title, render_markdown, render_record, render_summary, render_text
from costcheck.verdict import Decision
from tests.costcheck import builders

FOLDER = Path(__file__).parents[2] / "golden" / "report"
DECISIONS: dict[str, Decision] = {
    "stay_on_api": builders.stay_on_api(),
    "self_host": builders.self_host(),
    "hybrid": builders.hybrid(),
    "insufficient_evidence": builders.insufficient_evidence(),
}


def outputs() -> Iterator[tuple[str, str]]:
    """Yield the name of each golden file and what must stand in it."""
    for name, decision in DECISIONS.items():
        yield f"{name}.summary.txt", render_summary(decision, width=100, color=False)
        yield f"{name}.txt", render_text(decision, width=80, color=False)
        yield f"{name}.md", render_markdown(decision)
    stay = DECISIONS["stay_on_api"]
    yield "stay_on_api.record.md", render_record(stay, 1, record_title(stay))


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, content in outputs():
        (FOLDER / file_name).write_text(content, encoding="utf-8")
