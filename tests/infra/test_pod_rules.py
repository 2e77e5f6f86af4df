"""The chart's rendered pods keep every rule, in each profile, and each mistake is caught by its rule alone."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.rules import RULES, Resource, check

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "charts"
PROFILES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))
DEPLOYMENT = "kubernetes:apps/v1:Deployment"

Change = Callable[[dict[str, Any]], object]


def deployment(profile: str) -> dict[str, Any]:
    documents = yaml.safe_load_all((GOLDEN / f"{profile}.yaml").read_text())
    (found,) = [document for document in documents if document and document["kind"] == "Deployment"]
    return dict(found)


def violations(manifest: dict[str, Any]) -> set[str]:
    resource = Resource(token=DEPLOYMENT, name="model", inputs=manifest)
    return {violation.rule for violation in check([resource])}


def server(pod: dict[str, Any]) -> dict[str, Any]:
    (found,) = [container for container in pod["containers"] if container["name"] == "server"]
    assert isinstance(found, dict)
    return found


MUTATIONS: list[tuple[str, str, Change]] = [
    ("the pod may run as root", "pods-run-as-nobody", lambda pod: pod["securityContext"].pop("runAsNonRoot")),
    ("the pod is root", "pods-run-as-nobody", lambda pod: pod["securityContext"].update(runAsUser=0)),
    (
        "an init container is root",
        "pods-run-as-nobody",
        lambda pod: pod["initContainers"][0]["securityContext"].update(runAsUser=0),
    ),
    (
        "the server may gain privileges",
        "containers-cannot-gain",
        lambda pod: server(pod)["securityContext"].pop("allowPrivilegeEscalation"),
    ),
    (
        "the server is privileged",
        "containers-cannot-gain",
        lambda pod: server(pod)["securityContext"].update(privileged=True),
    ),
    (
        "the proxy keeps its capabilities",
        "containers-cannot-gain",
        lambda pod: pod["initContainers"][-1]["securityContext"].pop("capabilities"),
    ),
    (
        "the server adds a capability",
        "containers-cannot-gain",
        lambda pod: server(pod)["securityContext"]["capabilities"].update(add=["SYS_ADMIN"]),
    ),
    (
        "the server writes to its image",
        "root-file-systems-are-read-only",
        lambda pod: server(pod)["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    ("no seccomp profile", "system-calls-are-filtered", lambda pod: pod["securityContext"].pop("seccompProfile")),
    (
        "the server is unconfined",
        "system-calls-are-filtered",
        lambda pod: server(pod)["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    ),
    ("the pod shares the network", "the-host-stays-hidden", lambda pod: pod.update(hostNetwork=True)),
    ("the pod sees the node's processes", "the-host-stays-hidden", lambda pod: pod.update(hostPID=True)),
    ("the pod shares the node's memory", "the-host-stays-hidden", lambda pod: pod.update(hostIPC=True)),
    (
        "the pod mounts the node",
        "the-host-stays-hidden",
        lambda pod: pod["volumes"].append({"name": "node", "hostPath": {"path": "/"}}),
    ),
    (
        "the server's image is a tag",
        "images-are-digests",
        lambda pod: server(pod).update(image="docker.io/vllm/vllm-openai:latest"),
    ),
]


def test_there_are_profiles_to_check() -> None:
    assert "full" in PROFILES


@pytest.mark.parametrize("profile", PROFILES)
def test_the_rendered_pods_keep_every_rule(profile: str) -> None:
    assert violations(deployment(profile)) == set()


@pytest.mark.parametrize(
    ("rule", "change"), [mutation[1:] for mutation in MUTATIONS], ids=[mutation[0] for mutation in MUTATIONS]
)
def test_each_mistake_in_a_pod_is_caught_by_its_rule_alone(rule: str, change: Change) -> None:
    manifest = copy.deepcopy(deployment("full"))
    pod = manifest["spec"]["template"]["spec"]
    change(pod)
    assert violations(manifest) == {rule}


def test_every_rule_of_pods_has_a_mistake_that_it_catches() -> None:
    assert {rule.name for rule in RULES if DEPLOYMENT in rule.tokens} == {rule for _, rule, _ in MUTATIONS}
