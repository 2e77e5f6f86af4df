"""Types without a function of their own that may start machines, and those that start what they name."""

from typing import Any

import pytest

from costcheck.plan.records import SECRET, UNKNOWN
from tests.costcheck.gate.plans import create, gate, outcomes, preview, read, update

STACK = "aws:cloudformation/stack:Stack"


def gpu_check(token: str, inputs: dict[str, Any]) -> str:
    return outcomes(gate(read(preview(create(token, "it", inputs)))))["gpu"]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (STACK, {"templateUrl": "https://example.com/template.yaml"}),
        (STACK, {"templateBody": "{}", "parameters": {"MaxSize": "100"}}),
        ("aws-native:ec2:Instance", {"instanceType": UNKNOWN}),
        ("aws-native:autoscaling:AutoScalingGroup", {"maxSize": "99"}),
        ("aws:index/instance:Instance", {"instanceType": "t3.micro"}),
        ("aws:elasticbeanstalk/environment:Environment", {"settings": []}),
        ("aws:codebuild/project:Project", {"environment": {"type": "LINUX_GPU_CONTAINER"}}),
        ("aws:future/thing:Thing", {"instanceType": UNKNOWN}),
        ("aws:future/thing:Thing", {"pools": [{"instance_types": [SECRET]}]}),
        ("aws:future/thing:Thing", {"kinds": {"p5.48xlarge": 3}}),
        ("aws:future/thing:Thing", {"name": "x_p5.48xlarge"}),
        ("aws:future/thing:Thing", {"type": "LINUX_GPU_CONTAINER"}),
        ("aws:future/thing:Thing", {"acceleratorCapabilities": {"count": 1}}),
        ("gcp:compute/instance:Instance", {"machineType": "a3-highgpu-8g"}),
        ("gcp:compute/instance:Instance", {"machineType": "n2-standard-2"}),
        ("gcp:compute/instance:Instance", {"pools": {"config": {"machineType": "n2-standard-2"}}}),
        ("gcp:compute/instance:Instance", {"pools": [{"machineType": "n2-standard-2"}]}),
        ("azure-native:compute:VirtualMachine", {"hardwareProfile": {"vmSize": "Standard_NC24ads_A100_v4"}}),
        ("runpod:index:Pod", {"gpuTypeId": "NVIDIA H100 80GB HBM3", "gpuCount": 8}),
        ("scaleway:index/instanceServer:InstanceServer", {"type": "H100-1-80G"}),
        ("vultr:index/instance:Instance", {"plan": "vcg-a100-1c-6g-4vram"}),
        ("civo:index/instance:Instance", {"size": "an.g1.l40s.small"}),
        ("exoscale:index/computeInstance:ComputeInstance", {"type": "gpua30.huge"}),
        ("kubernetes:example.com/v1:GpuPool", {"apiVersion": "example.com/v1", "kind": "GpuPool", "spec": {}}),
        ("kubernetes:x.io/v1:Pool", {"apiVersion": "x.io/v1", "kind": "Pool", "spec": {"gpus": 16}}),
        ("unheard:index/thing:Thing", {"flavor": {"name": "l4"}}),
        ("aws:future/thing:Thing", {"gpuModel": "x"}),
        # by the type alone, whatever it says of itself
        ("gcp:compute/instanceGroupManager:InstanceGroupManager", {"targetSize": 8}),
        ("digitalocean:index/droplet:Droplet", {"size": "s-1vcpu-1gb"}),
        ("ovh:CloudProject/kubeNodePool:KubeNodePool", {"maxNodes": 9}),
        ("azure-native:compute/v20230301:VirtualMachine", {}),
        ("equinix:metal/device:Device", {"plan": "c3.small.x86"}),
        ("spotinst:aws/ocean:Ocean", {"maxSize": 9}),
    ],
)
def test_what_may_start_machines_that_nobody_can_count_is_not_decided(token: str, inputs: dict[str, Any]) -> None:
    assert gpu_check(token, inputs) == "cannot_decide"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:future/thing:Thing", {"instanceType": "m6i.large", "arn": UNKNOWN, "password": SECRET}),
        ("aws:future/thing:Thing", {"description": "a programming guide"}),
        ("gcp:storage/bucket:Bucket", {"location": "EU"}),
        ("datadog:index/monitor:Monitor", {"query": UNKNOWN}),
        ("gcp:redis/instance:Instance", {"memorySizeGb": 4}),
        ("azure:postgresql/server:Server", {"name": "orders"}),
        ("gcp:compute/instanceIAMMember:InstanceIAMMember", {"role": "x"}),
        ("mongodbatlas:index/cluster:Cluster", {"name": "orders"}),
        (
            "hcloud:index/sshKey:SshKey",
            {"publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpUa100tPuL40sH100" + "x" * 20},
        ),
        ("kubernetes:x.io/v1:Pool", {"apiVersion": "x.io/v1", "kind": "Pool", "spec": {"gpus": 0}}),
        ("kubernetes:ray.io/v1:RayCluster", {"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": {"gpu": 1}}),
    ],
)
def test_other_unregistered_types_are_named_and_pass(token: str, inputs: dict[str, Any]) -> None:
    result = gate(read(preview(create(token, "it", inputs))))

    assert (result.outcome, len(result.unknown)) == ("allowed", 1)


