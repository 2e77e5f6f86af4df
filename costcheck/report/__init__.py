"""Reports over one `Decision`: terminal, Markdown, and the decision record. JSON is `costcheck.verdict.encode`."""

from costcheck.report.markdown import render_markdown
from costcheck.report.record import (
    CURRENT,
    FOLDER,
    RecordPaths,
    next_number,
    record_paths,
    record_title,
    refresh_record,
    render_record,
)
from costcheck.report.text import render_summary, render_text

__all__ = [
    "CURRENT",
    "FOLDER",
    "RecordPaths",
    "next_number",
    "record_paths",
    "record_title",
    "refresh_record",
    "render_markdown",
    "render_record",
    "render_summary",
    "render_text",
]
