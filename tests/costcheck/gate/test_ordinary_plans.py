"""Ordinary plans that only look like GPUs are allowed, and those that are GPUs are not: constructed, a type a row."""

import json
from typing import Any

import pytest

from tests.costcheck.gate.plans import Json, create, gate, outcomes, preview, read

STACK, NATIVE = "aws:cloudformation/stack:Stack", "aws-native"
BEANSTALK = "aws:elasticbeanstalk/environment:Environment"
DATABASES = "mongodbatlas:index/cluster:Cluster"


def answer(token: str, inputs: Json) -> str:
    return outcomes(gate(read(preview(create(token, "it", inputs)))))["gpu"]


def custom(kind: str, **spec: Any) -> tuple[str, Json]:  # noqa: ANN401 - JSON
    version, _, name = kind.rpartition(":")
    return f"kubernetes:{kind}", {"apiVersion": version, "kind": name, "metadata": {"name": "x"}, "spec": spec}


def launched(kinds: str, option: str = "InstanceType", space: str = "autoscaling:launchconfiguration") -> Json:
    return {"settings": [{"namespace": f"aws:{space}", "name": option, "value": kinds}]}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (DATABASES, {"providerInstanceSizeName": "M10"}),
        (DATABASES, {"providerInstanceSizeName": "M60", "diskSizeGb": 20}),
        ("mongodbatlas:index/advancedCluster:AdvancedCluster", {"specs": [{"instanceSize": "M60"}]}),
        ("azure-native:sql:Database", {"sku": {"name": "P4", "tier": "Premium"}}),
        ("azure-native:powerbidedicated:CapacityDetails", {"sku": {"name": "A2", "tier": "PBIE_Azure"}}),
        ("azure-native:web:AppServicePlan", {"sku": {"name": "P4"}}),
        ("unheard:index/database:Database", {"plan": "t4"}),
        ("gcp:alloydb/instance:Instance", {"machineConfig": {"cpuCount": 2}, "instanceType": "PRIMARY"}),
        ("snowflake:index/warehouse:Warehouse", {"warehouseSize": "XSMALL"}),
    ],
)
def test_a_tier_that_is_called_like_a_gpu_is_none(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("kafka:index/topic:Topic", {"name": "gpu-events", "partitions": 3}),
        ("auth0:index/client:Client", {"name": "Graphics team portal"}),
        ("sentry:index/sentryProject:SentryProject", {"name": "gpu-api", "platform": "node"}),
        ("datadog:index/monitor:Monitor", {"name": "GPU utilization low", "message": "@slack-tpu", "type": "gpu"}),
        ("grafana:oss/dashboard:Dashboard", {"configJson": '{"title": "NVIDIA DCGM"}'}),
        ("github:index/repository:Repository", {"name": "gpu-kernels", "description": "CUDA kernels for A100"}),
        ("github:index/team:Team", {"name": "gpu-team"}),
        ("github:index/actionsVariable:ActionsVariable", {"variableName": "GPU", "value": "g5.xlarge"}),
        ("cloudflare:index/record:Record", {"name": "gpu.shop.example", "type": "A", "content": "1.2.3.4"}),
        custom("external-secrets.io/v1:ExternalSecret", target={"name": "nvidia-api-key"}),
        (
            "unheard:index/thing:Thing",
            {"name": "gpu", "displayName": "A100", "title": "H100", "url": "https://gpu.x"},
        ),
        ("unheard:index/thing:Thing", {"description": "H100", "message": "tpu", "email": "gpu@shop.example"}),
        ("unheard:index/thing:Thing", {"tags": {"gpu": "a100"}, "labels": {"type": "gpu"}, "metadata": {"gpu": "1"}}),
        ("unheard:index/thing:Thing", {"nodeName": "gpu-1", "instanceId": "gpu", "serverUrl": "gpu", "query": "gpu"}),
        ("unheard:index/thing:Thing", {"plan": "graphics"}),
        ("command:local:Command", {"create": "npm ci", "delete": "./stop-gpus.sh", "dir": "gpu"}),
    ],
)
def test_a_gpu_in_a_name_or_a_text_is_none(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (f"{NATIVE}:ec2:Vpc", {"cidrBlock": "10.0.0.0/16"}),
        (f"{NATIVE}:ec2:SecurityGroup", {"groupDescription": "d"}),
        (f"{NATIVE}:ecs:Cluster", {"clusterName": "c"}),
        (f"{NATIVE}:ecs:Service", {"cluster": "c", "launchType": "FARGATE", "desiredCount": 2}),
        (f"{NATIVE}:ecs:TaskDefinition", {"family": "f"}),
        (f"{NATIVE}:eks:AccessEntry", {"clusterName": "c", "principalArn": "p"}),
        (f"{NATIVE}:batch:JobQueue", {"priority": 1}),
    ],
)
def test_a_type_of_aws_native_that_starts_none_in_aws_classic_starts_none(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "allowed"


@pytest.mark.parametrize(
    "name",
    [
        "ec2:Instance", "ec2:SpotFleet", "ec2:Ec2Fleet", "ec2:LaunchTemplate", "ec2:CapacityReservation",
        "autoscaling:AutoScalingGroup", "autoscaling:LaunchConfiguration", "eks:Nodegroup",
        "batch:ComputeEnvironment", "sagemaker:NotebookInstance", "sagemaker:EndpointConfig", "emr:Cluster",
        "ecs:CapacityProvider", "cloudformation:Stack", "imagebuilder:Image",
    ],
)  # fmt: skip
def test_a_type_of_aws_native_that_may_start_machines_is_not_decided(name: str) -> None:
    assert answer(f"{NATIVE}:{name}", {}) == "cannot_decide"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:codebuild/project:Project", {"environment": {"type": "LINUX_CONTAINER"}}),
        (BEANSTALK, launched("t3.small")),
        (BEANSTALK, launched("t3.small, m6i.large", "InstanceTypes", "ec2:instances")),
        ("aws:cloud9/environmentEC2:EnvironmentEC2", {"instanceType": "t3.small"}),
        ("aws:lightsail/instance:Instance", {"bundleId": "nano_3_0"}),
        ("aws:workspaces/workspace:Workspace", {"workspaceProperties": {"computeTypeName": "STANDARD"}}),
    ],
)
def test_a_machine_whose_kind_is_shown_and_has_no_gpu_is_none(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:codebuild/project:Project", {"environment": {"type": "LINUX_GPU_CONTAINER"}}),
        ("aws:codebuild/project:Project", {"description": "b"}),
        (BEANSTALK, launched("t3.small,g5.xlarge", "InstanceTypes", "ec2:instances")),
        (BEANSTALK, launched("t3.small") | {"templateName": "saved"}),
        (BEANSTALK, {"settings": []}),
        (BEANSTALK, {"settings": ["?"]}),
        ("aws:cloud9/environmentEC2:EnvironmentEC2", {"instanceType": "quux.small"}),
        ("aws:lightsail/instance:Instance", {"bundleId": "gpu_research_xl_1_0"}),
        ("aws:workspaces/workspace:Workspace", {"workspaceProperties": {"computeTypeName": "GRAPHICSPRO_G4DN"}}),
        ("aws:workspaces/workspace:Workspace", {"bundleId": "wsb-1"}),
    ],
)
def test_a_machine_whose_kind_is_not_shown_or_has_a_gpu_is_not_decided(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "cannot_decide"


def resources(*kinds: object) -> Json:
    return {"Resources": {f"R{place}": {"Type": kind} for place, kind in enumerate(kinds)}}


@pytest.mark.parametrize(
    "template",
    [
        json.dumps(resources("AWS::S3::Bucket")),
        json.dumps(resources("AWS::EC2::VPC", "AWS::EC2::SecurityGroup", "AWS::ECS::Cluster")),
        "Resources:\n  B:\n    Type: AWS::SNS::Topic\n    Properties: {Name: !Sub '${A}-b', X: !If [A, {}]}\n",
    ],
)
def test_a_stack_whose_template_makes_no_machines_starts_none(template: str) -> None:
    assert answer(STACK, {"templateBody": template}) == "allowed"


@pytest.mark.parametrize(
    "template",
    [
        json.dumps(resources("AWS::S3::Bucket", "AWS::EC2::Instance")),
        json.dumps(resources("AWS::AutoScaling::AutoScalingGroup")),
        json.dumps(resources("AWS::CloudFormation::Stack")),
        json.dumps(resources("AWS::SSM::Association")),
        json.dumps(resources("AWS::StepFunctions::StateMachine")),
        json.dumps(resources("Custom::Anything")),
        json.dumps(resources("Org::Gpu::Thing::MODULE")),
        json.dumps(resources(7)),
        json.dumps(resources("AWS::S3::Bucket") | {"Transform": "Any"}),
        json.dumps({"Resources": {"Fn::ForEach::All": ["x"], "B": {"Type": "AWS::S3::Bucket"}}}),
        json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {}}}}}),
        "{Resources: {B: {Type: AWS::EC2::Instance}, B: {Type: AWS::S3::Bucket}}}",
        "Resources: &a {B: {Type: AWS::S3::Bucket, Properties: *a}}",
        "{}", "[]", "Resources: {", "Resources: {? [a] : b}", "[" * 5000, "", "a: !!python/object:os.system {}",
    ],
)  # fmt: skip
def test_a_stack_whose_template_may_make_machines_or_cannot_be_read_is_not_decided(template: str) -> None:
    assert answer(STACK, {"templateBody": template}) == "cannot_decide"