@pytest.mark.parametrize(
    ("token", "inputs", "why"),
    [
        ("runpod:index:Pod", {"gpuTypeId": "x"}, "`gpuTypeId` names a GPU (`gpu`)"),
        ("kubernetes:x.io/v1:Pool", {"apiVersion": "x.io/v1", "kind": "Pool", "model": "2 x H100"}, "(`H100`)"),
        ("hcloud:index/server:Server", {"serverType": "cx22"}, "machines of another cloud"),
        ("aws:future/thing:Thing", {"instanceType": UNKNOWN}, "a kind of machine that the plan does not tell"),
        ("aws:future/thing:Thing", {"x": "p5.48xlarge"}, "an instance type with GPUs"),
        (STACK, {}, "machines of any kind"),
    ],
)
def test_what_is_taken_for_gpus_says_by_what(token: str, inputs: dict[str, Any], why: str) -> None:
    checks = gate(read(preview(create(token, "it", inputs)))).checks

    assert why in next(check.seen for check in checks if check.name == "gpu")


@pytest.mark.parametrize("lost", ["inputs", "instance"])
def test_an_unregistered_type_that_has_lost_what_the_program_sets_is_not_decided(lost: str) -> None:
    step = create("aws:future/thing:Thing", "it", {"instance": "m6i.large", "size": 1})
    state = step["newState"]
    del (state if lost == "inputs" else state["inputs"])[lost]

    assert outcomes(gate(read(preview(step))))["gpu"] == "cannot_decide"


def test_a_stack_of_another_tool_that_only_grows_is_not_decided() -> None:
    old, new = ({"templateBody": "{}", "parameters": {"MaxSize": size}} for size in ("1", "100"))

    assert outcomes(gate(read(preview(update(STACK, "it", old, new)))))["gpu"] == "cannot_decide"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:sfn/stateMachine:StateMachine", {"definition": '{"InstanceType": "ml.p5.48xlarge"}'}),
        ("aws:scheduler/schedule:Schedule", {"target": {"input": '{"InstanceType": "p5.48xlarge"}'}}),
        ("aws:ssm/document:Document", {"content": "runInstances p5.48xlarge"}),
    ],
)
def test_what_starts_the_gpus_that_its_text_names_is_not_decided(token: str, inputs: dict[str, Any]) -> None:
    assert gpu_check(token, inputs) == "cannot_decide"


def test_what_starts_gpus_is_not_decided_though_its_own_price_cannot_be_told_either() -> None:
    inputs = {"definition": '{"InstanceType": "ml.p5.48xlarge"}', "type": UNKNOWN}

    assert gpu_check("aws:sfn/stateMachine:StateMachine", inputs) == "cannot_decide"


def test_a_policy_that_only_speaks_of_gpus_starts_none() -> None:
    policy = {"policy": '{"Condition": {"StringNotEquals": {"ec2:InstanceType": "p5.48xlarge"}}}'}

    assert gpu_check("aws:iam/policy:Policy", policy) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"), [("runpod:index:Pod", {"gpuTypeId": "x"}), ("hcloud:index/server:Server", {})]
)
def test_what_no_decision_can_allow_is_to_be_taken_out(token: str, inputs: dict[str, Any]) -> None:
    checks = gate(read(preview(create(token, "it", inputs)))).checks

    assert next(check.to_do for check in checks if check.name == "gpu").startswith("take it out of this change")
