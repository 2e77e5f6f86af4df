"""What the long tests came to, read from what their tools leave behind."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))  # the scripts are run from their folder and are no package

import long  # noqa: E402

PRINTED = """
#2	INITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb
#1234	NEW    cov: 905 ft: 3114 corp: 261/3931Kb lim: 60000 exec/s: 121 rss: 59Mb
#215609	DONE   cov: 906 ft: 3120 corp: 262/3931Kb lim: 60000 exec/s: 119 rss: 59Mb
"""


def test_the_last_figures_of_a_fuzzer_count() -> None:
    row = long.fuzzed_row("plan", PRINTED, 0, 30.02)

    assert row == "| plan | 30 | 215,609 | 906 | 3120 | nothing |"


def test_a_fuzzer_that_ends_otherwise_found_something(capsys: pytest.CaptureFixture[str]) -> None:
    assert long.fuzzed_row("plan", PRINTED, 77, 1).endswith("| a failure |")
    assert "cov: 906" in capsys.readouterr().out


def test_a_mutant_that_no_test_reached_has_survived_and_one_that_hangs_has_not(tmp_path: Path) -> None:
    codes = dict(enumerate([1, 1, 1, 3, 0, 33, 36, None]))
    (tmp_path / "costcheck").mkdir()
    (tmp_path / "costcheck" / "a.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    (tmp_path / "costcheck" / "b.py.meta").write_text(json.dumps({"exit_code_by_key": {}}))

    assert list(long.mutated_rows(tmp_path)) == ["| costcheck/a.py | 8 | 7 | 5 | 2 | 71.4% |"]


def test_every_module_and_every_law_that_is_named_is_there() -> None:
    named = [*long.LAWS, *(name for group in long.GROUPS for name in (*group.modules, *group.tests))]
    paths = [name.removeprefix("--deselect=").removeprefix("--ignore=").partition("::")[0] for name in named]

    assert [path for path in paths if not list(ROOT.glob(path))] == []
