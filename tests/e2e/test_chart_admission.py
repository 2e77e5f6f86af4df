"""The rendered profiles before a real API server: each object is valid, and the pods pass Pod Security restricted."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from kubernetes import client, config, dynamic
from kubernetes.client.exceptions import ApiException

from localcloud.paths import REPOSITORY

pytestmark = pytest.mark.e2e
Json: TypeAlias = Any
GOLDENS = REPOSITORY / "tests/golden/charts"
PROFILES = sorted(path.stem for path in GOLDENS.glob("*.yaml"))
NAMESPACE = "models"  # as the goldens have it


def objects(profile: str) -> list[Json]:
    return list(yaml.safe_load_all((GOLDENS / f"{profile}.yaml").read_text()))


def pod_of(profile: str) -> Json:
    (template,) = [found["spec"]["template"] for found in objects(profile) if found["kind"] == "Deployment"]
    metadata = {"name": "tried", "labels": template["metadata"]["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.fixture(scope="module")
def api(cloud: Json) -> Iterator[Json]:
    config.load_kube_config(str(Path(cloud.home) / "kubeconfig"))
    core: Json = client.CoreV1Api()
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    core.create_namespace({"metadata": {"name": NAMESPACE, "labels": labels}})
    for account in ("model", "qwen3-32b-weights"):  # a pod needs its ServiceAccount to be admitted
        core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": account}})
    yield core
    core.delete_namespace(NAMESPACE)


def tried(api: Json, pod: Json) -> None:
    api.create_namespaced_pod(NAMESPACE, pod, dry_run="All", field_validation="Strict")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_object_is_valid_with_no_field_unknown(api: Json, profile: str) -> None:
    talk: Json = dynamic.DynamicClient(api.api_client)  # type: ignore[no-untyped-call]
    for body in objects(profile):
        if body["kind"] != "ServiceAccount":  # exists, see above
            resource = talk.resources.get(api_version=body["apiVersion"], kind=body["kind"])
            query = [("dryRun", "All"), ("fieldValidation", "Strict")]
            resource.create(body=body, namespace=NAMESPACE, query_params=query)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_pods_of_a_profile_are_admitted_as_restricted(api: Json, profile: str) -> None:
    tried(api, pod_of(profile))


def without(field: str) -> Callable[[Json], Json]:
    """Return a change that takes a field out of the pod's security context and of every container's."""

    def change(spec: Json) -> None:
        for place in [spec, *spec["initContainers"], *spec["containers"]]:
            place["securityContext"].pop(field)

    return change


UNSAFE: dict[str, Callable[[Json], Json]] = {
    "root by number": lambda spec: spec["securityContext"].update(runAsUser=0),
    "root in one container": lambda spec: spec["containers"][0]["securityContext"].update(runAsUser=0),
    "root not forbidden": without("runAsNonRoot"),
    "seccomp unconfined": lambda spec: spec["securityContext"].update(seccompProfile={"type": "Unconfined"}),
    "seccomp left out": without("seccompProfile"),
    "privilege escalation": lambda spec: spec["containers"][0]["securityContext"].update(
        allowPrivilegeEscalation=True
    ),
    "privileged": lambda spec: spec["containers"][0]["securityContext"].update(
        privileged=True, allowPrivilegeEscalation=True
    ),
    "capabilities kept": lambda spec: spec["initContainers"][0]["securityContext"].pop("capabilities"),
    "a capability added": lambda spec: spec["containers"][0]["securityContext"]["capabilities"].update(
        add=["SYS_ADMIN"]
    ),
    "the sidecar's capabilities kept": lambda spec: spec["initContainers"][-1]["securityContext"].pop("capabilities"),
    "host network": lambda spec: spec.update(hostNetwork=True),
    "host processes": lambda spec: spec.update(hostPID=True),
    "host shared memory": lambda spec: spec.update(hostIPC=True),
    "host path": lambda spec: spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    "host port": lambda spec: spec["initContainers"][-1]["ports"][0].update(hostPort=8080),
    "an unsafe sysctl": lambda spec: spec["securityContext"].update(
        sysctls=[{"name": "kernel.msgmax", "value": "1"}]
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_a_pod_made_unsafe_is_refused(api: Json, name: str) -> None:
    pod = copy.deepcopy(pod_of("full"))
    UNSAFE[name](pod["spec"])
    with pytest.raises(ApiException, match="violates PodSecurity") as refused:
        tried(api, pod)
    assert refused.value.status == 403
