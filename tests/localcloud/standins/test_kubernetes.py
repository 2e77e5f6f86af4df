from collections.abc import Callable
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localcloud.standins.kubernetes import KubernetesProvider
from localcloud.standins.provider import Provider
from localcloud.standins.values import UNKNOWN, Tree, plain, secret, to_struct
from tests.localcloud.standins.engine_side import Engine

Serve = Callable[[Provider], Engine]
KINDS = provider_pb2.PropertyDiff.Kind


def urn(token: str, name: str = "mine") -> str:
    return f"urn:pulumi:dev::project::my:Parent${token}::{name}"


SECRET = urn("kubernetes:core/v1:Secret")
CONFIG_MAP = urn("kubernetes:core/v1:ConfigMap")
CUSTOM = urn("kubernetes:karpenter.sh/v1:NodePool")
RELEASE = urn("kubernetes:helm.sh/v3:Release")


def kubeconfig(server: str, *, current: str = "here") -> str:
    return f"""
current-context: {current}
contexts: [{{name: here, context: {{cluster: c, user: u}}}}, {{name: there, context: {{cluster: d, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"}}}}, {{name: d, cluster: {{server: "https://other"}}}}]
users: [{{name: u, user: {{token: t}}}}]
"""


def kinds(answer: Any) -> dict[str, str]:  # noqa: ANN401
    return {path: KINDS.Name(each.kind) for path, each in answer.detailedDiff.items()}


def replaces(engine: Serve, token: str, old: Tree, new: Tree) -> bool:
    whole = {"apiVersion": token.split(":")[1].removeprefix("core/"), "kind": token.split(":")[2]}
    return bool(engine(KubernetesProvider()).diff(urn(token), whole | old, whole | new).replaces)


def test_an_object_without_a_name_gets_one_that_is_the_same_in_preview_and_up(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    first, second, other = (side.check(SECRET, {}, seed=seed) for seed in (b"1", b"1", b"2"))
    assert first == second
    assert first["metadata"]["name"].startswith("mine-")
    assert first["metadata"]["name"] != other["metadata"]["name"]
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_a_made_name_is_kept_by_later_runs(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    old = side.check(SECRET, {}, seed=b"1")
    assert side.check(SECRET, {"type": "Opaque"}, olds=old, seed=b"2")["metadata"] == old["metadata"]


def test_a_name_that_the_user_has_taken_away_is_not_kept(engine: Serve) -> None:
    new = engine(KubernetesProvider()).check(SECRET, {}, olds={"metadata": {"name": "given"}})
    assert new["metadata"]["name"] != "given"


@pytest.mark.parametrize("name", ["given", UNKNOWN])
def test_a_given_name_stays_even_when_it_is_not_known_yet(engine: Serve, name: str) -> None:
    assert engine(KubernetesProvider()).check(SECRET, {"metadata": {"name": name}})["metadata"] == {"name": name}


def test_secret_metadata_stay_secret_when_a_name_is_added(engine: Serve) -> None:
    named = engine(KubernetesProvider()).check(SECRET, {"metadata": secret({"labels": {"a": "b"}})})
    assert named["metadata"] == secret(plain(named["metadata"]))
    assert plain(named["metadata"])["labels"] == {"a": "b"}
    assert plain(named["metadata"])["name"].startswith("mine-")


def test_version_and_kind_come_from_the_type(engine: Serve) -> None:
    inputs = engine(KubernetesProvider()).check(CUSTOM, {"spec": {}})
    assert (inputs["apiVersion"], inputs["kind"]) == ("karpenter.sh/v1", "NodePool")
    assert engine(KubernetesProvider()).check(SECRET, {})["apiVersion"] == "v1"


@pytest.mark.parametrize(
    ("token", "old", "new"),
    [
        ("kubernetes:core/v1:Secret", {"data": {"a": "x"}}, {"data": {"a": "y"}}),
        ("kubernetes:core/v1:ConfigMap", {"data": {"a": "x"}}, {"data": {}}),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}),
        ("kubernetes:core/v1:ServiceAccount", {"metadata": {"namespace": "a"}}, {"metadata": {"namespace": "b"}}),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"provisioner": "a"}, {"provisioner": "b"}),
        ("kubernetes:apps/v1:Deployment", {"spec": {"selector": {}}}, {"spec": {"selector": {"matchLabels": {}}}}),
        (
            "kubernetes:core/v1:Pod",
            {"spec": {"containers": [{"image": "a"}, {"image": "b"}]}},
            {"spec": {"containers": [{"image": "a"}, {"image": "c"}]}},
        ),
    ],
)
def test_what_the_official_provider_replaces_is_replaced(engine: Serve, token: str, old: Tree, new: Tree) -> None:
    assert replaces(engine, token, old, new)


@pytest.mark.parametrize(
    ("token", "old", "new"),
    [
        ("kubernetes:core/v1:Secret", {"metadata": {"labels": {"a": "x"}}}, {"metadata": {"labels": {"a": "y"}}}),
        ("kubernetes:core/v1:Namespace", {"metadata": {"labels": {}}}, {"metadata": {"labels": {"a": "y"}}}),
        ("kubernetes:karpenter.sh/v1:NodePool", {"spec": {"limits": {"cpu": 1}}}, {"spec": {"limits": {"cpu": 2}}}),
        ("kubernetes:apps/v1:Deployment", {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}),
        ("kubernetes:core/v1:Service", {"spec": {"ports": [{"port": 1}]}}, {"spec": {"ports": [{"port": 2}]}}),
    ],
)
def test_what_can_be_changed_in_place_is_changed_in_place(engine: Serve, token: str, old: Tree, new: Tree) -> None:
    assert not replaces(engine, token, old, new)


