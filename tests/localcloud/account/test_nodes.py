"""What a node of an instance type offers, and what a pod asks for."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.account import instance_types
from localcloud.account.nodes import allocatable, capacity, node_of
from localcloud.account.quotas import code_of
from localcloud.account.side_effects.node_pools import Pool
from localcloud.account.side_effects.pods import amounts, fits, requests, tolerates, waits_for_node
from localcloud.account.store import Resource

GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
TYPES = sorted(instance_types.instance_types())


def _pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"metadata": {"name": "p"}, "spec": {"containers": list(containers), **spec}}


def _container(cpu: str = "1", memory: str = "1Gi", gpus: int = 0, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    limits = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    return {"resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": limits}, **more}


def test_a_gpu_node_has_its_gpus_and_local_disk() -> None:
    resources = capacity("g6.12xlarge", volume_gib=100)
    assert (resources["cpu"], resources["nvidia.com/gpu"]) == ("48", "4")
    assert resources["memory"] == "181862Mi"  # of 192 GiB
    assert resources["ephemeral-storage"] == "3501Gi"  # 3,760 GB of NVMe
    assert "nvidia.com/gpu" not in capacity("m6i.large", volume_gib=20)


def test_the_image_keeps_some_cpu_and_memory_for_itself() -> None:
    assert allocatable({"cpu": "4", "memory": "16000Mi", "pods": "58"}) == {
        "cpu": "3920m",
        "memory": "15007Mi",
        "pods": "58",
    }


@given(st.sampled_from(TYPES))
def test_every_recorded_type_makes_a_node_that_offers_no_more_than_it_has(name: str) -> None:
    whole = capacity(name, volume_gib=20)
    offered = amounts(allocatable(whole))
    assert all(offered[key] <= amount for key, amount in amounts(whole).items())
    assert int(whole["pods"]) <= 250


def test_a_node_names_its_instance_zone_and_type() -> None:
    inputs = {
        "instanceType": "g6.xlarge",
        "zone": "us-east-1b",
        "nodeName": "ip-10-0-0-4.ec2.internal",
        "volumeGib": 100,
        "labels": {"pool": "gpu"},
        "taints": [GPU_TAINT],
    }
    node = node_of(Resource(type="t", id="i-1", inputs=inputs))
    assert node["spec"] == {"providerID": "aws:///us-east-1b/i-1", "taints": [GPU_TAINT]}
    assert node["metadata"]["labels"]["topology.kubernetes.io/region"] == "us-east-1"
    assert node["metadata"]["labels"]["pool"] == "gpu"
    assert node["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}


def test_a_pod_asks_for_its_containers_and_sidecars_together_or_for_one_init_container() -> None:
    sidecar = _container("500m", restartPolicy="Always")
    pod = _pod(_container("1", "4Gi", gpus=1), initContainers=[sidecar, _container("8", "1Gi")])
    wanted = requests(pod)
    assert wanted["cpu"] == 8
    assert wanted["memory"] == 5 * 2**30
    assert wanted["nvidia.com/gpu"] == 1


def test_pods_fit_as_long_as_each_amount_does() -> None:
    room = {
        "cpu": Decimal(4),
        "memory": Decimal(2**33),
        "ephemeral-storage": Decimal(0),
        "nvidia.com/gpu": Decimal(1),
    }
    one = requests(_pod(_container("2", "1Gi", gpus=1)))
    plain = requests(_pod(_container("2", "1Gi")))
    assert fits([one, plain], room)
    assert not fits([one, one], room)
    assert not fits([one, plain, plain], room)


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "value": "present"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "nvidia.com/gpu", "value": "absent"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_taint_needs_its_toleration(toleration: dict[str, str], *, tolerated: bool) -> None:
    assert tolerates(_pod(tolerations=[toleration]), GPU_TAINT) is tolerated


def test_only_a_pod_that_the_scheduler_gave_up_on_waits_for_a_node() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    waiting = {**_pod(), "status": {"conditions": [condition]}}
    assert waits_for_node(waiting)
    assert not waits_for_node(_pod())
    assert not waits_for_node({**waiting, "spec": {"nodeName": "n"}})
    assert not waits_for_node({**waiting, "metadata": {"deletionTimestamp": "now"}})


def _pool(**more: Any) -> Pool:  # noqa: ANN401
    requirement = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]}
    template = {
        "metadata": {"labels": {"worthwhile.dev/pool": "gpu"}},
        "spec": {"nodeClassRef": {"name": "gpu"}, "taints": [GPU_TAINT], "requirements": [requirement], **more},
    }
    return Pool.of({"metadata": {"name": "gpu"}, "spec": {"template": template}}, {})


def test_a_pool_takes_a_pod_that_tolerates_it_and_selects_nothing_else() -> None:
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert _pool().takes(_pod(tolerations=tolerations, nodeSelector={"worthwhile.dev/pool": "gpu"}))
    assert _pool().takes(
        _pod(tolerations=tolerations, nodeSelector={"node.kubernetes.io/instance-type": "g6.xlarge"})
    )
    assert not _pool().takes(_pod(nodeSelector={"worthwhile.dev/pool": "gpu"}))
    assert not _pool().takes(_pod(tolerations=tolerations, nodeSelector={"worthwhile.dev/pool": "other"}))
    assert not _pool().takes(_pod(tolerations=tolerations, nodeSelector={"unknown": "label"}))


@pytest.mark.parametrize(
    ("name", "spot", "code"),
    [
        ("g6.xlarge", False, "L-DB2E81BA"),
        ("gr6.4xlarge", False, "L-DB2E81BA"),
        ("p5.48xlarge", False, "L-417A185B"),
        ("p5en.48xlarge", True, "L-C4BD4855"),
        ("p4d.24xlarge", True, "L-7212CCBC"),
        ("p6-b200.48xlarge", True, None),
        ("p6-b200.48xlarge", False, "L-417A185B"),
        ("p5.48xlarge", True, "L-C4BD4855"),
        ("m6i.large", False, "L-1216C47A"),
        ("m6i.large", True, "L-34B43A08"),
        ("trn1.2xlarge", False, None),
        ("dl2q.24xlarge", False, None),
    ],
)
def test_a_type_counts_against_the_quota_of_its_family(name: str, code: str | None, *, spot: bool) -> None:
    assert code_of(name, spot=spot) == code
