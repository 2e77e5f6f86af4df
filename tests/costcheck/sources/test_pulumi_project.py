from pathlib import Path

import pytest

from costcheck.errors import InputFileError
from costcheck.sources.pulumi_project import program_folder

ROOT = Path(__file__).resolve().parents[3]


def test_the_program_of_this_repository_is_in_its_folder() -> None:
    assert program_folder(ROOT).resolve() == ROOT / "infra"


def test_without_main_the_program_is_beside_its_project(tmp_path: Path) -> None:
    assert program_folder(tmp_path) == tmp_path
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    assert program_folder(tmp_path) == tmp_path


def test_main_may_be_a_file_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("main: app/index.ts\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "index.ts").touch()
    assert program_folder(tmp_path) == tmp_path / "app"


@pytest.mark.parametrize("content", ["main: [", "main: 3", "just text", "\x00"])
def test_a_file_that_is_no_project_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content)
    with pytest.raises(InputFileError, match="is not the file of a Pulumi project"):
        program_folder(tmp_path)
