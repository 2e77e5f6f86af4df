"""What the stack remembers, read while the engine writes."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra import memory

EMPTY: Mapping[str, Any] = {"outputs": {}}


def recall(waited: list[float]) -> memory.Memory:
    return memory.recall("local", wait=waited.append)


def failing(monkeypatch: pytest.MonkeyPatch, message: str, times: int) -> list[str]:
    asked: list[str] = []

    def answer(stack: str) -> Mapping[str, Any]:
        asked.append(stack)
        if len(asked) <= times:
            raise RuntimeError(message)
        return EMPTY

    monkeypatch.setattr(memory, "_asked", answer)
    return asked


def test_a_state_that_was_just_being_written_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, "failed to load checkpoint: EOF", times=2)
    waited: list[float] = []
    assert recall(waited) == memory.Memory()
    assert (len(asked), waited) == (3, [0.1, 0.3])


def test_a_state_that_stays_half_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "failed to load checkpoint: EOF", times=9)
    with pytest.raises(RuntimeError, match="EOF"):
        recall([])


def test_any_other_failure_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, "access denied", times=1)
    with pytest.raises(RuntimeError, match="access denied"):
        recall([])
    assert len(asked) == 1
