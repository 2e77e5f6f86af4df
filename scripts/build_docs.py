"""Write the kit's own figures into the generated blocks of docs/, from the code and data that hold them.

python scripts/build_docs.py           write them
python scripts/build_docs.py --check   fail unless the committed pages are what comes out
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from costcheck.facts import data_file
from costcheck.sources.bills.registry import PULLS
from costcheck.sources.prices.aws_calls import IAM_ACTIONS

DOCS = Path(__file__).resolve().parents[1] / "docs"
BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)
RULE_FILES = {
    "thresholds": "thresholds.toml",
    "assumptions": "assumptions.toml",
    "price-ages": "price_ages.toml",
    "demand-rules": "demand_rules.toml",
    "serving-rules": "serving_rules.toml",
}
HEADER = ("| Name | Value | P10 to P90 | Unit | Why |", "| --- | ---: | --- | --- | --- |")


def main() -> int:
    """Write the blocks, or check the committed ones; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed pages, write nothing")
    checking = parser.parse_args().check
    old = [path for path in sorted(DOCS.rglob("*.md")) if path.read_text(encoding="utf-8") != fresh(path)]
    for path in old:
        if not checking:
            path.write_text(fresh(path), encoding="utf-8")
        print(f"{path.name}: {'DIFFERS: run scripts/build_docs.py' if checking else 'written'}")
    return int(checking and bool(old))


def fresh(path: Path) -> str:
    """Return a page with every generated block made anew."""
    return BLOCK.sub(lambda match: f"{match[1]}{block(match['name'])}\n{match[3]}", path.read_text(encoding="utf-8"))


def block(name: str) -> str:
    """Return the content of one generated block."""
    if name == "iam-policy":
        return f"```json\n{json.dumps(iam_policy(), indent=2)}\n```"
    if name == "final-months":
        return "\n".join(final_rows())
    return "\n".join((*HEADER, *rule_rows(RULE_FILES[name])))


def final_rows() -> Iterator[str]:
    """Yield a table of the days after which a month of a bill is final, the shortest first, with their sources."""
    yield "| Days after its end | A month of these is final |"
    yield "| ---: | --- |"
    for days in sorted({source.settles_after_days for source in PULLS}):
        names = sorted(source.name for source in PULLS if source.settles_after_days == days)
        yield f"| {days} | {', '.join(f'`{name}`' for name in names)} |"


def iam_policy() -> dict[str, Any]:
    """Return the policy that allows what `costcheck prices pull` asks of AWS, and nothing else."""
    statement = {
        "Sid": "CostcheckReadsPrices",
        "Effect": "Allow",
        "Action": list(IAM_ACTIONS),
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def rule_rows(file: str) -> Iterator[str]:
    """Yield a row of a table for each figure of a data file, written as it stands there."""
    content = tomllib.loads(data_file(file).read_text(encoding="utf-8"), parse_float=str)
    for name, fact in figures(content):
        band = f"{written(fact['low'])} to {written(fact['high'])}" if "low" in fact else ""
        yield f"| `{name}` | {written(fact['value'])} | {band} | {fact['unit']} | {why(fact)} |"


def figures(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every entry with a value and a unit, under its whole name."""
    for name, entry in content.items():
        if isinstance(entry, dict):
            if "value" in entry:
                yield f"{prefix}{name}", entry
            else:
                yield from figures(entry, f"{prefix}{name}.")


def written(value: int | str) -> str:
    """Return a figure as a reader takes it in; a decimal keeps the digits that the file has."""
    return f"{value:,}" if isinstance(value, int) else value


def why(fact: Mapping[str, Any]) -> str:
    """Return what a figure rests on: its note, and its source where it is not the kit's own choice."""
    source = "" if fact["source_url"] == "worthwhile" else f"([source]({fact['source_url']}))"
    return f"{fact.get('note', '')} {source}".strip().replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