def test_a_provider_that_may_change_secrets_and_config_maps_does_not_replace_them(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    side.configure({"kubeconfig": UNKNOWN, "enableSecretMutable": "true", "enableConfigMapMutable": "true"})
    for name, kind in ((SECRET, "Secret"), (CONFIG_MAP, "ConfigMap")):
        whole: Tree = {"apiVersion": "v1", "kind": kind}
        old, new = whole | {"data": {"a": "x"}}, whole | {"data": {"a": "y"}}
        assert kinds(side.diff(name, old, new)) == {"data.a": "UPDATE"}
        assert kinds(side.diff(name, old | {"immutable": True}, new | {"immutable": True})) == {
            "data.a": "UPDATE_REPLACE"
        }


def test_a_replacement_under_the_same_given_name_deletes_first(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    metadata: Tree = {"name": "given", "namespace": "a"}
    whole: Tree = {"apiVersion": "v1", "kind": "ConfigMap"}
    old = whole | {"metadata": metadata, "data": {"a": "x"}}
    assert side.diff(CONFIG_MAP, old, old | {"data": {"a": "y"}}).deleteBeforeReplace
    moved = old | {"metadata": metadata | {"namespace": "b"}}
    assert not side.diff(CONFIG_MAP, old, moved).deleteBeforeReplace
    made = {**old, "metadata": {**metadata, "annotations": {"pulumi.com/autonamed": "true"}}}
    assert not side.diff(CONFIG_MAP, made, made | {"data": {"a": "y"}}).deleteBeforeReplace


def test_while_the_cluster_is_not_known_a_preview_shows_the_inputs_and_unknowns(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    side.configure({"kubeconfig": UNKNOWN})
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": secret({"a": "b"})}
    identifier, outputs = side.create(SECRET, inputs, preview=True)
    assert identifier == ""
    assert outputs["stringData"] == secret({"a": "b"})
    assert (outputs["metadata"]["uid"], outputs["metadata"]["name"], outputs["status"]) == (UNKNOWN, "s", UNKNOWN)


def test_a_release_gets_name_namespace_and_timeout_and_keeps_its_name(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    chart: Tree = {"chart": "c", "values": {"a": UNKNOWN}, "compat": "true"}  # unknown: so nothing is rendered
    made = side.check(RELEASE, chart)
    assert made["name"].startswith("mine-")
    assert (made["namespace"], made["timeout"], "compat" in made) == ("default", 300, False)
    assert side.check(RELEASE, chart, olds=made, seed=b"other")["name"] == made["name"]
    assert "timeout" not in side.check(RELEASE, chart | {"skipAwait": True})


def test_an_input_of_a_release_that_would_be_ignored_is_refused(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    request = provider_pb2.CheckRequest(urn=RELEASE, news=to_struct({"chart": "c", "postrender": "sed"}))
    assert [each.property for each in side.stub.Check(request).failures] == ["postrender"]


def test_only_another_name_or_namespace_replaces_a_release(engine: Serve) -> None:
    side = engine(KubernetesProvider())
    old: Tree = {"name": "a", "namespace": "n", "values": {"x": 1}, "checksum": "1"}
    assert kinds(side.diff(RELEASE, old, old | {"values": {"x": 2}, "checksum": "2"})) == {
        "checksum": "UPDATE",
        "values.x": "UPDATE",
    }
    for key in ("name", "namespace"):
        assert kinds(side.diff(RELEASE, old, old | {key: "b"})) == {key: "UPDATE_REPLACE"}


def test_another_token_for_the_same_cluster_replaces_nothing(engine: Serve) -> None:
    old = {"kubeconfig": kubeconfig("https://a")}
    new = {"kubeconfig": kubeconfig("https://a").replace("token: t", "token: other")}
    answer = engine(KubernetesProvider()).diff_config(old, new)
    assert kinds(answer) == {"kubeconfig": "UPDATE"}


@pytest.mark.parametrize(
    "new",
    [
        {"kubeconfig": kubeconfig("https://b")},
        {"kubeconfig": kubeconfig("https://a"), "context": "there"},
        {"kubeconfig": kubeconfig("https://a", current="there")},
        {"kubeconfig": UNKNOWN},
    ],
)
def test_another_active_cluster_replaces_everything(engine: Serve, new: Tree) -> None:
    answer = engine(KubernetesProvider()).diff_config({"kubeconfig": kubeconfig("https://a")}, new)
    assert answer.replaces


@pytest.mark.parametrize(("identifier", "replaced"), [("one", False), ("two", True)])
def test_with_a_cluster_identifier_it_alone_decides(engine: Serve, *, identifier: str, replaced: bool) -> None:
    old = {"kubeconfig": kubeconfig("https://a"), "clusterIdentifier": "one"}
    new = {"kubeconfig": kubeconfig("https://b" if not replaced else "https://a"), "clusterIdentifier": identifier}
    assert bool(engine(KubernetesProvider()).diff_config(old, new).replaces) is replaced


@pytest.mark.parametrize("config", [{"cluster": "c"}, {"enableServerSideApply": "false"}])
def test_an_option_that_would_be_ignored_is_refused(engine: Serve, config: Tree) -> None:
    answer = engine(KubernetesProvider()).stub.CheckConfig(provider_pb2.CheckRequest(news=to_struct(config)))
    assert [each.property for each in answer.failures] == list(config)
