"""The page about a source of one's own is true, and the suite notices each way in which that source may be broken."""

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from costcheck.conformance import check_pull
from costcheck.records import Charge, TokenUsage
from costcheck.sources.bills import rows
from costcheck.sources.bills.sound import refuse_unsound
from tests.costcheck.conformance.broken_sources import BROKEN, Changes

PAGE = Path(__file__).parents[3] / "docs" / "own-source.md"
BLOCK = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)
NAMES = ("acme_bill", "acme_source", "test_acme_bill")
Load = Callable[[Changes], ModuleType]


def _blocks() -> dict[str, str]:
    return {name.removesuffix(".py"): text for name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8"))}


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Return a loader of the page's modules, the first of them changed, which gives the module of the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def loaded(changes: Changes) -> ModuleType:
        blocks = _blocks()
        for old, new in changes:
            assert old in blocks["acme_bill"]
            blocks["acme_bill"] = blocks["acme_bill"].replace(old, new)
        for name, text in blocks.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return import_module("test_acme_bill")

    yield loaded
    for name in NAMES:
        sys.modules.pop(name, None)


def _let_counts_pass(record: TokenUsage | Charge) -> None:
    if not getattr(record, "request_model", "a charge"):
        refuse_unsound(record)


def _let_amounts_pass(record: TokenUsage | Charge) -> None:
    if isinstance(record, TokenUsage):
        refuse_unsound(record)


def test_the_page_has_the_three_files() -> None:
    assert tuple(_blocks()) == NAMES


def test_the_source_on_the_page_stands_the_suite(load: Load) -> None:
    load([]).test_acme_stands_what_every_source_must_stand()


@pytest.mark.parametrize("name", BROKEN)
def test_a_source_that_is_broken_is_caught(name: str, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, changes = BROKEN[name]
    # Else the kit itself would quarantine it, as it does for every source that uses BatchBuilder.
    guard = {"keeps NaN": _let_amounts_pass, "keeps a negative count": _let_counts_pass}.get(name, refuse_unsound)
    monkeypatch.setattr(rows, "refuse_unsound", guard)
    with pytest.raises(AssertionError, match=seen):
        check_pull(load(changes).SUBJECT)
