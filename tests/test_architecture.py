"""What the import contract cannot say: where money, clock and facts may stand, and what belongs together."""

import ast
import gzip
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from costcheck.sources.bills.registry import PULLS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "costcheck"
DATA = PACKAGE / "data"
LATEST_READING = date(2026, 11, 26)
"""No fact was read after this day; raise it together with the data."""

ENTRY_POINT = PACKAGE / "__main__.py"
PROGRESS = (PACKAGE / "cli" / "bills.py", "monotonic")
"""The one exception: how long a progress bar has waited; no figure hangs on it."""

READERS = {"now", "today", "utcnow", "getenv"}

EXACT = ("sources/bills", "sources/exports", "sources/prices", "ledger", "records.py", "units.py")
"""Where amounts are read and kept."""

TEST_DATA = {
    "bills/openai": "openai",
    "bills/anthropic": "anthropic",
    "bills/anthropic_legacy": "anthropic_legacy",
    "bills/langfuse": "langfuse",
    "bills/litellm": "litellm",
    "bills/litellm_daily": "litellm_daily",
    "bills/litellm_postgres": "litellm_postgres",
    "bills/azure": "azure",
    "bills/azure_monitor": "azure",
    "bills/google_bigquery": "google",
    "bills/openrouter": "openrouter",
    "bills/aws_cloudwatch": "aws_bills",
    "bills/aws_cost_explorer": "aws_bills",
    "bills/aws_exports": "aws_bills",
    "prices/aws_price_list": "aws_price_list",
    "prices/aws_instances": "ec2",
    "prices/aws_quotas": "service_quotas",
    "prices/public_files": "aws_price_files",
}
WITHOUT_TEST_DATA = {
    "prices/token_prices": "its data come with the package genai-prices",
    "prices/pull": "it only puts the other sources together",
    "prices/market": "it only puts the other sources together",
    **dict.fromkeys(
        (
            "prices/capacity_blocks",
            "prices/commitments",
            "prices/eks_versions",
            "prices/placement",
            "prices/savings_plans",
            "prices/spot",
        ),
        "nobody recorded any: rows of market_stubs.py, in the shapes that botocore's stubber checks",
    ),
    "prices/spot_advisor": "its data come with the kit: costcheck/data/spot_advisor",
}

PATH_OF_A_MACHINE = re.compile(r"(?<![\w./:-])/(?:home|root|Users|work)/|[A-Z]:\\\\?Users")
INDEX_HOST = re.compile(
    r"https?://(?!registry-1\.docker\.io|\{)[^\s\"')>/]*registry"
    r"|https?://[^\s\"')>]*(?:artifactory|nexus|mirror|/simple\b)|files\.pythonhosted|-index-url\s+http"
)
"""Docker Hub's own address is no secret of ours: `make pin` looks digests up there."""
NOT_OURS = {".git", ".venv", "__pycache__", "build", "dist"}


def python_files(*parts: str) -> list[Path]:
    """Return the modules under some paths of the package, all of them where none is given."""
    tops = [PACKAGE / part for part in parts] or [PACKAGE]
    return sorted(path for top in tops for path in ([top] if top.is_file() else top.rglob("*.py")))


def name(path: Path) -> str:
    """Return a path as a test's id."""
    return str(path.relative_to(ROOT))


def fetching_sources() -> list[str]:
    """Return every source that asks somebody, as `bills/openai`."""
    return [
        f"{path.parent.name}/{path.stem}"
        for path in python_files("sources/bills", "sources/prices")
        for tree in [ast.parse(path.read_text(encoding="utf-8"))]
        if any(isinstance(node, ast.FunctionDef) and node.name.startswith("fetch_") for node in tree.body)
    ]


@pytest.mark.parametrize("source", fetching_sources())
def test_a_source_that_fetches_has_its_tests(source: str) -> None:
    group, module = source.split("/")

    assert (ROOT / "tests" / "costcheck" / "sources" / group / f"test_{module}.py").is_file()


@pytest.mark.parametrize("source", fetching_sources())
def test_a_source_that_fetches_has_a_live_test(source: str) -> None:
    assert (ROOT / "tests" / "live" / f"test_{source.split('/')[1]}.py").is_file()


def test_every_source_that_fetches_has_payloads_or_a_reason_to_have_none() -> None:
    assert set(fetching_sources()) == {*TEST_DATA, *WITHOUT_TEST_DATA}
    assert all(any((ROOT / "tests" / "data" / folder).iterdir()) for folder in TEST_DATA.values())


