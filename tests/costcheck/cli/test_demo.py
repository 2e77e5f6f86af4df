import sys
from pathlib import Path

import pytest

from costcheck.__main__ import main


@pytest.mark.parametrize("own", ["costcheck.toml", "costcheck.duckdb", "README.md"])
def test_the_demo_never_overwrites_a_companys_own_files(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / own).write_text("ours")
    monkeypatch.setattr(sys, "argv", ["costcheck", "demo", "--dir", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "name another --dir" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [own]
    assert (tmp_path / own).read_text() == "ours"
