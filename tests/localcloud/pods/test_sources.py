from localcloud.pods.sources import decoded, names, service_names
from tests.localcloud.pods.containers import pod


def test_everything_that_a_pod_refers_to_is_named() -> None:
    container = {
        "env": [
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}},
            {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "c1", "key": "k"}}},
            {"name": "C", "value": "plain"},
        ],
        "envFrom": [{"secretRef": {"name": "s2"}}, {"configMapRef": {"name": "c2"}}],
    }
    volumes = [
        {"name": "v1", "secret": {"secretName": "s3"}},
        {"name": "v2", "configMap": {"name": "c3"}},
        {"name": "v3", "projected": {"sources": [{"secret": {"name": "s4"}}, {"configMap": {"name": "c4"}}]}},
        {"name": "v4", "emptyDir": {}},
    ]
    init = [{"name": "i", "image": "python", "envFrom": [{"secretRef": {"name": "s5"}}]}]
    found = names(pod(container, volumes=volumes, initContainers=init))
    assert {name for kind, name in found if kind == "secret"} == {"s1", "s2", "s3", "s4", "s5"}
    assert {name for kind, name in found if kind == "configMap"} == {"c1", "c2", "c3", "c4"}


def test_secrets_are_decoded_and_config_maps_may_hold_bytes() -> None:
    assert decoded({"kind": "Secret", "data": {"k": "djE="}}) == {"k": b"v1"}
    assert decoded({"kind": "ConfigMap", "data": {"a": "ä"}, "binaryData": {"b": "/w=="}}) == {
        "a": "ä".encode(),
        "b": b"\xff",
    }


def test_services_are_found_in_arguments_and_environment() -> None:
    container = {
        "args": ["--url=http://chat.models.svc:8080/v1"],
        "env": [{"name": "U", "value": "http://other.models.svc.cluster.local:80"}],
    }
    assert {name[0] for name in service_names(pod(container))} == {
        "chat.models.svc:8080",
        "other.models.svc.cluster.local:80",
    }