def test_a_stack_whose_template_lies_elsewhere_is_not_decided() -> None:
    shown = json.dumps(resources("AWS::S3::Bucket"))

    assert answer(STACK, {"templateUrl": "https://x", "templateBody": shown}) == "cannot_decide"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        custom("argoproj.io/v1alpha1:Rollout", replicas=5),
        custom("argoproj.io/v1alpha1:CronWorkflow", schedule="0 0 * * *"),
        custom("argoproj.io/v1alpha1:Application", source={"path": "k8s"}),
        custom("helm.toolkit.fluxcd.io/v2:HelmRelease", chart={"spec": {"chart": "redis"}}),
        custom("kustomize.toolkit.fluxcd.io/v1:Kustomization", path="./apps"),
    ],
)
def test_what_only_puts_pods_onto_nodes_that_are_there_starts_none(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "allowed"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("crusoe:index/computeInstance:ComputeInstance", {"type": "a40.1x"}),
        ("unheard:index/app:App", {"compute": "AMPERE_A10"}),
        ("unheard:index/thing:Thing", {"sku": {"name": "H100"}}),
        ("unheard:index/thing:Thing", {"flavorName": "gpu-large"}),
        ("unheard:index/thing:Thing", {"gpuTypeName": "x"}),
        ("unheard:index/thing:Thing", {"resources": {"limits": {"nvidia.com/gpu": 1}}}),
        ("azure-native:batch:Pool", {"vmSize": "x"}),
        ("azure-native:unheard:Thing", {"sku": {"name": "Standard_NC4as_T4_v3"}}),
        ("github:index/actionsHostedRunner:ActionsHostedRunner", {"size": "gpu-4-core"}),
        ("snowflake:index/computePool:ComputePool", {"instanceFamily": "GPU_NV_S"}),
        ("command:local:Command", {"create": "az vm create --size Standard_NC24ads_A100_v4"}),
        ("command:remote:Command", {"update": "./start-gpus.sh"}),
        ("cloudflare:index/container:Container", {"instanceType": "gpu"}),
    ],
)
def test_what_is_a_gpu_by_its_kind_is_not_decided(token: str, inputs: Json) -> None:
    assert answer(token, inputs) == "cannot_decide"
