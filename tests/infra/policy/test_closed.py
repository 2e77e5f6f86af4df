"""Whatever stops a rule is a violation of it."""

from collections.abc import Callable

import pytest
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from costcheck.errors import EvidenceError
from infra.policy.closed import closed
from infra.policy.inputs import UnknownReadError


def said(rule: Callable[[str], list[str]]) -> list[str]:
    told: list[str] = []
    closed(rule)("resource", lambda message, _: told.append(message))
    return told


def raising(error: Exception) -> Callable[[str], list[str]]:
    def rule(_: str) -> list[str]:
        raise error

    return rule


def test_what_a_rule_finds_is_reported() -> None:
    assert said(lambda resource: [f"{resource} is wrong", "twice"]) == ["resource is wrong", "twice"]
    assert said(lambda _: []) == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnknownValueError(UNKNOWN_STRING_VALUE, ["a", "b"]), "a.b is only known after the update"),
        (UnknownReadError(("a", "b")), "a.b is only known after the update"),
        (EvidenceError("no price", expected="one", action="pull"), "no price"),
        (KeyError("gone"), "the rule itself failed with KeyError: 'gone'"),
        (RecursionError("deep"), "the rule itself failed with RecursionError"),
    ],
)
def test_what_keeps_a_rule_from_answering_is_a_violation(error: Exception, words: str) -> None:
    (message,) = said(raising(error))
    assert message.startswith("cannot decide: ")
    assert words in message
