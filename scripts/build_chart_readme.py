"""Rewrites the table of values in charts/model-server/README.md from the comments in its values.yaml.

python scripts/build_chart_readme.py
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parent.parent / "charts" / "model-server"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
KEY = re.compile(r"^(?P<indent> *)(?P<name>[A-Za-z][A-Za-z0-9]*):")
COMMENT = re.compile(r"^ *# ?(?P<start>-- )?(?P<text>.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One documented value.

    Attributes:
        path: Dotted name, such as `model.source.s3Uri`.
        default: What values.yaml gives it.
        purpose: The sentences above it.
    """

    path: str
    default: object
    purpose: str


def documented_values(text: str) -> Iterator[Value]:
    """Yields each value that carries a `# --` comment, in the order of the file.

    Args:
        text: values.yaml.
    """
    defaults = yaml.safe_load(text)
    parents: list[str] = []
    comment: list[str] = []
    for line in text.splitlines():
        if said := COMMENT.match(line):
            comment = [said["text"]] if said["start"] else [*comment, said["text"]] if comment else []
        elif key := KEY.match(line):
            parents = [*parents[: len(key["indent"]) // 2], key["name"]]
            if comment:
                yield Value(path=".".join(parents), default=_at(defaults, parents), purpose=" ".join(comment))
            comment = []
        else:
            comment = []


def values_table(text: str) -> str:
    """Returns the Markdown table of the values.

    Args:
        text: values.yaml.
    """
    rows = [f"| `{v.path}` | `{json.dumps(v.default)}` | {v.purpose} |" for v in documented_values(text)]
    return "\n".join(["| Value | Default | What it does |", "|---|---|---|", *rows])


def with_table(readme: str, table: str) -> str:
    """Returns the page with the table between its two marks.

    Args:
        readme: The page as it is.
        table: The table that it should have.
    """
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"


def _at(tree: Any, path: list[str]) -> object:  # noqa: ANN401 - a YAML tree
    for name in path:
        tree = tree[name]
    return tree


def main() -> None:
    """Rewrites the page in place."""
    page = CHART / "README.md"
    page.write_text(with_table(page.read_text(), values_table((CHART / "values.yaml").read_text())))


if __name__ == "__main__":
    main()
