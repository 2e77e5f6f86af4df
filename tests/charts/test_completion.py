"""The check behind `helm test`: it passes on an answer, and says why there is none."""

from pathlib import Path
from typing import Any

import pytest

from tests.charts.conftest import Stub, chart_script

completion = chart_script("completion")


def words(stub: Stub, folder: Path, **changes: str) -> list[str]:
    (folder / "key").write_text("the-key\n")
    given = {"url": f"{stub.url}/v1", "model": "tiny", "key-file": str(folder / "key"), "seconds": "10", **changes}
    return [f"--{name}={value}" for name, value in given.items()]


def test_an_answer_is_printed_and_passes(stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert completion.main(words(stub, tmp_path)) == 0
    assert capsys.readouterr().out.startswith("tiny answers: token ")


@pytest.mark.parametrize(
    ("path", "said"), [("/v2", "answers 404"), ("", "answers 404")], ids=["another path", "no path"]
)
def test_a_refusal_is_shown_with_its_status(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, said: str
) -> None:
    assert completion.main(words(stub, tmp_path, url=stub.url + path)) == 1
    assert said in capsys.readouterr().err


def test_a_wrong_key_is_shown_as_unauthorized(stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = words(stub, tmp_path)
    (tmp_path / "key").write_text("another")
    assert completion.main(given) == 1
    assert 'answers 401: {"error": "Unauthorized"}' in capsys.readouterr().err


def test_an_engine_that_does_not_answer_in_time_fails(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stub.behave(is_wedged=True)
    assert completion.main(words(stub, tmp_path, seconds="0.5")) == 1
    assert "does not answer within 0.5 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"choices": []},
        {"choices": [{"message": {"content": "x"}}]},
        {"choices": [{"message": {"content": ""}}], "usage": {"completion_tokens": 0}},
        [],
    ],
)
def test_an_answer_without_a_token_is_none(answer: Any) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(completion.NoAnswerError, match="the answer"):
        completion.text_of(answer)