def test_every_bill_that_can_be_fetched_is_a_command() -> None:
    fetching = {f"costcheck.sources.{source.replace('/', '.')}" for source in fetching_sources()}

    # What an engine reads where it lies is fetched by `sources/exports`.
    by_engine = {source.module for source in PULLS if any(option.name == "engine" for option in source.options)}

    assert {source.module for source in PULLS} - by_engine == {name for name in fetching if ".bills." in name}


@pytest.mark.parametrize("path", python_files(*EXACT), ids=name)
def test_no_float_comes_near_an_amount(path: Path) -> None:
    found = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "float")
    ]

    assert found == []


@pytest.mark.parametrize("path", [path for path in python_files() if path != ENTRY_POINT], ids=name)
def test_only_the_entry_point_reads_clock_and_environment(path: Path) -> None:
    found = list(outside_reads(ast.parse(path.read_text(encoding="utf-8"))))

    assert [what for what in found if (path, what) != PROGRESS] == []


def outside_reads(tree: ast.Module) -> Iterator[str]:
    """Yield what a module takes from the clock or the environment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in {"os", "time"})
        elif isinstance(node, ast.ImportFrom) and node.module in {"os", "time"}:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", maxsplit=1)[-1] in READERS:
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", python_files(), ids=name)
def test_every_public_thing_says_what_it_is_in_one_sentence(path: Path) -> None:
    silent = [
        node.name
        for node in public_definitions(ast.parse(path.read_text(encoding="utf-8")))
        if not (ast.get_docstring(node) or "").split("\n")[0].endswith(".")
    ]

    assert silent == []


def public_definitions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield functions and classes that others may use, and what those classes hold."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def test_the_import_contract_knows_every_room() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in tool["contracts"] if contract["type"] == "layers")
    known = {room.strip().removeprefix("costcheck.") for layer in layers for room in layer.split("|")}

    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}

    assert rooms - {"__init__", "__main__"} == known


def repository_texts() -> Iterator[tuple[str, str]]:
    """Yield every file of the repository, unpacked, with its text."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in {".ci", ".gitignore"} for part in parts)
        if not hidden and NOT_OURS.isdisjoint(parts) and path.is_file() and path.suffix not in {".duckdb", ".pyc"}:
            content = path.read_bytes()
            packed = path.suffix == ".gz"
            yield name(path), (gzip.decompress(content) if packed else content).decode("utf-8", errors="replace")


def test_no_file_names_a_path_of_a_machine_or_the_host_of_a_package_index() -> None:
    found = [
        f"{file}: {match[0]}"
        for file, text in repository_texts()
        for match in (PATH_OF_A_MACHINE.search(text), INDEX_HOST.search(text))
        if match
    ]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "cache in /{}/me/.cache".format("home"),
        "C:\\{}\\me".format("Users"),
        "https://{}.example.org/x".format("registry"),
        "https://example.org/{}".format("simple"),
    ],
)
def test_the_patterns_find_what_they_are_for(text: str) -> None:
    assert PATH_OF_A_MACHINE.search(text) or INDEX_HOST.search(text)


def numbers(content: Mapping[str, Any], known: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every number of a data file with the source and day that stand beside or above it."""
    sourced = {**known, **{key: content[key] for key in ("source", "source_url", "checked") if key in content}}
    for key, value in content.items():
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield from numbers(row, sourced, f"{where} {key}")
            elif isinstance(row, int | float) and not isinstance(row, bool):
                yield f"{where} {key}", sourced


DATA_FILES = sorted(path for path in DATA.glob("*.toml") if path.name != "costcheck.template.toml")


@pytest.mark.parametrize("path", DATA_FILES, ids=name)
def test_every_number_has_a_source_and_the_day_on_which_it_was_read(path: Path) -> None:
    content = tomllib.loads(path.read_text(encoding="utf-8"))

    bare = [
        where
        for where, sourced in numbers(content, {}, path.name)
        if not (sourced.get("source_url") or sourced.get("source"))
        or not isinstance(sourced.get("checked"), date)
        or sourced["checked"] > LATEST_READING
    ]

    assert bare == []


def test_every_file_of_the_package_is_in_the_wheel() -> None:
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    there = {name(path) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    assert there - shipped == set()
    assert "costcheck/data/sample_company/openai_pages.jsonl.gz" in shipped
