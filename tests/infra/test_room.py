"""Rules of the room that no import contract can say."""

import ast
import tomllib
from datetime import date
from pathlib import Path

import pytest

from tests.infra.stack import ROOT

FILES = sorted((ROOT / "infra").rglob("*.py"))
PACK = sorted((ROOT / "infra" / "policy").rglob("*.py"))
"""The policy pack: a program of its own, which judges with costcheck's gate."""
PROGRAM = ROOT / "infra" / "__main__.py"
DATA = sorted((ROOT / "infra" / "data").glob("*.toml"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in FILES if path not in {PROGRAM, *PACK}], ids=name)
def test_only_the_program_reads_the_clock_and_nothing_reads_the_environment(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}

    assert imported.isdisjoint({"os", "time"})
    assert not {call for call in calls if call.endswith((".now", ".today", ".utcnow", ".getenv"))}


@pytest.mark.parametrize("path", [path for path in FILES if path not in PACK], ids=name)
def test_only_the_contract_of_costcheck_is_imported(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}

    used = {module for module in modules if module.startswith("costcheck")}

    assert used <= {"costcheck.verdict", "costcheck.acceptance", "costcheck.errors", "costcheck"}


@pytest.mark.parametrize("path", [path for path in FILES if path != PROGRAM], ids=name)
def test_importing_a_module_creates_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        ast.unparse(node.func)
        for statement in tree.body
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    ]

    assert [call for call in calls if call.startswith(("aws.", "k8s.", "pulumi."))] == []


def test_the_program_is_read_in_one_go() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 80


@pytest.mark.parametrize("path", DATA, ids=name)
def test_every_row_of_data_says_when_it_was_looked_up(path: Path) -> None:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    tables = [row for value in content.values() for row in (value if isinstance(value, list) else [value])]

    assert tables
    assert all(isinstance(row["checked"], date) and "source_url" in row for row in tables)
