from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.pods.environment import expand, resolve
from localcloud.pods.errors import MissingSourceError, UnsupportedError
from localcloud.pods.sources import Sources

POD = {
    "metadata": {"name": "chat-1", "namespace": "models", "labels": {"app": "chat"}},
    "spec": {"nodeName": "gpu-1"},
}
SOURCES = Sources(contents={("secret", "key"): {"key": b"s3cret"}, ("configMap", "settings"): {"a": b"1", "b": b"2"}})


def resolved(*entries: dict[str, Any], **more: object) -> dict[str, str]:
    return resolve({"env": list(entries), **more}, POD, SOURCES)


# As in Kubernetes' own table: third_party/forked/golang/expansion/expand_test.go
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "x"),
        ("a-$(A)-$(B)", "a-x-y"),
        ("$(NO)", "$(NO)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$x"),
        ("$$$$(A)", "$$(A)"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("f$o$$o", "f$o$o"),
        ("$()", "$()"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expected: str) -> None:
    assert expand(text, {"A": "x", "B": "y"}) == expected


@given(st.text(alphabet=st.characters(exclude_characters="$")))
def test_text_without_a_dollar_is_never_changed(text: str) -> None:
    assert expand(text, {"A": "x"}) == text


def test_a_later_variable_may_refer_to_an_earlier_one_only() -> None:
    found = resolved({"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "3"})
    assert found["B"] == "1$(C)"


def test_a_secret_is_read_and_not_expanded() -> None:
    sources = Sources(contents={("secret", "key"): {"key": b"$(A)"}})
    key = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "key", "key": "key"}}}
    assert resolve({"env": [{"name": "A", "value": "1"}, key]}, POD, sources)["K"] == "$(A)"


def test_whole_sources_come_first_with_their_prefix() -> None:
    found = resolved(
        {"name": "P_a", "value": "own"}, envFrom=[{"prefix": "P_", "configMapRef": {"name": "settings"}}]
    )
    assert found == {"P_a": "own", "P_b": "2"}


def test_a_field_of_the_pod_is_read() -> None:
    field = {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}
    assert resolved(field) == {"N": "chat"}


def test_a_missing_source_names_itself() -> None:
    with pytest.raises(MissingSourceError, match='secret "none" not found'):
        resolved({"name": "K", "valueFrom": {"secretKeyRef": {"name": "none", "key": "key"}}})


def test_a_missing_key_names_itself() -> None:
    with pytest.raises(MissingSourceError, match="key other in secret key"):
        resolved({"name": "K", "valueFrom": {"secretKeyRef": {"name": "key", "key": "other"}}})


def test_an_optional_key_that_is_missing_sets_nothing() -> None:
    assert (
        resolved({"name": "K", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k", "optional": True}}}) == {}
    )


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="resourceFieldRef"):
        resolved({"name": "M", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}})
